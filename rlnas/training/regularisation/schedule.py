"""A schedule of regularisation: which term acts on which part of a network, how strongly, when."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError, shown
from rlnas.spaces.schedules import PENALTIES, RECONSTRUCTION

Between = Literal["linear", "cosine", "steps"]

PREDICTION, FREEZE = "prediction", "freeze"
TERMS = (PREDICTION, RECONSTRUCTION, *PENALTIES, FREEZE)
"""What a schedule can change: the loss of the task, the reconstruction of the input, penalties; and
whether a part's weights stay as they are."""

ALL, LAYERS, HEAD = "all", "layers", "head"
_MOST_TERMS = 1000


@dataclass(frozen=True)
class Term:
    """One term: a strength over time.

    Attributes:
        what: One of `TERMS`.
        part: The part that it acts on: ``layer-K`` of a dense network, ``stem`` or ``cell-K`` of
            one for images, ``head``; ``layers`` for each part but the head, ``all`` for each. Of
            ``reconstruction`` the part from whose output the input is reconstructed; of
            ``prediction`` it is empty.
        times: Shares of the training, 0…1, ascending; before the first and after the last the
            strength is 0. Equal times are a jump.
        strengths: Strength λ ≥ 0 at each time.
        between: How it changes from one time to the next: ``linear``, by half a ``cosine``, or in
            ``steps``, which keep the earlier strength.

    Raises:
        InvalidArgumentError: If a field has a value outside its range.
    """

    what: str
    part: str = ""
    times: tuple[float, ...] = (0.0, 1.0)
    strengths: tuple[float, ...] = (1.0, 1.0)
    between: Between = "linear"

    def __post_init__(self) -> None:
        if self.what not in TERMS:
            raise UnknownNameError("term of a schedule", str(self.what), TERMS)
        if not isinstance(self.part, str) or (self.part == "") != (self.what == PREDICTION):
            raise InvalidArgumentError(
                f"The term {self.what} has the part {shown(self.part)}; expected "
                f"{'none' if self.what == PREDICTION else 'a part such as layer-1, head or all'}."
            )
        for name in ("times", "strengths"):
            values = getattr(self, name)
            if isinstance(values, str) or not all(
                isinstance(v, int | float | np.floating | np.integer) for v in values
            ):
                raise InvalidArgumentError(f"{self.what}: {name} is {shown(values)}; not numbers.")
            object.__setattr__(self, name, tuple(float(value) for value in values))
        if len(self.times) != len(self.strengths) or not self.times:
            raise InvalidArgumentError(
                f"{self.what}: {len(self.times)} times and {len(self.strengths)} strengths; "
                "expected a strength for each time, and one or more."
            )
        pairs = zip(self.times, self.times[1:], strict=False)
        if any(later < earlier for earlier, later in pairs) or not all(
            0 <= time <= 1 for time in self.times
        ):
            raise InvalidArgumentError(
                f"{self.what}: times are {list(self.times)}; expected shares of the training from "
                "0 to 1, ascending."
            )
        if not all(math.isfinite(value) and value >= 0 for value in self.strengths):
            raise InvalidArgumentError(
                f"{self.what}: strengths are {list(self.strengths)}; expected numbers of 0 or more."
            )
        if self.between not in get_args(Between):
            raise InvalidArgumentError(
                f"{self.what}: between is {shown(self.between)}; expected one of "
                f"{', '.join(get_args(Between))}."
            )

    def strength(self, time: float) -> float:
        """Return the strength at a share of the training, 0…1."""
        times, strengths = self.times, self.strengths
        if not times[0] <= time <= times[-1]:
            return 0.0
        # The last of equal times counts, so that a jump has happened when its time has come.
        place = max(i for i, knot in enumerate(times) if knot <= time)
        if place == len(times) - 1:
            return strengths[place]
        share = (time - times[place]) / (times[place + 1] - times[place])
        if self.between == "steps":
            share = 0.0
        elif self.between == "cosine":
            share = 0.5 - 0.5 * math.cos(math.pi * share)
        return strengths[place] + share * (strengths[place + 1] - strengths[place])


Key = tuple[str, str]
"""A term and the part that it acts on."""


@dataclass(frozen=True)
class Schedule:
    """Terms that act together: the loss at a time is the sum of what they ask for.

    S = λ_x E_x + λ_y E_y + Σ λ_i R_i(W), every λ a function of the part and the iteration (Potanin,
    Vayser & Strijov, arXiv 2406.12992; that the terms add up and come and go after a schedule is
    theirs, how a schedule is written down is ours). E_y is the task's own loss; unless there is a
    term ``prediction``, λ_y is 1 throughout. Schedules are added by ``+``; strengths of the same
    term on the same part add up.

    Attributes:
        terms: The terms.

    Example:
        >>> late = Schedule((Term("group", "layers", (0.5, 1.0), (0.0, 0.1)),))
        >>> both = late + Schedule((Term("l2", "all", (0, 1), (0.01, 0.01)),))
        >>> Schedule.from_dict(both.to_dict()) == both
        True
        >>> both.on(["layer-1", "head"]).strengths(0.75)[("group", "layer-1")]
        0.05
    """

    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms))
        if wrong := [term for term in self.terms if not isinstance(term, Term)]:
            raise InvalidArgumentError(f"A schedule has {shown(wrong[0])} in it; expected terms.")
        if len(self.terms) > _MOST_TERMS:
            raise InvalidArgumentError(
                f"A schedule has {len(self.terms)} terms; expected {_MOST_TERMS} at most."
            )

    def __add__(self, other: Schedule) -> Schedule:
        """Return the schedule of both."""
        return Schedule(self.terms + other.terms)

    def on(self, parts: Sequence[str]) -> Schedule:
        """Return the schedule with a term for each part of a network.

        Terms of a layer, stem or cell that the network does not have are left out: an architecture
        may leave a layer out.

        Args:
            parts: Names of the network's parts, the head last.

        Raises:
            UnknownNameError: If a part has a name that no network's part has.
        """
        found = []
        for term in self.terms:
            if term.part and not _is_part(term.part) and term.part not in parts:
                raise UnknownNameError("part of a network", term.part, (*parts, LAYERS, ALL))
            named = {ALL: list(parts), LAYERS: [p for p in parts if p != HEAD], "": [""]}
            for part in named.get(term.part, [p for p in parts if p == term.part]):
                found.append(
                    Term(term.what, part, term.times, term.strengths, term.between)
                    if part != term.part
                    else term
                )
        return Schedule(tuple(found))

    @property
    def keys(self) -> tuple[Key, ...]:
        """The terms with their parts, distinct, in the order in which they come first."""
        return tuple(dict.fromkeys((term.what, term.part) for term in self.terms))

    def strengths(self, time: float) -> dict[Key, float]:
        """Return the strength of each term on each part at a share of the training, 0…1."""
        found = dict.fromkeys(self.keys, 0.0)
        for term in self.terms:
            found[term.what, term.part] += term.strength(time)
        return found

    def table(self, steps: int) -> NDArray[np.float64]:
        """Return the strengths of all steps of a training, ``(steps, keys)``.

        Args:
            steps: Steps of the training, 1 or more. The first is at time 0, the last at 1.
        """
        rows = [
            list(self.strengths(step / max(steps - 1, 1)).values()) for step in range(max(steps, 1))
        ]
        return np.array(rows, dtype=np.float64).reshape(max(steps, 1), len(self.keys))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, JSON-able, which `from_dict` takes."""
        terms = [asdict(term) for term in self.terms]
        return {
            "terms": [
                {**t, "times": list(t["times"]), "strengths": list(t["strengths"])} for t in terms
            ]
        }

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Schedule:
        """Return the schedule of such data.

        Raises:
            InvalidArgumentError: If they are none.
        """
        if not isinstance(tree, Mapping) or set(tree) != {"terms"}:
            raise InvalidArgumentError(
                f"{shown(tree)} is no schedule; expected an object with the list 'terms'."
            )
        try:
            terms = [Term(**{str(k): v for k, v in dict(term).items()}) for term in tree["terms"]]
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(f"A term of the schedule is none ({error}).") from error
        return cls(tuple(terms))

    @classmethod
    def load(cls, path: str | Path) -> Schedule:
        """Return the schedule in a JSON file, such as `to_dict` gives.

        Raises:
            DataError: If there is no such file, or it is no JSON.
            InvalidArgumentError: If it is no schedule.
        """
        try:
            tree = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read as JSON ({error}).") from error
        return cls.from_dict(tree)


def _is_part(name: str) -> bool:
    if name in (ALL, LAYERS, HEAD, "stem"):
        return True
    kind, _, number = name.rpartition("-")
    return kind in ("layer", "cell") and number.isdecimal()
