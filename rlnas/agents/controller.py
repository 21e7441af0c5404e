"""The PPO controller: trained once on a source task, reused on targets."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from rlnas.agents.acting import act_on_target
from rlnas.agents.checkpoint import (
    read_config,
    read_training_state,
    read_weights,
    write_checkpoint,
)
from rlnas.agents.config import ControllerConfig
from rlnas.agents.device import choose_device
from rlnas.agents.networks.build import build_network, vocabulary_of
from rlnas.agents.trainer import PPOTrainer, Progress
from rlnas.envs import LedgerScorer, RunningTransform, TableScorer, make_core
from rlnas.envs.core import EnvironmentCore
from rlnas.envs.scoring import Scorer
from rlnas.errors import CheckpointError, InvalidArgumentError, UnknownNameError
from rlnas.search import Searcher
from rlnas.spaces import SearchSpace, get_space
from rlnas.tasks import Budget, QueryLedger, TabularTask, Task


class PPOController(Searcher):
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
        self.space = space
        self.config = config or ControllerConfig()
        self.seed = seed
        self.sources: tuple[str, ...] = ()
        self.steps = 0
        self.vocabulary = vocabulary_of(space)
        self.network = self._build(space)
        self._training_state: tuple[dict[str, torch.Tensor], dict[str, Any]] | None = None

    def _build(self, space: SearchSpace) -> nn.Module:
        layout = make_core(_NoScores(space), self.config.environment).layout
        return build_network(
            self.config.network, space, layout, seed=self.seed, vocabulary=self.vocabulary
        )

    # -- training --------------------------------------------------------------------------

    @classmethod
    def train(
        cls,
        task: Task,
        steps: int = 300_000,
        seed: int = 0,
        *,
        config: ControllerConfig | None = None,
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
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dir: Folder for TensorBoard events, or None.
            on_progress: Called after each rollout with the steps done and wanted.

        Returns:
            The trained controller, on the CPU.
        """
        controller = cls(task.space, config, seed=seed)
        controller.continue_training(
            task, steps, device=device, log_dir=log_dir, on_progress=on_progress
        )
        return controller

    def continue_training(
        self,
        task: Task,
        steps: int,
        *,
        device: str = "auto",
        log_dir: str | Path | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        """Train until ``steps`` steps were taken in all, exactly as if never interrupted.

        Args:
            task: The task the training began on.
            steps: Total steps, those already taken included.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dir: Folder for TensorBoard events, or None.
            on_progress: Called after each rollout with the steps done and wanted.

        Raises:
            InvalidArgumentError: If the task is on another space or another task was begun on.
            CheckpointError: If the controller was saved without its training state.
        """
        if steps < 1:
            raise InvalidArgumentError(f"steps is {steps}; expected 1 or more.")
        if task.space.name != self.space.name:
            raise InvalidArgumentError(
                f"The controller is for {self.space.name}; {task.name!r} is on {task.space.name}."
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
        trainer = PPOTrainer(
            self.network,
            self._source_core(task),
            self.config.ppo,
            seed=self.seed,
            device=choose_device(device, self.network, self.config.ppo.num_envs),
            log_dir=log_dir,
        )
        if self._training_state is not None:
            trainer.restore(*self._training_state)
        trainer.learn(steps, on_progress=on_progress)
        self._training_state = trainer.state()
        self.network.to("cpu")
        self.sources = (task.name,)
        self.steps = trainer.steps

    def _source_core(self, task: Task) -> EnvironmentCore[Any]:
        normaliser = self.config.environment.normaliser
        scorer: Scorer
        if isinstance(task, TabularTask):
            scorer = TableScorer(task, normaliser)
        else:
            ledger = task.ledger(Budget(queries=task.space.size))
            scorer = LedgerScorer(ledger, RunningTransform(normaliser), avoid_known=False)
        return make_core(scorer, self.config.environment)

    # -- search ----------------------------------------------------------------------------

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        network = self.network_for(ledger.space)
        act_on_target(network, self.config.environment, self.config.acting, ledger, rng)

    def network_for(self, space: SearchSpace) -> nn.Module:
        """Return a copy of the network that runs on a space, possibly another one.

        Raises:
            InvalidArgumentError: If the space is another and the network is tied to its own.
        """
        if space.name == self.space.name:
            return copy.deepcopy(self.network)
        if self.config.network.kind != "transformer":
            raise InvalidArgumentError(
                f"This controller's perceptron is tied to {self.space.name} and cannot run on "
                f"{space.name}; train one with NetworkConfig(kind='transformer')."
            )
        network = self._build(space)
        network.load_state_dict(self.network.state_dict())
        return network

    def options(self) -> Mapping[str, object]:
        """Return the controller's configuration and what it was trained on."""
        return {"sources": list(self.sources), "steps": self.steps, **self.config.to_dict()}

    # -- checkpoints -----------------------------------------------------------------------

    def save(self, folder: str | Path, *, training_state: bool = True) -> Path:
        """Write the controller as a checkpoint folder, atomically, and return its path.

        Args:
            folder: Where.
            training_state: Whether to include what an exact resume needs.
        """
        description = {
            "space": {"name": self.space.name, "operations": list(self.space.operations)},
            "controller": self.config.to_dict(),
            "seed": self.seed,
            "sources": list(self.sources),
            "steps": self.steps,
            "vocabulary": list(self.vocabulary),
        }
        state = self._training_state if training_state else None
        return write_checkpoint(folder, description, self.network, state)

    @classmethod
    def load(cls, folder: str | Path, *, space: SearchSpace | None = None) -> PPOController:
        """Read a controller that `save` wrote.

        Args:
            folder: The checkpoint.
            space: Its search space, if that is not a registered one.

        Raises:
            CheckpointError: If the checkpoint is damaged or does not fit the space.
        """
        tree = read_config(folder)
        try:
            if space is None:
                space = get_space(tree["space"]["name"])
            if list(space.operations) != tree["space"]["operations"]:
                raise CheckpointError(
                    f"{folder} was trained with the operations {tree['space']['operations']}; "
                    f"{space.name} has {list(space.operations)}."
                )
            controller = cls(
                space, ControllerConfig.from_dict(tree["controller"]), seed=int(tree["seed"])
            )
            controller.vocabulary = tuple(tree["vocabulary"])
            controller.network = controller._build(space)
            controller.network.load_state_dict(read_weights(folder))
            controller.sources = tuple(tree["sources"])
            controller.steps = int(tree["steps"])
        except UnknownNameError as error:
            raise CheckpointError(
                f"{folder} is for the search space {error.name!r}, which is not registered; give "
                "it with space=…"
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise CheckpointError(f"{folder}: the checkpoint is damaged: {error}") from error
        if (Path(folder) / "training_state.json").exists():
            controller._training_state = read_training_state(folder)
        return controller


class _NoScores:
    """A scorer that has none: enough to ask a core for its layout."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space

    def score(self, architectures: Any) -> Any:
        raise InvalidArgumentError("This environment core was made for its layout only.")

    value = score
    known_edits = score
