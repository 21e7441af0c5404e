"""Parquet files that say whether they are still what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.atomic import atomic_file
from rlnas.damage import guarded
from rlnas.errors import DataError
from rlnas.seal import BLANK, check_seal, sealed_pieces

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SEAL_KEY = b"rlnas.checksum"


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as the content of a Parquet file with its checksum, see `rlnas.seal`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.BufferOutputStream()
    known = table.schema.metadata or {}
    pq.write_table(table.replace_schema_metadata({**known, _SEAL_KEY: BLANK}), content)
    whole = content.getvalue().to_pybytes()
    return b"".join(sealed_pieces(whole, _footer(whole)))


def _footer(content: bytes) -> int:
    """Return where the footer of a Parquet file begins, which ends with its length and a mark."""
    return max(0, len(content) - 8 - int.from_bytes(content[-8:-4], "little"))


def read_parquet(path: str | Path) -> pa.Table:
    """Return the table of a Parquet file; one without a checksum is taken as it is.

    Raises:
        DataError: If the file is missing, damaged, or no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not Path(path).exists():
        raise DataError(f"{path} is missing.")
    with guarded(path, "Parquet file"):
        content = Path(path).read_bytes()
        check_seal(content, _footer(content))
        # Neither a folder of files nor threads, which would take longer than a small file.
        table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
        check_seal(content, _footer(content), expected=_SEAL_KEY in (table.schema.metadata or {}))
    return table


def write_frame(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a frame without its index, atomically.

    Raises:
        UnwritableError: If it cannot be written; a file that was there is as it was.
    """
    import pyarrow as pa

    content = parquet_bytes(pa.Table.from_pandas(frame, preserve_index=False))
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def read_frame(path: str | Path) -> pd.DataFrame:
    """Return the frame that `write_frame` wrote.

    Raises:
        DataError: As `read_parquet`.
    """
    frame: pd.DataFrame = read_parquet(path).to_pandas()
    return frame
