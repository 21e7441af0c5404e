"""From a catalogue name to tables in the cache, and from the cache to memory."""

from __future__ import annotations

import logging

from rlnas.benchmarks.builtin import BUILT_IN, built_in_tables, open_built_in
from rlnas.benchmarks.cache import cache_lock, installed_tables, table_folder
from rlnas.benchmarks.catalogue import (
    CatalogueEntry,
    CatalogueFile,
    catalogue,
    catalogue_tables,
    get_entry,
)
from rlnas.benchmarks.download import Progress, fetch_file
from rlnas.benchmarks.importers import import_table
from rlnas.benchmarks.provenance import Provenance, converter
from rlnas.benchmarks.storage import INDEX, open_table, save_table
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError

_log = logging.getLogger("rlnas")

SYNTHETIC = "synthetic-micro"
"""Name of the suite that is drawn and not measured, which no table may take."""


def fetch(
    name: str, *, force: bool = False, on_progress: Progress | None = None
) -> list[BenchmarkTable]:
    """Bring a data set of the catalogue into the cache and return its tables.

    Everything is fetched, verified and converted before the first table is written, so a failure
    leaves the cache as it was, apart from verified files and the part of an interrupted download.

    Args:
        name: Name of a catalogue entry, or of one of its tables.
        force: Whether to fetch and convert again what is there already.
        on_progress: Called while bytes arrive, with bytes so far and bytes in all (or None).

    Raises:
        UnknownNameError: If the catalogue has no such entry.
        DataError: If it cannot be had, or is not what its checksum says; see `fetch_file`.
    """
    entry = get_entry(name)
    with cache_lock(f"entry-{entry.name}"):
        if not force:
            try:
                return [open_table(table_folder(table)) for table in entry.tables.values()]
            except DataError:
                pass  # not there yet, or damaged: it is made below
        return _make(entry, force=force, on_progress=on_progress)


def _make(
    entry: CatalogueEntry, *, force: bool, on_progress: Progress | None
) -> list[BenchmarkTable]:
    """Fetch and convert all files of an entry, then write all its tables. The lock is held."""
    tables = [
        table
        for file in entry.files
        for table in _convert(entry, file, force=force, on_progress=on_progress)
    ]
    missing = set(entry.tables.values()) - {table.name for table in tables}
    if missing:
        raise DataError(f"The files of {entry.name} lack the tables {sorted(missing)}.")
    return [open_table(save_table(table, table_folder(table.name))) for table in tables]


def _convert(
    entry: CatalogueEntry, file: CatalogueFile, *, force: bool, on_progress: Progress | None
) -> list[BenchmarkTable]:
    path = fetch_file(file, force=force, on_progress=on_progress)
    source = Provenance(
        title=entry.title,
        url=next(iter(file.addresses), entry.url),
        sha256=file.sha256,
        licence=entry.licence,
        citation=entry.citation,
        converted_by=converter(),
    )
    tables = import_table(path, entry.importer, **entry.options)
    unknown = {table.space.name for table in tables} - set(entry.tables)
    if unknown:
        raise DataError(f"{file.name} holds the unexpected search spaces {sorted(unknown)}.")
    return [table.renamed(entry.tables[table.space.name], source) for table in tables]


def load_table(name: str, *, verify: bool = False) -> BenchmarkTable:
    """Return a built-in table, or one from the cache; a catalogue's is fetched if it is not there.

    A damaged table of the catalogue is made again from its source; a damaged table of the user's
    is an error.

    Args:
        name: Name of the table.
        verify: Whether to check the SHA-256 of every array.

    Raises:
        UnknownNameError: If no table has this name.
        DataError: If it cannot be had or read.
    """
    if name in built_in_tables():
        return open_built_in(name, verify=verify)
    folder = table_folder(name)
    public = name in catalogue_tables()
    if (folder / INDEX).is_file():
        try:
            return open_table(folder, verify=verify)
        except DataError as error:
            if not public:
                raise
            _log.warning("The cached table %s is unusable and is made again: %s", name, error)
            entry = get_entry(name)
            with cache_lock(f"entry-{entry.name}"):
                return _named(_make(entry, force=False, on_progress=None), name)
    if not public:
        known = {*built_in_tables(), *catalogue_tables(), *installed_tables()}
        raise UnknownNameError("table", name, known)
    _log.info("Fetching %s into %s", get_entry(name).name, folder.parent)
    return _named(fetch(name), name)


def _named(tables: list[BenchmarkTable], name: str) -> BenchmarkTable:
    return next(table for table in tables if table.name == name)


def install_table(table: BenchmarkTable, *, replace: bool = False) -> BenchmarkTable:
    """Put a table into the cache, from where `load_table` and `load_suite` find it by its name.

    Args:
        table: The table; `BenchmarkTable.renamed` gives it another name.
        replace: Whether a table of that name may be replaced.

    Returns:
        The table as stored.

    Raises:
        InvalidArgumentError: If the name is built in, belongs to the catalogue or is taken.
        DataError: If the cache cannot be written.
    """
    if table.name in (SYNTHETIC, *BUILT_IN):
        raise InvalidArgumentError(
            f"The name {table.name!r} belongs to a built-in suite; give the table another one."
        )
    if table.name in {*catalogue_tables(), *(entry.name for entry in catalogue())}:
        raise InvalidArgumentError(
            f"The name {table.name!r} belongs to the catalogue; give the table another one. To use "
            "a copy of a public file that you have, put it in a folder and name that folder in "
            "RLNAS_DATA_MIRROR."
        )
    folder = table_folder(table.name)
    with cache_lock(f"table-{table.name}"):
        if folder.exists() and not replace:
            raise InvalidArgumentError(
                f"The cache has a table {table.name!r} already; pass replace=True or give this one "
                "another name."
            )
        return open_table(save_table(table, folder), space=table.space)
