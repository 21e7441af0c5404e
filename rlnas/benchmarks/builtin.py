"""The built-in tables: measured by this project, and part of the package.

``rooms-micro`` and ``rooms-macro`` hold real trainings on the rendered data set ``rooms``;
docs/rooms-suites.md says how they were made. They need no network, no cache and no download.
"""

from __future__ import annotations

from pathlib import Path

from rlnas.benchmarks.equivalents import spread_to_equivalents
from rlnas.benchmarks.storage import INDEX, open_table
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.errors import DataError, UnknownNameError

BUILT_IN = ("rooms-micro", "rooms-macro")
"""Names of the built-in tables, which no other table may take."""

_FOLDER = Path(__file__).parent / "data"


def built_in_tables() -> tuple[str, ...]:
    """Return the names of the built-in tables that this installation holds."""
    return tuple(name for name in BUILT_IN if (_FOLDER / name / INDEX).is_file())


def built_in_folder(name: str) -> Path:
    """Return the folder of a built-in table, whether this installation holds it or not.

    Beside the table it has ``plan.json``, which says what was trained: the description of a
    `rlnas.training.tabulation.plan.Tabulation`.

    Raises:
        UnknownNameError: If there is no built-in table of this name.
    """
    if name not in BUILT_IN:
        raise UnknownNameError("built-in table", name, BUILT_IN)
    return _FOLDER / name


def open_built_in(name: str, *, verify: bool = False) -> BenchmarkTable:
    """Return a built-in table, with a row for every architecture of its space.

    The package holds one row for each canonical form; see `spread_to_equivalents`.

    Args:
        name: One of `BUILT_IN`.
        verify: Whether to check the SHA-256 of every array.

    Raises:
        UnknownNameError: If there is no built-in table of this name.
        DataError: If the installation lacks it, or its files are damaged.
    """
    folder = built_in_folder(name)
    try:
        return spread_to_equivalents(open_table(folder, verify=verify))
    except DataError as error:
        raise DataError(
            f"The built-in table {name} cannot be read; install rlnas again. {error}"
        ) from error
