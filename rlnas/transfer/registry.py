"""Transfer methods by name: the searchers that take sources, and what a run gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from rlnas.agents import ControllerConfig, FineTuningConfig
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search import Searcher
from rlnas.search.base import Takes, Trained
from rlnas.search.registry import SEARCHERS, Method
from rlnas.transfer.sources import Source, SourcePool


@dataclass(frozen=True)
class MethodSettings:
    """What all transfer methods of a run share.

    Attributes:
        controller: Configuration of a controller trained from scratch.
        fine_tuning: How a controller learns on the target.
    """

    controller: ControllerConfig = field(default_factory=ControllerConfig)
    fine_tuning: FineTuningConfig = field(default_factory=FineTuningConfig)


def register_method(
    name: str,
    factory: Callable[..., Searcher],
    *,
    takes: Iterable[Takes] = ("one",),
    trained: Trained = "each",
    oracle: bool = False,
    compares_results: bool = False,
    control: bool = False,
) -> None:
    """Make a transfer method known to the matrix and the command line.

    A class that says itself what it takes is registered by `rlnas.search.register_searcher`.

    Args:
        name: Its name.
        factory: Makes the searcher of a pool of sources and the run's settings.
        takes: How many sources it can start from.
        trained: What it needs of several sources.
        oracle: Whether a matrix also measures it with the target among its sources, as a bound.
        compares_results: Whether it needs its sources and the target on one search space.
        control: Whether nothing of it is learnt, so that it is there to be beaten.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    entry = Method(name, factory, frozenset(takes), trained, oracle, compares_results, control)
    SEARCHERS.register(name, entry)


def method_names() -> tuple[str, ...]:
    """Return the names of the transfer methods, the bounds first."""
    return tuple(name for name in SEARCHERS.names() if SEARCHERS.get(name).takes)


def get_method(name: str) -> Method:
    """Return a registered method.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    try:
        method = SEARCHERS.get(name)
    except UnknownNameError:
        raise UnknownNameError("transfer method", name, method_names()) from None
    if not method.takes:
        raise UnknownNameError("transfer method", name, method_names())
    return method


def make_method(
    name: str,
    pool: SourcePool | Sequence[Source] | None,
    settings: MethodSettings | None = None,
    **options: object,
) -> Searcher:
    """Return the searcher of a transfer method.

    Args:
        name: One of `method_names`.
        pool: What it starts from; empty or None for a method without a source.
        settings: What all methods of a run share.
        options: Options of the method, e.g. ``shrink=0.5``.

    Raises:
        UnknownNameError: If there is no such method.
        InvalidArgumentError: If the method needs another number of sources, has no such option, or
            a value is out of range.
    """
    method = get_method(name)
    given = pool if isinstance(pool, SourcePool) else SourcePool(tuple(pool or ()))
    if given.takes not in method.takes and not (given.takes == "one" and "several" in method.takes):
        wanted = " or ".join(sorted(method.takes))
        raise InvalidArgumentError(
            f"{given.takes.capitalize()} source given to {name!r}; it takes {wanted}."
        )
    return method.make(given, settings or MethodSettings(), **options)
