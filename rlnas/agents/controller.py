"""The PPO controller: trained once on a source task, reused on targets."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from rlnas.agents.base import Controller, one_for_each
from rlnas.agents.config import ControllerConfig
from rlnas.agents.engine.trainer import DeviceTrainer, Progress
from rlnas.agents.engines import Engine, engine_for, make_trainer, rollout_seconds
from rlnas.agents.joint import train_together
from rlnas.agents.networks.build import build_policy, layout_of
from rlnas.agents.targets.acting import act_on_targets
from rlnas.checkpoints import TrainingState, has_training_state, read_training_state
from rlnas.devices import fastest_device
from rlnas.errors import CheckpointError, InvalidArgumentError, bounded
from rlnas.plain import whole
from rlnas.search import SideBySideSearcher
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger, TabularTask, Task

if TYPE_CHECKING:
    from typing_extensions import Self


class PPOController(Controller, SideBySideSearcher):
    """A policy and value network with everything needed to train, save, load and search.

    As a `Searcher` it acts zero-shot: it runs its policy on the target without learning there.

    Args:
        space: The search space it is built for.
        config: Environment, network, PPO and acting.
        seed: Seed of the initial weights.

    Example:
        >>> import rlnas
        >>> suite = rlnas.load_suite("transnas-micro")  # doctest: +SKIP
        >>> agent = rlnas.PPOController.train(suite["class_scene"])  # doctest: +SKIP
        >>> agent.search(suite["jigsaw"], budget=50).best.architecture  # doctest: +SKIP
    """

    name = "ppo"

    def __init__(
        self, space: SearchSpace, config: ControllerConfig | None = None, *, seed: int = 0
    ) -> None:
        super().__init__(space, config, seed=seed)
        self._training_state: TrainingState | None = None

    def _build(self, space: SearchSpace) -> nn.Module:
        return build_policy(
            self.config.network,
            space,
            layout_of(space, self.config.environment),
            seed=self.seed,
            vocabulary=self.vocabulary,
        )

    @classmethod
    def _described(
        cls, space: SearchSpace, config: ControllerConfig, tree: Mapping[str, Any]
    ) -> Self:
        return cls(space, config, seed=whole(tree["seed"], "seed"))

    # -- training --------------------------------------------------------------------------

    @classmethod
    def train(
        cls,
        task: Task,
        steps: int = 100_000,
        seed: int = 0,
        *,
        config: ControllerConfig | None = None,
        engine: Engine | None = None,
        device: str = "auto",
        log_dir: str | Path | None = None,
        on_progress: Progress | None = None,
    ) -> PPOController:
        """Train a new controller on a source task.

        Args:
            task: A task whose whole table is known, or a user's task, every architecture of which
                is evaluated when it is first met.
            steps: Environment steps; training ends with the rollout that reaches them.
            seed: Seed of everything random.
            config: What to train; the defaults suit the benchmark spaces.
            engine: ``device``, or ``sb3`` for the reference learner; by default the device engine
                where the task's table is known.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dir: Folder for TensorBoard events, or None.
            on_progress: Called after each rollout with the steps done and wanted.

        Returns:
            The trained controller, on the CPU.
        """
        controller = cls(task.space, config, seed=seed)
        controller.continue_training(
            task, steps, engine=engine, device=device, log_dir=log_dir, on_progress=on_progress
        )
        return controller

    @classmethod
    def train_many(
        cls,
        tasks: Sequence[TabularTask],
        steps: int = 100_000,
        seeds: Sequence[int] = (0,),
        *,
        config: ControllerConfig | None = None,
        device: str = "auto",
        log_dirs: Sequence[str | Path] | None = None,
        on_progress: Progress | None = None,
    ) -> list[PPOController]:
        """Train several controllers in one program, much faster than one after the other.

        A controller is trained as `train` with its task and seed would with the device engine, but
        for the rounding of batched products.

        Args:
            tasks: A source task for each controller, or one for all; all on one space.
            steps: Environment steps of each controller.
            seeds: A seed for each controller, or one for all.
            config: What to train.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dirs: Folder for TensorBoard events of each controller, or None.
            on_progress: Called after each rollout with the steps done and wanted of each.

        Returns:
            The trained controllers, on the CPU.

        Raises:
            InvalidArgumentError: If there are neither as many tasks as seeds nor one of either.
        """
        each, numbers = one_for_each(tasks, seeds, steps, what="tasks")
        config = config or ControllerConfig()
        many = [cls(task.space, config, seed=s) for task, s in zip(each, numbers, strict=True)]
        chosen = many[0].choose_device(device, each[0], "device")
        trainer = DeviceTrainer(
            [controller.network for controller in many],
            config.environment,
            [[task] for task in each],
            config.ppo,
            seeds=numbers,
            device=chosen,
            log_dirs=log_dirs,
        )
        trainer.learn(steps, on_progress=on_progress)
        trainer.release()
        for k, (controller, task) in enumerate(zip(many, each, strict=True)):
            controller._finish(task, trainer.steps, chosen, trainer.state(k))
        return many

    @classmethod
    def train_jointly(
        cls,
        tasks: Sequence[TabularTask],
        steps: int = 100_000,
        seed: int = 0,
        *,
        config: ControllerConfig | None = None,
        device: str = "auto",
        log_dir: str | Path | None = None,
        on_progress: Progress | None = None,
    ) -> PPOController:
        """Train one controller on several source tasks together; it is not told which it is in.

        Args:
            tasks: The source tasks, on one space, whose whole tables are known.
            steps: Environment steps on each task; the controller takes ``steps × len(tasks)``, so
                that it sees of each task what a controller of that task alone would.
            seed: Seed of everything random.
            config: What to train. The number of episodes is rounded up to a multiple of the tasks.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dir: Folder for TensorBoard events, or None.
            on_progress: Called after each rollout with the steps done and wanted in all.

        Returns:
            The trained controller, on the CPU; its ``sources`` are all the tasks.

        Raises:
            InvalidArgumentError: If there is no task or one twice, tasks lie on different spaces,
                or a table is not known.
        """
        (controller,) = cls.train_many_jointly(
            [tasks],
            steps,
            (seed,),
            config=config,
            device=device,
            log_dirs=None if log_dir is None else [log_dir],
            on_progress=on_progress,
        )
        return controller

    @classmethod
    def train_many_jointly(
        cls,
        tasks: Sequence[Sequence[TabularTask]],
        steps: int = 100_000,
        seeds: Sequence[int] = (0,),
        *,
        config: ControllerConfig | None = None,
        device: str = "auto",
        log_dirs: Sequence[str | Path] | None = None,
        on_progress: Progress | None = None,
    ) -> list[PPOController]:
        """Train several controllers in one program, each as `train_jointly` would.

        Args:
            tasks: The source tasks of each controller, as many for each, or one group for all.
            steps: Environment steps on each task.
            seeds: A seed for each controller, or one for all.
            config: As in `train_jointly`.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dirs: Folder for TensorBoard events of each controller, or None.
            on_progress: Called after each rollout with the steps done and wanted of each.

        Returns:
            The trained controllers, on the CPU.

        Raises:
            InvalidArgumentError: As in `train_jointly`, or if the numbers do not fit each other.
        """
        return train_together(
            lambda own, seed: cls(own[0].space, config, seed=seed),
            tasks,
            steps,
            seeds,
            device=device,
            log_dirs=log_dirs,
            on_progress=on_progress,
        )

    def choose_device(self, device: str, task: Task, engine: Engine) -> str:
        """Return the device to train on.

        ``auto`` is the one that training began on, for only there it goes on exactly; before that
        it measures which is the faster one.
        """
        if device == "auto" and self._training_state is not None:
            device = self._training_state[1].get("device", device)
        return fastest_device(
            device,
            lambda name: rollout_seconds(
                self.network, task, self.config, engine=engine, device=name
            ),
        )

    def _finish(self, task: Task, steps: int, device: str, state: TrainingState) -> None:
        tensors, values = state
        self._training_state = tensors, {**values, "device": device}
        self.network.to("cpu")
        self.sources = (task.name,)
        self.steps = steps

    def continue_training(
        self,
        task: Task,
        steps: int,
        *,
        engine: Engine | None = None,
        device: str = "auto",
        log_dir: str | Path | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        """Train until ``steps`` steps were taken in all, exactly as if never interrupted.

        Args:
            task: The task the training began on.
            steps: Total steps, those already taken included.
            engine: As in `train`; what the training began with by default.
            device: ``auto`` (where training began), ``cpu`` or ``cuda``.
            log_dir: Folder for TensorBoard events, or None.
            on_progress: Called after each rollout with the steps done and wanted.

        Raises:
            InvalidArgumentError: If the task is on another space or another task was begun on.
            CheckpointError: If the controller was saved without its training state.
        """
        steps = whole(steps, "steps", 1)
        self._check_continues(task)
        if engine is None and self._training_state is not None:
            engine = self._training_state[1].get("engine", "sb3")
        engine = engine_for(task, engine)
        chosen = self.choose_device(device, task, engine)
        trainer = make_trainer(
            self.network,
            task,
            self.config,
            engine=engine,
            seed=self.seed,
            device=chosen,
            log_dir=log_dir,
        )
        if self._training_state is not None:
            trainer.restore(*self._training_state)
        trainer.learn(steps, on_progress=on_progress)
        trainer.release()
        self._finish(task, trainer.steps, chosen, trainer.state())

    def _check_continues(self, task: Task) -> None:
        """Raise what `continue_training` does if training cannot go on as if never interrupted."""
        if task.space.name != self.space.name:
            raise InvalidArgumentError(
                f"The controller is for {self.space.name}; {task.name!r} is on {task.space.name}."
            )
        if len(self.sources) > 1:
            raise InvalidArgumentError(
                f"This controller was trained jointly on {bounded(', '.join(self.sources), 400)}, "
                "which cannot go on; train a new one with more steps, or use a transfer method."
            )
        if self.sources and self.sources != (task.name,):
            raise InvalidArgumentError(
                f"Training began on {self.sources[0]!r} and cannot go on on {task.name!r}; use a "
                "transfer method for that."
            )
        if self.steps and self._training_state is None:
            raise CheckpointError(
                f"This controller took {self.steps} steps but was saved without its training "
                "state, so training cannot go on as if never interrupted. Save it with "
                "training_state=True, or train a new one."
            )

    # -- search ----------------------------------------------------------------------------

    def _search_many(
        self, ledgers: Sequence[QueryLedger], rngs: Sequence[np.random.Generator]
    ) -> None:
        network = self.network_for(ledgers[0].space)
        act_on_targets(network, self.config.environment, self.config.acting, ledgers, rngs)

    def network_for(self, space: SearchSpace) -> nn.Module:
        """Return a copy of the network that runs on a space, possibly another one.

        Raises:
            InvalidArgumentError: If the space is another and the network is tied to its own.
        """
        if space.name == self.space.name:
            return copy.deepcopy(self.network)
        self._check_reach(space)
        network = self._build(space)
        network.load_state_dict(self.network.state_dict())
        return network

    # -- checkpoints -----------------------------------------------------------------------

    def save(self, folder: str | Path, *, training_state: bool = True) -> Path:
        """Write the controller as a checkpoint folder, atomically, and return its path.

        Args:
            folder: Where.
            training_state: Whether to include what an exact resume needs.

        Raises:
            CheckpointError: If the folder exists and holds something else than a checkpoint.
        """
        return self._write(folder, self._training_state if training_state else None)

    @classmethod
    def load(cls, folder: str | Path, *, space: SearchSpace | None = None) -> Self:
        """Read a controller that `save` wrote, with its training state if that was saved.

        Args:
            folder: The checkpoint.
            space: Its search space, if that is not a registered one.

        Raises:
            CheckpointError: If the checkpoint is damaged, of another kind of controller, or does
                not fit the space.
        """
        controller = super().load(folder, space=space)
        if has_training_state(folder):
            controller._training_state = read_training_state(folder)
        return controller
