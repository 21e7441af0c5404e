"""Search spaces by name. A space is built once and shared, with its tables, by all who ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces.base import SearchSpace
from rlnas.spaces.nasbench201 import NASBench201Space
from rlnas.spaces.transnas import TransNASMacroSpace, TransNASMicroSpace

_factories: dict[str, Callable[[], SearchSpace]] = {
    "transnas-micro": TransNASMicroSpace,
    "transnas-macro": TransNASMacroSpace,
    "transnas-macro-4": partial(TransNASMacroSpace, max_modules=4),
    "nasbench-201": NASBench201Space,
}
_instances: dict[str, SearchSpace] = {}


def register_space(name: str, factory: Callable[[], SearchSpace]) -> None:
    """Make ``get_space(name)`` return ``factory()``.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    if name in _factories:
        raise InvalidArgumentError(f"The search space {name!r} is registered already.")
    _factories[name] = factory


def get_space(name: str) -> SearchSpace:
    """Return the search space with this name.

    Raises:
        UnknownNameError: If there is none.
    """
    if name not in _factories:
        raise UnknownNameError("search space", name, _factories)
    if name not in _instances:
        _instances[name] = _factories[name]()
    return _instances[name]


def space_names() -> tuple[str, ...]:
    """Return the names of the registered search spaces."""
    return tuple(_factories)
