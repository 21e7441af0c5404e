"""A file as a table: CSV, TSV or Parquet, or one clear error."""

from __future__ import annotations

import codecs
import csv
import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.datasets.tables.columns import MISSING
from rlnas.errors import DataError, shown

if TYPE_CHECKING:
    import pandas as pd

_PARQUET = (".parquet", ".pq")
_TEXTS = (".csv", ".tsv", ".txt")
_DELIMITERS = ",;\t|"
_SNIFFED = 1 << 16


def read_table(path: str | Path, memory_limit: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table in a file, and what a reader of results must know of it.

    The cells of a text are texts, as they stand in the file: what a column holds is decided later
    from its training rows.

    Args:
        path: The file; ``.csv``, ``.tsv``, ``.txt`` or ``.parquet``, texts also ``.gz``.
        memory_limit: Bytes up to which a file is read.

    Raises:
        DataError: If there is no such file, it is too large, or it is no table.
    """
    path = Path(path)
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    ending = endings[-2] if len(endings) > 1 and endings[-1] == ".gz" else (endings or [""])[-1]
    if not path.is_file():
        raise DataError(f"There is no file {path}; expected a CSV, TSV or Parquet file.")
    if ending not in (*_PARQUET, *_TEXTS):
        raise DataError(
            f"{path} ends in {ending or 'nothing'}; expected "
            f"{', '.join((*_TEXTS, _PARQUET[0]))}. Rename it if it is one of these."
        )
    size = path.stat().st_size
    if size > memory_limit:
        raise DataError(
            f"{path} has {size / 2**20:,.0f} MB, more than memory_limit={memory_limit} bytes "
            "allows. Give a larger memory_limit, or a file with fewer rows."
        )
    frame, notes = _parquet(path) if ending in _PARQUET else _text(path, ending)
    if frame.empty:
        raise DataError(f"{path} has no rows below its header; expected a row for each example.")
    return frame, notes


def _parquet(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    import pandas as pd

    try:
        return pd.read_parquet(path), ()
    except Exception as error:  # pyarrow raises its own and others'
        raise DataError(f"{path} is no Parquet file ({_line(error)}).") from error


def _text(path: Path, ending: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    import pandas as pd

    try:
        encoding, notes = _encoding(path)
        with _opened(path, encoding) as file:
            start = file.read(_SNIFFED).lstrip("\ufeff\r\n")  # as pandas skips empty lines
        if not start.strip():
            raise DataError(f"{path} is empty; expected a header and a row for each example.")
        delimiter = "\t" if ending == ".tsv" else _delimiter(start)
        header = next(csv.reader(start.splitlines(), delimiter=delimiter))
        _check_header(path, header)
        frame: pd.DataFrame = pd.read_csv(
            path,
            sep=delimiter,
            encoding=encoding,
            dtype=str,
            keep_default_na=False,
            na_values=list(MISSING),
            skipinitialspace=True,
            index_col=False,
            low_memory=False,
        )
    except (UnicodeError, csv.Error, pd.errors.ParserError, OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} is no table ({_line(error)}).") from error
    frame.columns = pd.Index([name.strip() for name in header])
    if "" in frame.columns and _numbers_rows(frame[""]):  # as pandas writes its index
        frame = frame.drop(columns="")
        notes += ("The column without a name numbers the rows; it is left out.",)
    return frame, notes


def _numbers_rows(cells: pd.Series) -> bool:
    """Return whether cells are 0, 1, 2 … or 1, 2, 3 and so on."""
    first = cells.iloc[0] if len(cells) else None
    if first not in ("0", "1"):
        return False
    return cells.tolist() == [str(n) for n in range(int(first), int(first) + len(cells))]


def _encoding(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return how a text is encoded: UTF-8 or 16, else Latin-1, which is a guess and said."""
    with _opened(path, None) as file:
        start = file.read(2)
        if start in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16", ()
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := file.read(1 << 22):
                if b"\0" in piece:
                    raise DataError(
                        f"{path} has NUL bytes in it, as damaged files have, or UTF-16 without its "
                        "mark; expected a text, best in UTF-8."
                    )
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1", (f"{path.name} is not UTF-8; it was read as Latin-1.",)
    return "utf-8-sig", ()


def _opened(path: Path, encoding: str | None):  # type: ignore[no-untyped-def]
    mode = "rb" if encoding is None else "rt"
    newline = None if encoding is None else ""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, mode, encoding=encoding, newline=newline)
    return path.open(mode, encoding=encoding, newline=newline)


def _delimiter(start: str) -> str:
    """Return what separates the cells: the sign that parts the header most often."""
    header = start.splitlines()[0]
    counts = {sign: len(next(csv.reader([header], delimiter=sign))) for sign in _DELIMITERS}
    return max(_DELIMITERS, key=lambda sign: counts[sign])


def _check_header(path: Path, header: list[str]) -> None:
    names = [name.strip() for name in header]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(
            f"{path} has more than one column called {shown(repeated[0])}; give each its own name."
        )
    if len(names) < 2:
        raise DataError(
            f"{path} has one column, {shown(names[0])}; expected columns separated by a comma, "
            "semicolon, tab or bar: at least one to predict from and one to predict."
        )


def _line(error: BaseException) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text.removeprefix("Error tokenizing data. C error: ")[:300]
