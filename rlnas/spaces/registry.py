"""Search spaces by name. A space is built once and shared, with its tables, by all who ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rlnas.registry import Registry
from rlnas.spaces.base import SearchSpace
from rlnas.spaces.dense import DenseSpace, attn
from rlnas.spaces.nasbench201 import NASBench201Space
from rlnas.spaces.schedules import ScheduleSpace
from rlnas.spaces.transnas import TransNASMacroSpace, TransNASMicroSpace

SPACES: Registry[Callable[[], SearchSpace]] = Registry(
    "search space",
    {
        "transnas-micro": TransNASMicroSpace,
        "transnas-macro": TransNASMacroSpace,
        "transnas-macro-4": partial(TransNASMacroSpace, max_modules=4),
        "nasbench-201": NASBench201Space,
        "dense": DenseSpace,
        "attn": attn,
        "schedules": ScheduleSpace,
    },
    group="rlnas.spaces",
)
"""What makes each search space."""

_instances: dict[str, SearchSpace] = {}


def register_space(name: str, factory: Callable[[], SearchSpace] | str) -> None:
    """Make ``get_space(name)`` return ``factory()``.

    Args:
        name: Its name.
        factory: Makes it; or the import path of what does, ``module:attribute``.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    SPACES.register(name, factory)


def get_space(name: str) -> SearchSpace:
    """Return the search space with this name.

    Raises:
        UnknownNameError: If there is none.
    """
    if name not in _instances:
        _instances[name] = SPACES.get(name)()
    return _instances[name]


def space_names() -> tuple[str, ...]:
    """Return the names of the registered search spaces."""
    return SPACES.names()
