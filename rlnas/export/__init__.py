"""Trained networks as files that work without this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.export.folder import export_model
    from rlnas.export.source import model_source
    from rlnas.export.table import export_table_model, table_model_source

__all__ = ["export_model", "export_table_model", "model_source", "table_model_source"]

__getattr__ = lazy_names(
    __name__,
    {
        "export_model": "rlnas.export.folder",
        "export_table_model": "rlnas.export.table",
        "model_source": "rlnas.export.source",
        "table_model_source": "rlnas.export.table",
    },
)
