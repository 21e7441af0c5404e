"""Transfer methods by name, for the matrix and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from rlnas.agents import ControllerConfig, FineTuningConfig
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search import Searcher
from rlnas.transfer.sources import SourcePool, Takes

Trained = Literal["each", "joint", "shared"]
"""What is trained on several sources: a controller on each, one on all together
(`SourcePool.joint`), or one encoder with a head for each (`SourcePool.shared`)."""


@dataclass(frozen=True)
class MethodSettings:
    """What all transfer methods of a run share.

    Attributes:
        controller: Configuration of a controller trained from scratch.
        fine_tuning: How a controller learns on the target.
    """

    controller: ControllerConfig = field(default_factory=ControllerConfig)
    fine_tuning: FineTuningConfig = field(default_factory=FineTuningConfig)


MethodFactory = Callable[[SourcePool, MethodSettings], Searcher]


@dataclass(frozen=True)
class Method:
    """A registered transfer method.

    Attributes:
        name: Its name.
        factory: Makes its searcher.
        takes: How many sources it can start from.
        trained: What it needs of several sources.
        oracle: Whether it is also measured with the target among its sources, as a bound.
        compares_results: Whether it compares what was measured on its sources with the target, so
            that all must be on one search space.
    """

    name: str
    factory: MethodFactory
    takes: frozenset[Takes]
    trained: Trained = "each"
    oracle: bool = False
    compares_results: bool = False


# The methods are imported when they are made: a plan needs only their names, and no PyTorch.


def _scratch(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import Scratch

    return Scratch(settings.controller, settings.fine_tuning)


def _zero_shot(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import ZeroShot

    return ZeroShot(pool.only.controller)


def _weight_init(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import WeightInitialization

    return WeightInitialization(pool.only.controller, fine_tuning=settings.fine_tuning)


def _shared_representation(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import SharedRepresentation

    source = pool.only.controller if pool.shared is None else pool.shared
    return SharedRepresentation(source, fine_tuning=settings.fine_tuning)


def _policy_reuse(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import PolicyReuse

    return PolicyReuse(pool.controllers, fine_tuning=settings.fine_tuning)


def _kickstarting(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import Kickstarting

    return Kickstarting(pool.controllers, fine_tuning=settings.fine_tuning)


def _jump_start(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import JumpStart

    return JumpStart(pool.only.controller, fine_tuning=settings.fine_tuning)


def _joint(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import Joint

    if pool.joint is None:
        raise InvalidArgumentError(
            "The method 'joint' needs a controller trained on all sources together; give it as "
            "SourcePool(joint=PPOController.train_jointly(tasks))."
        )
    return Joint(pool.joint)


def _selected_source(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import SelectedSource

    return SelectedSource(pool.sources)


def _guided_reuse(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import GuidedReuse

    return GuidedReuse(pool.sources)


def _guided_selection(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import GuidedReuse
    from rlnas.transfer.similarity import PosteriorHead, SourceSelector

    return GuidedReuse(pool.sources, selector=SourceSelector(PosteriorHead(), mode="mix"))


def _transfer_bo(pool: SourcePool, settings: MethodSettings) -> Searcher:
    from rlnas.transfer.methods import TransferBO

    return TransferBO(pool.sources)


_methods: dict[str, Method] = {}


def register_method(
    name: str,
    factory: MethodFactory,
    *,
    takes: Iterable[Takes] = ("one",),
    trained: Trained = "each",
    oracle: bool = False,
    compares_results: bool = False,
) -> None:
    """Make a transfer method known to the matrix and the command line.

    Args:
        name: Its name.
        factory: Makes the searcher of a pool of sources and the run's settings.
        takes: How many sources it can start from.
        trained: What it needs of several sources.
        oracle: Whether a matrix also measures it with the target among its sources, as a bound.
        compares_results: Whether it needs its sources and the target on one search space.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    if name in method_names():
        raise InvalidArgumentError(f"The transfer method {name!r} is registered already.")
    _methods[name] = Method(name, factory, frozenset(takes), trained, oracle, compares_results)


def method_names() -> tuple[str, ...]:
    """Return the names of the transfer methods, the bounds first."""
    return tuple(_methods)


def get_method(name: str) -> Method:
    """Return a registered method.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    if name not in _methods:
        raise UnknownNameError("transfer method", name, method_names())
    return _methods[name]


def make_method(name: str, pool: SourcePool, settings: MethodSettings | None = None) -> Searcher:
    """Return the searcher of a transfer method.

    Args:
        name: One of `method_names`.
        pool: What it starts from; empty for a method without a source.
        settings: What all methods of a run share.

    Raises:
        UnknownNameError: If there is no such method.
        InvalidArgumentError: If the method needs another number of sources.
    """
    method = get_method(name)
    if pool.takes not in method.takes and not (pool.takes == "one" and "several" in method.takes):
        wanted = " or ".join(sorted(method.takes))
        raise InvalidArgumentError(
            f"{pool.takes.capitalize()} source given to {name!r}; it takes {wanted}."
        )
    return method.factory(pool, settings or MethodSettings())


register_method("scratch", _scratch, takes=("none",))
register_method("zero-shot", _zero_shot)
register_method("weight-init", _weight_init)
register_method(
    "shared-representation", _shared_representation, takes=("one", "several"), trained="shared"
)
register_method("policy-reuse", _policy_reuse, takes=("one", "several"))
register_method("kickstarting", _kickstarting, takes=("one", "several"))
register_method("jump-start", _jump_start)
register_method("joint", _joint, takes=("several",), trained="joint", oracle=True)
register_method("selected-source", _selected_source, takes=("several",), compares_results=True)
register_method("guided-reuse", _guided_reuse, takes=("several",), compares_results=True)
register_method("guided-selection", _guided_selection, takes=("several",), compares_results=True)
register_method("transfer-bo", _transfer_bo, takes=("one", "several"), compares_results=True)
