"""Searches that are asked and told: what they want evaluated is evaluated somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.studies.study import Study, open_study

__all__ = ["Study", "open_study"]

__getattr__ = lazy_names(
    __name__, {"Study": "rlnas.studies.study", "open_study": "rlnas.studies.study"}
)
