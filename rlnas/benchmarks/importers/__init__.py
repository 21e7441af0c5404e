"""Importers: published and user files to tables."""

from rlnas.benchmarks.importers.registry import import_formats, import_options, import_table
from rlnas.benchmarks.importers.tabular import ColumnSpec

__all__ = ["ColumnSpec", "import_formats", "import_options", "import_table"]
