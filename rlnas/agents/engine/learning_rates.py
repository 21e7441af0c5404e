"""Learning rates by the name of a parameter: which parts learn, and how fast."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from rlnas.errors import InvalidArgumentError, UnknownNameError

Rates = Callable[[int], Mapping[str, float]]
"""Gives multipliers of the learning rate by name of parameter, for the update of a number."""


@dataclass(frozen=True)
class ParameterRates:
    """Multipliers of the learning rate, laid out as a row of a stack's parameters.

    Attributes:
        multiplier: ``(P,)`` float32, 0 or more.
        moving: ``(P,)`` float32: 1 where the multiplier is above 0, else 0.
        any_frozen: Whether some multiplier is 0.
    """

    multiplier: Tensor
    moving: Tensor
    any_frozen: bool


class RateTable:
    """Looks up the rates of an update, and lays them out anew only where they have changed.

    Args:
        rates: Gives the multipliers by name; None for 1 everywhere.
        shapes: Shapes of the parameters by name, in the order of a row.
        device: Where the rows lie.
    """

    def __init__(
        self, rates: Rates | None, shapes: Mapping[str, torch.Size], device: torch.device
    ) -> None:
        self._rates = rates
        self._shapes = shapes
        self._device = device
        self._given: dict[str, float] | None = None
        self._row: ParameterRates | None = None

    def at(self, update: int) -> ParameterRates | None:
        """Return the rates of an update; None if all are 1.

        Args:
            update: Number of the update, from 0.

        Raises:
            UnknownNameError: If a name is that of no parameter and no group of them.
            InvalidArgumentError: If a multiplier is negative or not finite.
        """
        if self._rates is None:
            return None
        given = dict(self._rates(update))
        if given != self._given:
            self._row, self._given = self._lay_out(given), given
        return self._row

    def _lay_out(self, given: Mapping[str, float]) -> ParameterRates | None:
        for name, rate in given.items():
            if not (math.isfinite(rate) and rate >= 0):
                raise InvalidArgumentError(
                    f"The learning rate of {name!r} is multiplied by {rate}; expected 0 or more."
                )
            if not any(covers(name, parameter) for parameter in self._shapes):
                raise UnknownNameError("parameter", name, _groups(self._shapes))
        named = {name: covering(name, given) for name in self._shapes}
        by_name = {n: 1.0 if cover is None else given[cover] for n, cover in named.items()}
        if all(rate == 1 for rate in by_name.values()):
            return None
        multiplier = torch.cat(
            [torch.full((self._shapes[name].numel(),), rate) for name, rate in by_name.items()]
        ).to(self._device)
        moving = (multiplier > 0).float()
        return ParameterRates(multiplier, moving, 0 in by_name.values())


def covers(prefix: str, parameter: str) -> bool:
    """Return whether a name is a parameter's, or that of a module it lies in."""
    return parameter == prefix or parameter.startswith(f"{prefix}.")


def covering(parameter: str, names: Iterable[str]) -> str | None:
    """Return the longest of the names that covers a parameter; None if none does."""
    return max((name for name in names if covers(name, parameter)), key=len, default=None)


def _groups(shapes: Mapping[str, torch.Size]) -> list[str]:
    """Return the parameters' names and those of the modules they lie in, outermost first."""
    names = {".".join(n.split(".")[:depth]) for n in shapes for depth in range(1, n.count(".") + 2)}
    return sorted(names, key=lambda name: (name.count("."), name))
