"""Train controllers side by side and look at them on the way, without changing what they learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlnas.agents import PPOController
from rlnas.agents.engine.trainer import DeviceTrainer, Progress
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask
from rlnas.transfer.held_evaluation import HeldEvaluation, HeldScores
from rlnas.transfer.weights.carry import TensorReport


@dataclass(frozen=True)
class LearningCourse:
    """``K`` controllers that learnt side by side, and what they could after how many steps.

    Attributes:
        controllers: The controllers as they are in the end, on the CPU. ``steps`` counts all that
            they took, on the source too; they carry no training state.
        steps: ``(E,)`` steps on the target at which they were judged.
        scores: What they came to at each.
        kept: Copies of the controllers at the steps asked for, by the steps they had taken.
        reports: What became of each tensor of each at the beginning; empty for new controllers.
    """

    controllers: tuple[PPOController, ...]
    steps: tuple[int, ...]
    scores: tuple[HeldScores, ...]
    kept: dict[int, tuple[PPOController, ...]]
    reports: tuple[tuple[TensorReport, ...], ...] = ()


def learn_and_judge(
    controllers: Sequence[PPOController],
    tasks: Sequence[TabularTask],
    steps: int,
    *,
    judge_at: Sequence[int] = (),
    keep_at: Sequence[int] = (),
    starts: int = 256,
    device: str = "cpu",
    on_progress: Progress | None = None,
) -> LearningCourse:
    """Train controllers in place, with a new optimiser, and judge them on the way.

    New controllers are trained from scratch, as `PPOController.train_many` trains them: to judge or
    to keep them changes nothing of what they learn.

    Args:
        controllers: Of one configuration; each one's seed is that of its training.
        tasks: The task of each, on one space.
        steps: Steps of each.
        judge_at: See `retrain_many`.
        keep_at: See `retrain_many`.
        starts: See `retrain_many`.
        device: See `retrain_many`.
        on_progress: See `retrain_many`.

    Raises:
        InvalidArgumentError: If a number is out of range.
        LeakageError: If a search is running on a task.
    """
    marks = sorted({*judge_at, *keep_at, steps})
    if steps < 1 or marks[0] < 0 or marks[-1] > steps:
        raise InvalidArgumentError(
            f"steps is {steps} and controllers are judged or kept at {marks[0]}…{marks[-1]}; "
            "expected 1 step or more and marks of 0…steps."
        )
    config = controllers[0].config
    trainer = DeviceTrainer(
        [controller.network for controller in controllers],
        config.environment,
        [[task] for task in tasks],
        config.ppo,
        seeds=[controller.seed for controller in controllers],
        device=device,
    )
    judged: list[tuple[int, HeldScores]] = []
    kept: dict[int, tuple[PPOController, ...]] = {}
    evaluation = None
    if judge_at:
        evaluation = HeldEvaluation(tasks, config.environment, starts=starts, device=device)
    before = [controller.steps for controller in controllers]

    def note(controller: PPOController, task: TabularTask, earlier: int) -> None:
        controller.steps = earlier + trainer.steps
        if trainer.steps and task.name not in controller.sources:
            controller.sources = (*controller.sources, task.name)

    for mark in marks:
        if mark > trainer.steps:
            trainer.learn(
                mark,
                on_progress=None if on_progress is None else lambda now, _: on_progress(now, steps),
            )
        for controller, task, earlier in zip(controllers, tasks, before, strict=True):
            note(controller, task, earlier)
        if evaluation is not None and mark in judge_at:
            judged.append((trainer.steps, evaluation(trainer.learner.stack)))
        if mark in keep_at:
            kept[trainer.steps] = tuple(_copy(controller) for controller in controllers)
    trainer.release()
    for controller in controllers:
        controller.network.to("cpu")
    return LearningCourse(
        tuple(controllers),
        tuple(step for step, _ in judged),
        tuple(scores for _, scores in judged),
        kept,
    )


def _copy(controller: PPOController) -> PPOController:
    """Return a controller with the same weights that learning does not change."""
    twin = PPOController(controller.space, controller.config, seed=controller.seed)
    twin.network.load_state_dict(
        {name: value.cpu() for name, value in controller.network.state_dict().items()}
    )
    twin.sources, twin.steps = controller.sources, controller.steps
    return twin
