"""Tables: rows of numbers, words and dates with one or more columns to predict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.datasets.tables.options import TableOptions
from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.datasets.tables.builtin import table_names
    from rlnas.datasets.tables.loading import TableSplit, load_table_data
    from rlnas.datasets.tables.preparation import TablePreparation

__all__ = ["TableOptions", "TablePreparation", "TableSplit", "load_table_data", "table_names"]

__getattr__ = lazy_names(
    __name__,
    {
        "TablePreparation": "rlnas.datasets.tables.preparation",
        "TableSplit": "rlnas.datasets.tables.loading",
        "load_table_data": "rlnas.datasets.tables.loading",
        "table_names": "rlnas.datasets.tables.builtin",
    },
)
