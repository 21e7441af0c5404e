"""Searchers by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search.base import Searcher
from rlnas.search.evolution import RegularisedEvolution
from rlnas.search.local_search import LocalSearch
from rlnas.search.random_search import RandomSearch

_factories: dict[str, Callable[..., Searcher]] = {
    RandomSearch.name: RandomSearch,
    LocalSearch.name: LocalSearch,
    RegularisedEvolution.name: RegularisedEvolution,
}


def register_searcher(name: str, factory: Callable[..., Searcher]) -> None:
    """Make ``get_searcher(name, **options)`` return ``factory(**options)``.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    if name in _factories:
        raise InvalidArgumentError(f"The searcher {name!r} is registered already.")
    _factories[name] = factory


def get_searcher(name: str, **options: object) -> Searcher:
    """Return a new searcher.

    Args:
        name: Registered name, e.g. ``regularised-evolution``.
        options: Keyword options of the searcher, e.g. ``population=20``.

    Raises:
        UnknownNameError: If there is no searcher of this name.
        InvalidArgumentError: If it has no such option, or the value is wrong.

    Example:
        >>> get_searcher("regularised-evolution", population=20).options()["population"]
        20
    """
    if name not in _factories:
        raise UnknownNameError("searcher", name, _factories)
    factory = _factories[name]
    accepted = inspect.signature(factory).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    if unknown := [o for o in options if o not in accepted and not takes_any]:
        raise InvalidArgumentError(
            f"The searcher {name!r} has no option {', '.join(unknown)}; "
            f"it has {', '.join(accepted) or 'none'}."
        )
    return factory(**options)


def searcher_names() -> tuple[str, ...]:
    """Return the names of the registered searchers."""
    return tuple(_factories)
