"""Tables of measured results: format, catalogue, download, importers, suites."""

from typing import TYPE_CHECKING

from rlnas.benchmarks.builtin import built_in_tables
from rlnas.benchmarks.cache import cache_root, installed_tables
from rlnas.benchmarks.catalogue import (
    CatalogueEntry,
    CatalogueFile,
    catalogue,
    catalogue_tables,
    get_entry,
)
from rlnas.benchmarks.column import Column
from rlnas.benchmarks.download import fetch_file
from rlnas.benchmarks.equivalents import spread_to_equivalents
from rlnas.benchmarks.fetch import fetch, install_table, load_table
from rlnas.benchmarks.hostile import hostile_suite
from rlnas.benchmarks.importers import import_formats, import_options, import_table
from rlnas.benchmarks.info import table_info
from rlnas.benchmarks.measured import MeasuredSuite
from rlnas.benchmarks.provenance import Provenance
from rlnas.benchmarks.storage import open_table, save_table
from rlnas.benchmarks.suites import load_suite, suite_names
from rlnas.benchmarks.synthetic import synthetic_suite
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.benchmarks.noise import SuiteNoise, TaskNoise

__all__ = [
    "BenchmarkTable",
    "CatalogueEntry",
    "CatalogueFile",
    "Column",
    "MeasuredSuite",
    "Provenance",
    "SuiteNoise",
    "TaskNoise",
    "built_in_tables",
    "cache_root",
    "catalogue",
    "catalogue_tables",
    "fetch",
    "fetch_file",
    "get_entry",
    "hostile_suite",
    "import_formats",
    "import_options",
    "import_table",
    "install_table",
    "installed_tables",
    "load_suite",
    "load_table",
    "open_table",
    "save_table",
    "spread_to_equivalents",
    "suite_names",
    "synthetic_suite",
    "table_info",
]

# A command that loads a table need not load what judges one.
__getattr__ = lazy_names(
    __name__,
    {"SuiteNoise": "rlnas.benchmarks.noise", "TaskNoise": "rlnas.benchmarks.noise"},
)
