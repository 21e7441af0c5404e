"""Methods that compute their result once for each object."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

_Self = TypeVar("_Self")
_P = ParamSpec("_P")
_R = TypeVar("_R")


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
    def kept(self: _Self, *args: _P.args, **options: _P.kwargs) -> _R:
        known: dict[Hashable, Any] = self.__dict__.setdefault("_once", {})
        key = (method.__qualname__, args, tuple(sorted(options.items())))
        if key not in known:
            known[key] = method(self, *args, **options)
        result: _R = known[key]
        return result

    return kept
