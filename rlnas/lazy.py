"""What is made when it is first used: names that are imported, results that are computed.

Importing PyTorch takes more than a second. What only plans, reads or reports does without it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

_Self = TypeVar("_Self")
_P = ParamSpec("_P")
_R = TypeVar("_R")


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return a package's ``__getattr__``, which imports public names (PEP 562).

    Args:
        package: Name of the package.
        homes: The module that each lazy name comes from.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return load


def once(
    method: Callable[Concatenate[_Self, _P], _R],
) -> Callable[Concatenate[_Self, _P], _R]:
    """Make a method keep what it returned, on its object and by its arguments.

    What is kept lives as long as the object, and every caller gets the very same result: who wants
    to change a frame takes a copy. An error is not kept.

    Args:
        method: Its arguments are hashable, and its object does not change.
    """

    @wraps(method)
    def kept(self: _Self, /, *args: _P.args, **options: _P.kwargs) -> _R:
        known: dict[Hashable, Any] = self.__dict__.setdefault("_once", {})
        key = (method.__qualname__, args, tuple(sorted(options.items())))
        if key not in known:
            known[key] = method(self, *args, **options)
        result: _R = known[key]
        return result

    return kept
