"""Tables on disk: a folder with ``table.json`` and one ``.npy`` for each column.

Nothing in it can run code. Small arrays are read, large ones are memory-mapped, so a table opens
in milliseconds. It is written to a temporary folder first and takes its name in one rename.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from rlnas.atomic import atomic_directory, mend
from rlnas.benchmarks.column import Column
from rlnas.benchmarks.provenance import Provenance, file_sha256
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import guarded
from rlnas.errors import ChecksumError, DataError, bounded, shown
from rlnas.seal import BLANK, checksum, sealed
from rlnas.sealed_json import SEAL, read_sealed_json
from rlnas.spaces import SearchSpace, get_space
from rlnas.tasks import Metric

FORMAT = "rlnas-table"
VERSION = 1
MAP_FROM = 1 << 18
"""Arrays of this many bytes and more are memory-mapped."""

INDEX = "table.json"
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+\.npy")
"""What the names of array files are."""


def save_table(table: BenchmarkTable, folder: str | Path) -> Path:
    """Write a table as a folder, which it replaces if there is one.

    Args:
        table: The table.
        folder: The folder to write; it appears whole or not at all.

    Returns:
        The folder.

    Raises:
        DataError: If the folder cannot be written.
    """
    folder = Path(folder)
    try:
        with atomic_directory(folder, (INDEX, "*.npy")) as partial:
            index = {
                "format": FORMAT,
                "version": VERSION,
                "name": table.name,
                "space": table.space.name,
                "space_size": table.space.size,
                "rows": table.num_rows,
                "primary": table.primary,
                "costs": table.costs,
                "tests": table.tests,
                "canonical_free": table.canonical_free,
                # Without an empty note, so that a table without one is read by what knows none.
                "source": {k: v for k, v in asdict(table.source).items() if v or k != "note"},
                SEAL: BLANK,
                "architectures": None,
                "columns": [],
            }
            if table.architectures is not None:
                index["architectures"] = _write(partial / "architectures.npy", table.architectures)
            index["columns"] = [
                {
                    "task": column.task,
                    "metric": asdict(column.metric),
                    "axes": list(column.axes),
                    "seeds": list(column.seeds),
                    **_write(partial / _file_name(number, column), column.values),
                }
                for number, column in enumerate(table.columns)
            ]
            text = json.dumps(index, indent=1, ensure_ascii=False)
            (partial / INDEX).write_bytes(sealed((text + "\n").encode()))
    except OSError as error:
        raise DataError(
            f"The table {table.name!r} cannot be written to {folder}: {error}."
        ) from error
    return folder


def _file_name(number: int, column: Column) -> str:
    """Return a name that a reader recognises and that no two columns share."""
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{column.task}.{column.metric.name}")[:80]
    return f"{number:03d}.{readable}.npy"


def _write(path: Path, array: NDArray[Any]) -> dict[str, object]:
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "crc32c": checksum(path.read_bytes()),
        "shape": list(array.shape),
        "dtype": array.dtype.str,
        "sha256": file_sha256(path),
    }


def open_table(
    folder: str | Path, *, space: SearchSpace | None = None, verify: bool = False
) -> BenchmarkTable:
    """Open a table that `save_table` wrote.

    Sizes, shapes and types of all arrays are always checked against ``table.json``, and what is
    read is against its checksum; of an array that is memory-mapped the checksum is checked with
    ``verify``, for that reads all of it.

    Args:
        folder: The table's folder.
        space: The search space, where it is not registered under the table's name for it.
        verify: Whether to check the SHA-256 of every array too.

    Raises:
        DataError: If the folder is missing, incomplete, damaged or of another format.
        ChecksumError: If an array's content differs from its checksum.
    """
    folder = Path(folder)
    path = folder / INDEX
    if not path.exists():
        mend(folder)  # killed while one table took the place of another
    index = read_sealed_json(path, f"table ({INDEX})", remedy="Fetch or import it again.")
    if index.get("format") != FORMAT:
        raise DataError(f"{path} describes no table of rlnas.")
    if index.get("version") != VERSION:
        raise DataError(
            f"{path} has table format version {shown(index.get('version'))}; this rlnas reads "
            f"{VERSION}. Fetch or import the table again."
        )
    with guarded(folder, "table of rlnas: fetch or import it again"):
        return _assemble(folder, index, space, verify)


def _assemble(
    folder: Path, index: Mapping[str, Any], space: SearchSpace | None, verify: bool
) -> BenchmarkTable:
    space = space or get_space(index["space"])
    if space.name != index["space"] or space.size != index["space_size"]:
        raise DataError(
            f"The table in {folder} is about the search space {shown(index['space'])} with "
            f"{shown(index['space_size'])} architectures, not {space.name!r} with {space.size}."
        )
    rows = index["architectures"]
    files = [entry["file"] for entry in index["columns"]]
    if len(set(files)) < len(files):
        raise DataError(f"{folder / INDEX} names an array file twice.")
    columns = [
        Column(
            entry["task"],
            Metric(**entry["metric"]),
            _read(folder, entry, verify),
            tuple(entry["axes"]),
            tuple(entry["seeds"]),
        )
        for entry in index["columns"]
    ]
    return BenchmarkTable(
        index["name"],
        space,
        columns,
        primary=index["primary"],
        source=Provenance(**index["source"]),
        costs=index["costs"],
        tests=index["tests"],
        canonical_free=index.get("canonical_free", False),
        architectures=None if rows is None else _read(folder, rows, verify),
    )


def _read(folder: Path, entry: Mapping[str, Any], verify: bool) -> NDArray[Any]:
    name = entry["file"]
    if not isinstance(name, str) or not _PLAIN.fullmatch(name):
        raise DataError(f"{folder / INDEX} names the array file {shown(name)}: no plain name.")
    path = folder / name
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DataError(f"The table in {folder} lacks the array {name}.") from error
    size = status.st_size if stat.S_ISREG(status.st_mode) else -1
    if size != entry["bytes"]:
        raise DataError(f"{path} has {size} bytes, expected {shown(entry['bytes'])}.")
    if verify and (digest := file_sha256(path)) != entry["sha256"]:
        raise ChecksumError(f"{path} has SHA-256 {digest}, expected {shown(entry['sha256'])}.")
    try:
        array = _open_array(path, size, entry.get("crc32c"))
    except Exception:
        with guarded(path, "array"):  # not around the call: a table has dozens of arrays
            raise
    if list(array.shape) != entry["shape"] or array.dtype.str != entry["dtype"]:
        raise DataError(
            f"{path} holds {array.dtype.str} of shape {list(array.shape)}, expected "
            f"{bounded(str(entry['dtype']), 20)} of shape {bounded(str(entry['shape']), 60)}."
        )
    array.setflags(write=False)
    return array


def _open_array(path: Path, size: int, expected: object) -> NDArray[Any]:
    """Return the array of a file in NumPy's format, mapped or read by its size.

    A table has many files with the same header, and NumPy's reader takes most of its time to parse
    that header, so each distinct one is parsed once.
    """
    with path.open("rb") as file:
        data = file.read() if size < MAP_FROM else file.read(_LONGEST_HEADER)
    if size < MAP_FROM and expected is not None and checksum(data) != expected:
        raise ChecksumError(f"{path} differs from its checksum: fetch or import the table again.")
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(data[len(_MAGIC) : start], "little")
    if not data.startswith(_MAGIC):
        raise DataError(f"{path} is no readable array: it is not in version 1.0 of NumPy's format.")
    shape, by_columns, dtype = _header(data[len(_MAGIC) : end])
    # What the header claims, against what there is.
    if dtype.hasobject or min(shape, default=0) < 0 or size != end + dtype.itemsize * prod(shape):
        raise DataError(f"{path} is no readable array: its header says something else.")
    order: Literal["F", "C"] = "F" if by_columns else "C"
    if size >= MAP_FROM:
        return np.memmap(path, dtype, "r", end, shape, order)
    return np.frombuffer(data, dtype, offset=end).reshape(shape, order=order)


_LONGEST_HEADER = 4096
_MAGIC = npy_format.magic(1, 0)


@lru_cache(maxsize=256)
def _header(text: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    return npy_format.read_array_header_1_0(BytesIO(text))
