"""What every controller is: a network for a search space, how it came about, saved and loaded."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from torch import Tensor, nn

from rlnas.agents.checkpoint import check_kind, describe_space, read_config, space_of
from rlnas.agents.config import ControllerConfig
from rlnas.agents.networks.build import vocabulary_of
from rlnas.checkpoints import TrainingState, damage_reported, read_weights, write_checkpoint
from rlnas.errors import InvalidArgumentError
from rlnas.plain import whole
from rlnas.spaces import SearchSpace

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class Controller(abc.ABC):
    """A policy and value network with its search space, its configuration and its sources.

    A subclass builds the network (`_build`), makes a controller from what a checkpoint says
    (`_described`), and tells what defines it besides, if anything does (`_settings`).

    Args:
        space: The search space it is built for.
        config: Environment, network, PPO and acting; None for the defaults.
        sources: Names of the source tasks.
        seed: Seed of the initial weights.

    Attributes:
        kind: How checkpoints name the kind; None for a plain controller, which does not.
        network: The network, on the CPU.
        steps: Environment steps taken on all sources together.
        vocabulary: Operation names that a transformer knows.
    """

    kind: ClassVar[str | None] = None
    network: nn.Module

    def __init__(
        self,
        space: SearchSpace,
        config: ControllerConfig | None,
        *,
        sources: Sequence[str] = (),
        seed: int,
    ) -> None:
        self.space = space
        self.config = config or ControllerConfig()
        self.sources = tuple(sources)
        self.seed = whole(seed, "seed")
        self.steps = 0
        self.vocabulary = vocabulary_of(space)
        self.network = self._build(space)

    @abc.abstractmethod
    def _build(self, space: SearchSpace) -> nn.Module:
        """Return a new network of this controller for a space."""

    @classmethod
    @abc.abstractmethod
    def _described(
        cls, space: SearchSpace, config: ControllerConfig, tree: Mapping[str, Any]
    ) -> Self:
        """Return a new controller of which a checkpoint says this; weights are not its matter."""

    def _settings(self) -> dict[str, Any]:
        """Return what defines it besides space, configuration, sources and seed, JSON-able."""
        return {}

    def _check_reach(self, space: SearchSpace) -> None:
        """Raise InvalidArgumentError if the network cannot run on a space."""
        if space.name != self.space.name and self.config.network.kind != "transformer":
            raise InvalidArgumentError(
                f"This controller's perceptron is tied to {self.space.name} and cannot run on "
                f"{space.name}; train one with PolicyConfig(kind='transformer')."
            )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.space.name!r}, sources={list(self.sources)}, "
            f"steps={self.steps}, seed={self.seed}, network={self.config.network.kind!r})"
        )

    def options(self) -> Mapping[str, object]:
        """Return the controller's configuration and what it was trained on."""
        return {
            "sources": list(self.sources),
            "steps": self.steps,
            **self._settings(),
            **self.config.to_dict(),
        }

    def save(self, folder: str | Path) -> Path:
        """Write the controller as a checkpoint folder, atomically, and return its path.

        Raises:
            CheckpointError: If the folder exists and holds something else than a checkpoint.
        """
        return self._write(folder)

    def _write(self, folder: str | Path, state: TrainingState | None = None) -> Path:
        description = {
            **({} if self.kind is None else {"kind": self.kind}),
            "space": describe_space(self.space),
            "controller": self.config.to_dict(),
            **self._settings(),
            "seed": self.seed,
            "sources": list(self.sources),
            "steps": self.steps,
            "vocabulary": list(self.vocabulary),
        }
        return write_checkpoint(folder, description, self.network, state)

    @classmethod
    def load(cls, folder: str | Path, *, space: SearchSpace | None = None) -> Self:
        """Read a controller that `save` wrote.

        Args:
            folder: The checkpoint.
            space: Its search space, if that is not a registered one.

        Raises:
            CheckpointError: If the checkpoint is damaged, of another kind of controller, or does
                not fit the space.
        """
        tree = read_config(folder)
        with damage_reported(folder):
            check_kind(folder, tree, cls.kind)
            config = ControllerConfig.from_dict(tree["controller"])
            weights = read_weights(folder)
            _check_weights(weights, config, tree)
            controller = cls._described(space_of(folder, tree, space), config, tree)
            controller.vocabulary = _texts(tree, "vocabulary")
            controller.network = controller._build(controller.space)
            controller.network.load_state_dict(weights)
            controller.sources = _texts(tree, "sources")
            controller.steps = whole(tree["steps"], "steps")
        return controller


def _check_weights(
    weights: Mapping[str, Tensor], config: ControllerConfig, tree: Mapping[str, Any]
) -> None:
    """Raise ValueError unless weights are numbers, and fill the network that is to be built."""
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise ValueError("its weights are not all finite")
    held = sum(tensor.numel() for tensor in weights.values())
    network = config.network
    layers = network.layers if network.kind == "transformer" else 1
    sources = len(tree["sources"]) if tree.get("kind") == "shared" else 0
    embedding = whole(tree.get("embedding", 0), "embedding")
    if max(layers * network.width**2, sources * embedding) > held:
        raise ValueError("its network would be larger than its weights")


def _texts(tree: Mapping[str, Any], name: str) -> tuple[str, ...]:
    texts = tree[name]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"its {name} are to be a list of texts")
    return tuple(texts)


def one_for_each(
    tasks: Sequence[T], seeds: Sequence[int], steps: int, *, what: str
) -> tuple[list[T], list[int]]:
    """Return what each of several controllers is trained on, and its seed.

    Args:
        tasks: As many as controllers, or one for all.
        seeds: As many as controllers, or one for all.
        steps: Environment steps to train.
        what: What ``tasks`` are, in the plural, for the message.

    Raises:
        InvalidArgumentError: If there are neither as many of both nor one of either, or no steps.
    """
    count = max(len(tasks), len(seeds))
    if steps < 1 or not count or not {len(tasks), len(seeds)} <= {1, count}:
        raise InvalidArgumentError(
            f"{len(tasks)} {what}, {len(seeds)} seeds, {steps} steps; expected as many of both "
            "or one of either, and 1 step or more."
        )
    numbers = [whole(seed, "seed") for seed in seeds]
    return list(tasks) * (count // len(tasks)), numbers * (count // len(seeds))
