"""Schedules of regularisation that have names, and what each is good for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.plain import make_plain
from rlnas.training.regularisation.schedule import ALL, FREEZE, HEAD, LAYERS, Schedule, Term


def constant(parts: Sequence[str], strength: float) -> Schedule:
    """Weight decay that never changes: the rival that every schedule has to beat."""
    return Schedule((Term("l2", ALL, (0.0, 1.0), (strength, strength)),))


def strong_to_weak(parts: Sequence[str], strength: float) -> Schedule:
    """Weight decay that falls to nothing: a simple model first, refined in the end."""
    return Schedule((Term("l2", ALL, (0.0, 1.0), (strength, 0.0), "cosine"),))


def weak_to_strong(parts: Sequence[str], strength: float) -> Schedule:
    """Weight decay that rises from nothing: fit first, then simplify, as one prunes."""
    return Schedule((Term("l2", ALL, (0.0, 1.0), (0.0, strength), "cosine"),))


def layer_by_layer(parts: Sequence[str], strength: float) -> Schedule:
    """A penalty on whole neurons that goes from the first layer to the last, one at a time."""
    layers = [part for part in parts if part != HEAD]
    each = 1 / max(len(layers), 1)
    return Schedule(
        tuple(
            Term("group", part, (k * each, min((k + 1) * each, 1.0)), (strength, strength))
            for k, part in enumerate(layers)
        )
    )


def sparse_late(parts: Sequence[str], strength: float) -> Schedule:
    """A penalty on whole neurons that rises in the second half: a network that can be cut."""
    return Schedule((Term("group", LAYERS, (0.5, 1.0), (0.0, strength)),))


def autoencoder_first(parts: Sequence[str], strength: float) -> Schedule:
    """Reconstruct the rows, then predict from a frozen encoder, then thaw it: for few labels."""
    first = next((part for part in parts if part != HEAD), None)
    if first is None:  # nothing that could be an encoder
        return Schedule()
    return Schedule(
        (
            Term("reconstruction", first, (0.0, 0.3, 0.6), (1.0, 1.0, 0.0)),
            Term("prediction", "", (0.3, 1.0), (1.0, 1.0)),
            Term(FREEZE, first, (0.3, 0.6), (1.0, 1.0)),
            Term("l2", HEAD, (0.3, 1.0), (strength, strength)),
        )
    )


EXPERTS: Mapping[str, tuple[Callable[[Sequence[str], float], Schedule], float]] = {
    "constant": (constant, 0.3),
    "strong-to-weak": (strong_to_weak, 1.0),
    "weak-to-strong": (weak_to_strong, 1.0),
    "layer-by-layer": (layer_by_layer, 1.0),
    "sparse-late": (sparse_late, 3.0),
    "autoencoder-first": (autoencoder_first, 0.3),
}
"""What makes each schedule, and its usual strength."""


@dataclass(frozen=True)
class ExpertSchedule:
    """A schedule by name, for whatever parts a network has.

    The steps of the experts in Potanin, Vayser & Strijov (arXiv 2406.12992) are not public; these
    are readings of what additive regularisation is known for: terms come one after another.

    Attributes:
        name: One of `expert_names`.
        strength: Strength λ of its penalties at their strongest; None for the usual one.

    Raises:
        UnknownNameError: If there is no such schedule.
        InvalidArgumentError: If the strength is negative.
    """

    name: str
    strength: float | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        if self.name not in EXPERTS:
            raise UnknownNameError("schedule", self.name, EXPERTS)
        strength = EXPERTS[self.name][1] if self.strength is None else float(self.strength)
        if not 0 <= strength < float("inf"):
            raise InvalidArgumentError(f"strength is {self.strength}; expected 0 or more.")
        object.__setattr__(self, "strength", strength)

    def on(self, parts: Sequence[str]) -> Schedule:
        """Return the schedule for a network's parts, see `Schedule.on`."""
        return EXPERTS[self.name][0](parts, float(self.strength or 0.0)).on(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, JSON-able."""
        return {"expert": self.name, "strength": self.strength}


def expert_names() -> tuple[str, ...]:
    """Return the names of the schedules."""
    return tuple(EXPERTS)


def schedule_from(tree: object) -> Schedule | ExpertSchedule:
    """Return the schedule that plain data describe, by name or in full.

    Raises:
        InvalidArgumentError: If they are none.
        UnknownNameError: If there is no schedule or term of a name.
    """
    if isinstance(tree, Schedule | ExpertSchedule):
        return tree
    if isinstance(tree, str):
        return ExpertSchedule(tree)
    if isinstance(tree, Mapping) and set(tree) == {"expert", "strength"}:
        return ExpertSchedule(tree["expert"], tree["strength"])
    return Schedule.from_dict(tree)  # type: ignore[arg-type]
