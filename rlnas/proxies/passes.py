"""Results that several proxies need, computed once, and what each of them cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Spent:
    """What a computation returned or raised, and what it cost.

    Attributes:
        call: Returns the result or raises the error.
        seconds: Own time, without that of the passes that it used.
        used: Names of the passes that it used, itself included if it is one.
    """

    call: Callable[[], Any]
    seconds: float = 0.0
    used: set[str] = field(default_factory=set)


class SharedPasses:
    """Results by name, each computed when first asked for; an error is a result too.

    A pass may itself ask for other passes. `charge` tells what a consumer would have paid alone.
    """

    def __init__(self) -> None:
        self._passes: dict[str, Spent] = {}
        self._used: list[set[str]] = [set()]  # by what is under way, the outermost first
        self._inside = [0.0]  # seconds of the passes computed inside what is under way

    def get(self, name: str, build: Callable[[], T]) -> T:
        """Return the result of a pass, from ``build()`` if nobody asked before."""
        if name not in self._passes:
            self._passes[name] = self._run(build)
            self._passes[name].used.add(name)
        self._used[-1] |= self._passes[name].used
        result: T = self._passes[name].call()
        return result

    def charge(self, consume: Callable[[], T]) -> tuple[Callable[[], T], float]:
        """Run a consumer; return its result as a call and its seconds with all passes it used.

        The call returns what ``consume`` returned or raises what it raised, so that failures are
        charged too.
        """
        spent = self._run(consume)
        return spent.call, spent.seconds + sum(self._passes[name].seconds for name in spent.used)

    def _run(self, work: Callable[[], T]) -> Spent:
        self._used.append(set())
        self._inside.append(0.0)
        start = time.perf_counter()
        call = _attempt(work)
        elapsed = time.perf_counter() - start
        own = elapsed - self._inside.pop()
        self._inside[-1] += elapsed
        return Spent(call, own, self._used.pop())


def _attempt(work: Callable[[], T]) -> Callable[[], T]:
    """Run ``work``; return a call that repeats its outcome."""
    try:
        value = work()
    except Exception as error:
        caught = error

        def repeat() -> T:
            raise caught

        return repeat
    return lambda: value
