"""Go on training controllers on another task whose table is known: transfer counted in steps.

The three regimes of Cassimon, Mercelis & Mets (arXiv 2412.01420) are points of one such training:
zero-shot is its start, fine-tuning a tenth of the source's steps, re-training as many steps again.
It reads the whole table of the target, so it is no search; searching within a budget of queries is
what the transfer methods do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from reference_study.learning_curve import LearningCourse, learn_and_judge
from rlnas.agents import PPOConfig, PPOController
from rlnas.agents.engine.trainer import Progress
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask
from rlnas.transfer.weights.carry import PARTS, initialise_weights


@dataclass(frozen=True, kw_only=True)
class RetrainingConfig:
    """What a controller takes along to another task, and how it learns there.

    Attributes:
        parts: Parts of the network to copy, among ``encoder``, ``policy_head`` and ``value_head``;
            the others begin anew. Adam always does.
        policy_scale: The weights and biases of the copied policy head are multiplied by this,
            in (0, 1]: the policy keeps its order of preference but its logits shrink, so it
            explores again. A policy trained to the end is close to deterministic and unlearns
            slower than a new one learns; shrinking is what mends warm starts (Ash & Adams, NeurIPS
            2020, arXiv 1910.08475, "shrink and perturb", here of one layer and without noise,
            since a policy explores by itself). 1 leaves it as it is.
        learning_rate: Adam's step size; None for the source's.
        ent_coef: Weight of the entropy bonus; None for the source's.
    """

    parts: tuple[str, ...] = ("encoder", "policy_head")
    policy_scale: float = 1.0
    learning_rate: float | None = None
    ent_coef: float | None = None

    def __post_init__(self) -> None:
        if unknown := [part for part in self.parts if part not in PARTS]:
            raise InvalidArgumentError(
                f"Unknown parts {', '.join(unknown)}; expected some of {', '.join(PARTS)}."
            )
        if not 0 < self.policy_scale <= 1:
            raise InvalidArgumentError(f"policy_scale is {self.policy_scale}; expected (0, 1].")

    def apply(self, ppo: PPOConfig) -> PPOConfig:
        """Return a controller's PPO configuration with what is changed here."""
        rate, entropy = self.learning_rate, self.ent_coef
        return dataclasses.replace(
            ppo,
            learning_rate=ppo.learning_rate if rate is None else rate,
            ent_coef=ppo.ent_coef if entropy is None else entropy,
        )


def retrain_many(
    controllers: Sequence[PPOController],
    tasks: Sequence[TabularTask],
    steps: int,
    seeds: Sequence[int],
    *,
    config: RetrainingConfig | None = None,
    judge_at: Sequence[int] = (),
    keep_at: Sequence[int] = (),
    starts: int = 256,
    device: str = "cpu",
    on_progress: Progress | None = None,
) -> LearningCourse:
    """Train copies of controllers on other tasks, all in one program.

    Args:
        controllers: The sources, trained with one configuration; they stay as they are.
        tasks: The task that each goes on on, with its whole table, on the sources' space.
        steps: Steps of each on its task; training ends with the rollout that reaches them.
        seeds: Seed of each: of the parts that begin anew, of episodes, actions and minibatches.
        config: What is copied, and how they learn.
        judge_at: Steps, 0 … ``steps``, at which `HeldEvaluation` judges them, each at the end of
            the rollout that reaches it.
        keep_at: Steps at which copies of the controllers are kept.
        starts: Episodes of a judgement.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        on_progress: Called after each rollout with the steps done and wanted.

    Raises:
        InvalidArgumentError: If there are not as many tasks and seeds as controllers, or their
            configurations or spaces differ.
        LeakageError: If a search is running on a task.

    Example:
        >>> sources = PPOController.train_many([suite["normal"]], seeds=range(10))  # doctest: +SKIP
        >>> course = retrain_many(
        ...     sources, [suite["jigsaw"]] * 10, 10_000, range(10), judge_at=range(0, 10_001, 1280)
        ... )  # doctest: +SKIP
        >>> [scores.best.mean() for scores in course.scores]  # doctest: +SKIP
    """
    config = config or RetrainingConfig()
    if not controllers or not len(controllers) == len(tasks) == len(seeds):
        raise InvalidArgumentError(
            f"{len(controllers)} controllers, {len(tasks)} tasks and {len(seeds)} seeds; expected "
            "as many of each, and one or more."
        )
    own = controllers[0].config
    if any(c.config != own for c in controllers):
        raise InvalidArgumentError("The controllers' configurations differ; expected one for all.")
    for controller, task in zip(controllers, tasks, strict=True):
        if controller.space.name != task.space.name:
            raise InvalidArgumentError(
                f"A controller is for {controller.space.name}, but {task.name!r} is on "
                f"{task.space.name}; re-training stays on one space. Across spaces use a transfer "
                "method with a transformer policy."
            )
    heirs, reports = [], []
    for controller, task, seed in zip(controllers, tasks, seeds, strict=True):
        heir = PPOController(
            task.space, dataclasses.replace(own, ppo=config.apply(own.ppo)), seed=seed
        )
        reports.append(tuple(initialise_weights(controller.network, heir.network, config.parts)))
        if "policy_head" in config.parts:
            _shrink(heir.network, config.policy_scale)
        heir.sources = controller.sources
        heir.steps = controller.steps
        heirs.append(heir)
    course = learn_and_judge(
        heirs,
        tasks,
        steps,
        judge_at=judge_at,
        keep_at=keep_at,
        starts=starts,
        device=device,
        on_progress=on_progress,
    )
    return dataclasses.replace(course, reports=tuple(reports))


def _shrink(network: nn.Module, scale: float) -> None:
    """Multiply the parameters of the policy head."""
    head = network.get_submodule("policy_head")
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(scale)
