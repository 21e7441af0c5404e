"""The shared controller: one encoder for several source tasks, heads and an embedding for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from rlnas.agents.base import Controller
from rlnas.agents.config import ControllerConfig
from rlnas.agents.controller import PPOController
from rlnas.agents.engine.trainer import Progress
from rlnas.agents.joint import train_together
from rlnas.agents.networks.build import build_multitask_network, build_policy, layout_of
from rlnas.agents.networks.multitask import MultiTaskMLP, MultiTaskNetwork
from rlnas.agents.networks.multitask_transformer import MultiTaskTransformer
from rlnas.agents.networks.transformer import TransformerNetwork
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.plain import whole
from rlnas.spaces import SearchSpace
from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    from typing_extensions import Self

EMBEDDING = 8
"""Length of a task's embedding in a perceptron."""


class SharedController(Controller):
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

    kind = "shared"
    network: MultiTaskNetwork

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
        self.embedding = embedding
        super().__init__(space, config, sources=sources, seed=seed)

    def _build(self, space: SearchSpace) -> MultiTaskNetwork:
        return self._build_for(space, len(self.sources), self.seed)

    def _build_for(self, space: SearchSpace, num_tasks: int, seed: int) -> MultiTaskNetwork:
        return build_multitask_network(
            self.config.network,
            space,
            layout_of(space, self.config.environment),
            num_tasks,
            embedding=self.embedding,
            seed=seed,
            vocabulary=self.vocabulary,
        )

    @classmethod
    def _described(
        cls, space: SearchSpace, config: ControllerConfig, tree: Mapping[str, Any]
    ) -> Self:
        embedding, seed = whole(tree["embedding"], "embedding"), whole(tree["seed"], "seed")
        return cls(space, tree["sources"], config, embedding=embedding, seed=seed)

    def _settings(self) -> dict[str, Any]:
        return {"embedding": self.embedding}

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
        return train_together(
            lambda own, seed: cls(
                own[0].space, [t.name for t in own], config, embedding=embedding, seed=seed
            ),
            tasks,
            steps,
            seeds,
            device=device,
            log_dirs=log_dirs,
            on_progress=on_progress,
        )

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
        space = space or self.space
        self._check_reach(space)
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
        self._check_reach(space)
        network = self._build_for(space, 1, seed)
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
