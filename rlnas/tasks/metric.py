"""What a number means: its name, unit, direction, data split and epoch policy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.formats import MISSING
from rlnas.plain import make_plain

Direction = Literal["max", "min"]
Split = Literal["train", "valid", "test", "none", "unknown"]
EpochPolicy = Literal["final", "best", "all", "unknown"]
Scores = TypeVar("Scores", float, NDArray[np.float64])

_CHOICES = {
    "direction": get_args(Direction),
    "split": get_args(Split),
    "epoch_policy": get_args(EpochPolicy),
}


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The meaning of a measured number.

    Attributes:
        name: Name in the source, e.g. ``valid_top1``.
        unit: Unit of the raw number, e.g. ``%``, ``s``, ``MB``, or ``1`` for a pure number.
        direction: Whether larger (``max``) or smaller (``min``) raw numbers are better.
        split: Data the number was measured on; ``none`` for costs and model properties,
            ``unknown`` where a source does not say.
        epoch_policy: ``final`` epoch, ``best`` epoch, ``all`` epochs (an epoch axis), ``unknown``.
        note: Anything a reader must know, e.g. that a loss was stored negated.

    Raises:
        InvalidArgumentError: If a field has a value outside its choices.
    """

    name: str
    unit: str = "1"
    direction: Direction = "max"
    split: Split = "valid"
    epoch_policy: EpochPolicy = "unknown"
    note: str = ""

    def __post_init__(self) -> None:
        make_plain(self)
        for field, choices in _CHOICES.items():
            value = getattr(self, field)
            if value not in choices:
                raise InvalidArgumentError(
                    f"Metric {self.name!r}: {field} is {value!r}; expected one of {choices}."
                )

    @property
    def sign(self) -> int:
        """+1 where larger is better, −1 where smaller is; raw × sign is a score to maximise."""
        return 1 if self.direction == "max" else -1

    @property
    def suffix(self) -> str:
        """The unit as it stands behind a number, with its blank; empty for a pure number."""
        return "" if self.unit == "1" else f" {self.unit}"

    @property
    def title(self) -> str:
        """Name, unit and direction in words, e.g. ``valid_loss, lower is better``."""
        unit = "" if self.unit == "1" else f" in {self.unit}"
        return f"{self.name}{unit}, {'higher' if self.sign > 0 else 'lower'} is better"

    @property
    def arrow(self) -> str:
        """What stands behind a name where less is better, with its blank; else empty."""
        return "" if self.sign > 0 else " ↓"

    def raw(self, scores: Scores) -> Scores:
        """Return the raw numbers behind scores: their negative where less is better."""
        return scores if self.sign > 0 else 0.0 - scores  # 0 stays without a sign

    def text(self, score: float, digits: int = 4, *, unit: bool = True) -> str:
        """Return the raw number behind a score as people read it, ``–`` for none.

        Args:
            score: The score, which is maximised.
            digits: Significant digits.
            unit: Whether the unit stands behind it.

        Example:
            >>> Metric(name="loss", unit="nats", direction="min").text(-0.5)
            '0.5 nats'
        """
        if math.isnan(score):
            return MISSING
        return f"{self.raw(float(score)):.{digits}g}{self.suffix if unit else ''}"

    def interval_text(self, low: float, high: float) -> str:
        """Return an interval of scores as one of raw numbers, the smaller first; empty for none."""
        if math.isnan(low) or math.isnan(high):
            return ""
        ends = (low, high) if self.sign > 0 else (high, low)
        return f"[{', '.join(self.text(end, unit=False) for end in ends)}]"
