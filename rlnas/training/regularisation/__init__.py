"""Additive regularisation: penalties bound to parts of a network, by a schedule over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.training.regularisation.experts import ExpertSchedule, expert_names
from rlnas.training.regularisation.schedule import Schedule, Term

if TYPE_CHECKING:
    from rlnas.training.regularisation.masks import NeuronMasks, search_masks
    from rlnas.training.regularisation.points import schedule_of

__all__ = [
    "ExpertSchedule",
    "NeuronMasks",
    "Schedule",
    "Term",
    "expert_names",
    "schedule_of",
    "search_masks",
]

__getattr__ = lazy_names(
    __name__,
    {
        "NeuronMasks": "rlnas.training.regularisation.masks",
        "schedule_of": "rlnas.training.regularisation.points",
        "search_masks": "rlnas.training.regularisation.masks",
    },
)
