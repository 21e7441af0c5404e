"""The shared controller: one encoder for several source tasks, heads and an embedding for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from rlnas.agents.checkpoint import check_kind, describe_space, read_config, space_of
from rlnas.agents.config import ControllerConfig
from rlnas.agents.controller import PPOController
from rlnas.agents.engine.trainer import Progress
from rlnas.agents.joint import check_groups, train_on_several
from rlnas.agents.networks.build import (
    build_multitask_network,
    build_policy,
    layout_of,
    vocabulary_of,
)
from rlnas.agents.networks.multitask import MultiTaskMLP, MultiTaskNetwork
from rlnas.agents.networks.multitask_transformer import MultiTaskTransformer
from rlnas.agents.networks.transformer import TransformerNetwork
from rlnas.checkpoints import damage_reported, read_weights, write_checkpoint
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.plain import whole
from rlnas.spaces import SearchSpace
from rlnas.tasks import TabularTask

EMBEDDING = 8
"""Length of a task's embedding in a perceptron."""


class SharedController:
    """One encoder trained on several source tasks, with heads and a task embedding for each.

    After Wong, Houlsby, Lu and Gesmundo, Transfer Learning with Neural AutoML (NeurIPS 2018),
    section 3: a controller of several tasks that learns an embedding of each, with advantages
    normalised task by task; the heads of each task's own are those of shared-representation
    learning. It is no searcher itself: a source task's part is one (`controller_for`), and
    `rlnas.transfer.SharedRepresentation` brings it to a target.

    Args:
        space: The search space it is built for.
        sources: Names of the source tasks, in the order of their heads.
        config: Environment, network, PPO and acting.
        embedding: Length of a task's embedding in a perceptron, 1 or more; a transformer's is as
            wide as a token.
        seed: Seed of the initial weights.

    Attributes:
        network: The network, on the CPU.
        steps: Environment steps taken on all sources together.

    Raises:
        InvalidArgumentError: If there is no source, one twice, or no embedding.

    Example:
        >>> from rlnas.agents import SharedController
        >>> from rlnas.benchmarks import synthetic_suite
        >>> suite = synthetic_suite()
        >>> tasks = [suite["synthetic-0"], suite["synthetic-1"]]
        >>> shared = SharedController.train(tasks, steps=1_280, device="cpu")
        >>> shared.sources, shared.steps
        (('synthetic-micro/synthetic-0', 'synthetic-micro/synthetic-1'), 2560)
    """

    def __init__(
        self,
        space: SearchSpace,
        sources: Sequence[str],
        config: ControllerConfig | None = None,
        *,
        embedding: int = EMBEDDING,
        seed: int = 0,
    ) -> None:
        if not sources or len(set(sources)) != len(sources):
            raise InvalidArgumentError(
                f"The sources are {list(sources)}; expected one or more, none of them twice."
            )
        if embedding < 1:
            raise InvalidArgumentError(f"embedding is {embedding}; expected 1 or more.")
        self.space = space
        self.sources = tuple(sources)
        self.config = config or ControllerConfig()
        self.embedding = embedding
        self.seed = seed = whole(seed, "seed")
        self.steps = 0
        self.vocabulary = vocabulary_of(space)
        self.network = self._build(space, len(self.sources), seed)

    def _build(self, space: SearchSpace, num_tasks: int, seed: int) -> MultiTaskNetwork:
        return build_multitask_network(
            self.config.network,
            space,
            layout_of(space, self.config.environment),
            num_tasks,
            embedding=self.embedding,
            seed=seed,
            vocabulary=self.vocabulary,
        )

    # -- training --------------------------------------------------------------------------

    @classmethod
    def train(
        cls,
        tasks: Sequence[TabularTask],
        steps: int = 100_000,
        seed: int = 0,
        *,
        config: ControllerConfig | None = None,
        embedding: int = EMBEDDING,
        device: str = "auto",
        log_dir: str | Path | None = None,
        on_progress: Progress | None = None,
    ) -> SharedController:
        """Train a new shared controller on several source tasks.

        Args:
            tasks: The source tasks, on one space, whose whole tables are known.
            steps: Environment steps on each task; the controller takes ``steps × len(tasks)``, so
                that it sees of each task what a controller of that task alone would.
            seed: Seed of everything random.
            config: What to train. The number of episodes is rounded up to a multiple of the tasks.
            embedding: Length of a task's embedding in a perceptron.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dir: Folder for TensorBoard events, or None.
            on_progress: Called after each rollout with the steps done and wanted in all.

        Returns:
            The trained controller, on the CPU.

        Raises:
            InvalidArgumentError: If there is no task or one twice, tasks lie on different spaces,
                or a table is not known.
        """
        (controller,) = cls.train_many(
            [tasks],
            steps,
            (seed,),
            config=config,
            embedding=embedding,
            device=device,
            log_dirs=None if log_dir is None else [log_dir],
            on_progress=on_progress,
        )
        return controller

    @classmethod
    def train_many(
        cls,
        tasks: Sequence[Sequence[TabularTask]],
        steps: int = 100_000,
        seeds: Sequence[int] = (0,),
        *,
        config: ControllerConfig | None = None,
        embedding: int = EMBEDDING,
        device: str = "auto",
        log_dirs: Sequence[str | Path] | None = None,
        on_progress: Progress | None = None,
    ) -> list[SharedController]:
        """Train several shared controllers in one program, each as `train` would.

        Args:
            tasks: The source tasks of each controller, as many for each, or one group for all.
            steps: Environment steps on each task.
            seeds: A seed for each controller, or one for all.
            config: As in `train`.
            embedding: As in `train`.
            device: ``auto``, ``cpu`` or ``cuda``.
            log_dirs: Folder for TensorBoard events of each controller, or None.
            on_progress: Called after each rollout with the steps done and wanted of each.

        Returns:
            The trained controllers, on the CPU.

        Raises:
            InvalidArgumentError: As in `train`, or if the numbers do not fit each other.
        """
        groups, numbers = check_groups(tasks, steps, seeds)
        config = config or ControllerConfig()
        many = [
            cls(own[0].space, [t.name for t in own], config, embedding=embedding, seed=seed)
            for own, seed in zip(groups, numbers, strict=True)
        ]
        taken = train_on_several(
            [controller.network for controller in many],
            groups,
            config,
            steps=steps,
            seeds=numbers,
            device=device,
            log_dirs=log_dirs,
            on_progress=on_progress,
        )
        for controller in many:
            controller.steps = taken
        return many

    # -- what it knows ---------------------------------------------------------------------

    def weights_of(self, source: str | None) -> list[float]:
        """Return the weights that pick a source task, or all of them equally (None).

        Raises:
            UnknownNameError: If there is no such source.
        """
        if source is None:
            return [1 / len(self.sources)] * len(self.sources)
        if source not in self.sources:
            raise UnknownNameError("source task", source, self.sources)
        return self.network.one_hot(self.sources.index(source))

    def network_for_task(
        self, source: str | None, *, space: SearchSpace | None = None
    ) -> nn.Module:
        """Return a plain network that does what the shared one does for a source task.

        Args:
            source: Name of the task; None for the mean of the heads and embeddings of all.
            space: The space it is to run on; its own by default.

        Returns:
            A copy: an `MLPNetwork` or a `TransformerNetwork`.

        Raises:
            UnknownNameError: If there is no such source.
            InvalidArgumentError: If the space is another and the network is tied to its own.
        """
        weights = self.weights_of(source)
        space = self._reachable(space or self.space)
        if isinstance(self.network, MultiTaskMLP):
            return self.network.blended(weights)
        if not isinstance(self.network, MultiTaskTransformer):
            raise InvalidArgumentError(f"{type(self.network).__name__} has no plain network.")
        layout = layout_of(space, self.config.environment)

        def make() -> TransformerNetwork:
            plain = build_policy(
                self.config.network, space, layout, seed=self.seed, vocabulary=self.vocabulary
            )
            if not isinstance(plain, TransformerNetwork):
                raise InvalidArgumentError("The configuration is not that of a transformer.")
            return plain

        return self.network.blended(weights, make)

    def controller_for(self, source: str | None) -> PPOController:
        """Return a plain controller that searches as this one would on a source task.

        Args:
            source: Name of the task; None for the mean of the heads and embeddings of all.

        Raises:
            UnknownNameError: If there is no such source.
        """
        controller = PPOController(self.space, self.config, seed=self.seed)
        controller.vocabulary = self.vocabulary
        controller.network = self.network_for_task(source)
        controller.sources = self.sources
        controller.steps = self.steps
        return controller

    def network_for_new_task(
        self, space: SearchSpace, *, seed: int, weights: Sequence[float] | None = None
    ) -> MultiTaskNetwork:
        """Return a network of this encoder with one new task.

        The value head is new in any case: the rewards of a new task are on a scale of their own.

        Args:
            space: The space of the new task.
            seed: Seed of what is new.
            weights: One for each source: policy head and embedding start at the weighted sums of
                the sources'. None for new ones.

        Raises:
            InvalidArgumentError: If the space is another and the network is tied to its own.
        """
        network = self._build(self._reachable(space), 1, seed)
        state = self.network.blend(weights or self.weights_of(None))
        fresh = {"value_head"} if weights is not None else {"value_head", "policy_head"}
        fresh |= set() if weights is not None else {"task_embedding"}
        given = {
            name.replace("policy_head.", "policy_head.0."): tensor
            for name, tensor in state.items()
            if name.partition(".")[0] not in fresh
        }
        network.load_state_dict({**network.state_dict(), **given})
        return network

    def _reachable(self, space: SearchSpace) -> SearchSpace:
        if space.name != self.space.name and self.config.network.kind != "transformer":
            raise InvalidArgumentError(
                f"This controller's perceptron is tied to {self.space.name} and cannot run on "
                f"{space.name}; train one with PolicyConfig(kind='transformer')."
            )
        return space

    def options(self) -> Mapping[str, object]:
        """Return the controller's configuration and what it was trained on."""
        return {
            "sources": list(self.sources),
            "steps": self.steps,
            "embedding": self.embedding,
            **self.config.to_dict(),
        }

    # -- checkpoints -----------------------------------------------------------------------

    def save(self, folder: str | Path) -> Path:
        """Write the controller as a checkpoint folder, atomically, and return its path."""
        description: dict[str, Any] = {
            "kind": "shared",
            "space": describe_space(self.space),
            "controller": self.config.to_dict(),
            "embedding": self.embedding,
            "seed": self.seed,
            "sources": list(self.sources),
            "steps": self.steps,
            "vocabulary": list(self.vocabulary),
        }
        return write_checkpoint(folder, description, self.network)

    @classmethod
    def load(cls, folder: str | Path, *, space: SearchSpace | None = None) -> SharedController:
        """Read a controller that `save` wrote.

        Args:
            folder: The checkpoint.
            space: Its search space, if that is not a registered one.

        Raises:
            CheckpointError: If the checkpoint is damaged or does not fit the space.
        """
        tree = read_config(folder)
        with damage_reported(folder):
            check_kind(folder, tree, "shared")
            controller = cls(
                space_of(folder, tree, space),
                tree["sources"],
                ControllerConfig.from_dict(tree["controller"]),
                embedding=int(tree["embedding"]),
                seed=int(tree["seed"]),
            )
            controller.vocabulary = tuple(tree["vocabulary"])
            controller.network = controller._build(
                controller.space, len(controller.sources), controller.seed
            )
            controller.network.load_state_dict(read_weights(folder))
            controller.steps = int(tree["steps"])
        return controller
