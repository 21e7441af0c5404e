"""Formats by name, told apart by content."""

from __future__ import annotations

import inspect
import zipfile
from collections.abc import Callable
from pathlib import Path

from rlnas.benchmarks.importers.tabular_file import DELIMITERS
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import guarded
from rlnas.errors import DataError, InvalidArgumentError, shown
from rlnas.registry import Registry

Reader = Callable[..., list[BenchmarkTable]]

_HERE = "rlnas.benchmarks.importers"

IMPORTERS: Registry[Reader] = Registry(
    "format",
    {
        "naslib-zip": f"{_HERE}.naslib_zip:read_naslib_zip",
        "suite-zero-json": f"{_HERE}.suite_zero_json:read_suite_zero_json",
        "transnas-pth": f"{_HERE}.transnas_pth:read_transnas_pth",
        "nasbench201-pth": f"{_HERE}.nasbench201_official:read_nasbench201_official",
        "tabular": f"{_HERE}.tabular:read_tabular",
        "csv": f"{_HERE}.tabular:read_tabular",
        "parquet": f"{_HERE}.tabular:read_tabular",
    },
    group="rlnas.importers",
)
"""What reads each format: a function of a path, whose keyword-only arguments are its options."""

_HEAD = 8 << 20
"""How far into a PyTorch file its keys are looked for: past the list of 15,625 strings."""


def import_formats() -> tuple[str, ...]:
    """Return the names of the formats."""
    return IMPORTERS.names()


def import_options(format: str) -> dict[str, inspect.Parameter]:
    """Return the options that a format's importer takes, by name.

    Raises:
        UnknownNameError: If there is no such format.
    """
    parameters = inspect.signature(IMPORTERS.get(format)).parameters
    return {k: p for k, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


def import_table(
    path: str | Path,
    format: str | None = None,
    **options: object,
) -> list[BenchmarkTable]:
    """Read a published or a user's file and return the tables in it; nothing is stored.

    No format can run code from the file. `install_table` puts a table into the cache.

    Args:
        path: The file, or a folder where the format is one.
        format: ``naslib-zip``, ``suite-zero-json``, ``transnas-pth``, ``nasbench201-pth`` or
            ``tabular`` (also ``csv``, ``parquet``); told from the content by default.
        options: Options of the format, see `import_options` and the readers' documentation.

    Raises:
        UnknownNameError: If there is no such format.
        InvalidArgumentError: If an option is unknown, missing or has a wrong value.
        DataError: If there is no such file, or it is damaged, hostile or of another format.

    Example:
        >>> table, = import_table("scores.csv", space="nasbench-201",
        ...     columns={"acc": {"task": "mine", "unit": "%"}})  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file() and not path.is_dir():
        raise DataError(f"There is no file {path}.")
    if path.is_file() and not path.stat().st_size:
        raise DataError(f"{path} is empty; expected results, in one of {_formats()}.")
    name = guess_format(path) if format is None else format
    reader = IMPORTERS.get(name)
    known = import_options(name)
    unknown = set(options) - set(known)
    if unknown:
        raise InvalidArgumentError(
            f"The format {name!r} has no option {', '.join(sorted(unknown))}; it has "
            f"{', '.join(known)}."
        )
    lacking = [k for k, p in known.items() if p.default is p.empty and k not in options]
    if lacking:
        raise InvalidArgumentError(f"The format {name!r} needs the option {', '.join(lacking)}.")
    for option, value in options.items():
        if isinstance(known[option].default, bool) and not isinstance(value, bool):
            raise InvalidArgumentError(
                f"The option {option} of the format {name!r} is {shown(value)}; expected true or "
                "false."
            )
    return reader(path, **options)


def guess_format(path: Path) -> str:
    """Return the format of a file by its content.

    Raises:
        DataError: If it is none of the known ones.
    """
    if path.is_dir():
        if any(path.glob("[0-9]*-FULL.pth")):
            return "nasbench201-pth"
        raise _not_known(path)
    with guarded(path, "file"), path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PAR1"):
        return "tabular"
    if head.startswith(b"PK\x03\x04"):
        return _guess_zip(path)
    if head.startswith(b"\x80"):
        return _guess_pickle(head, path)
    if head.lstrip()[:1] == b"{":
        return "suite-zero-json"
    first = head.split(b"\n", maxsplit=1)[0]
    if any(sign.encode() in first for sign in DELIMITERS) and b"\0" not in first:
        return "tabular"
    raise _not_known(path)


def _guess_zip(path: Path) -> str:
    with guarded(path, "zip"), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any(Path(name).name.startswith("benchmark--") for name in names):
            return "naslib-zip"
        for name in names:
            if name.endswith("/data.pkl"):
                with archive.open(name) as member:
                    return _guess_pickle(member.read(_HEAD), path)
    raise _not_known(path)


def _guess_pickle(head: bytes, path: Path) -> str:
    if b"arch2infos" in head:
        return "nasbench201-pth"
    if b"metrics_dict" in head:
        return "transnas-pth"
    raise _not_known(path)


def _not_known(path: Path) -> DataError:
    return DataError(
        f"The format of {path} cannot be told from its content; name one of {_formats()}."
    )


def _formats() -> str:
    return ", ".join(import_formats())
