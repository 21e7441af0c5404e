"""Importer of NASLib's result zips: full tables of TransNAS-Bench-101 and NAS-Bench-201.

A zip holds files ``<proxy>/benchmark--<space>--<task>--<offset>.json``, each a list of records
``{"idx", "arch", "<proxy>": {"score", "time"}, "val_accuracy"}``. Nothing is extracted to disk.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

from rlnas.benchmarks.importers.naslib_encoding import SPACES
from rlnas.benchmarks.importers.naslib_records import RecordTable
from rlnas.benchmarks.provenance import Provenance, converter, file_sha256
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import guarded, parse_json
from rlnas.errors import DataError, bounded
from rlnas.spaces import get_space

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 16 << 20
MAX_TOTAL_BYTES = 256 << 20
"""Limits on what is unpacked in memory; the published zips have 7 MB in all."""
MOST_COMPRESSION = 200
"""Bytes of one in a zip; JSON of results has 10."""

_MEMBER = re.compile(r"benchmark--([A-Za-z0-9_]+)--([A-Za-z0-9_-]+?)--(\d+)\.json")


def read_naslib_zip(
    path: str | Path, *, name: str | None = None, complete: bool = True
) -> list[BenchmarkTable]:
    """Return one table for each search space in a zip.

    The metric is the final epoch's, the proxy in the zip is kept with split ``none``, and its
    value is NaN where the source marks it as not computed (−1e8).

    Args:
        path: The zip.
        name: Name of the table; with several spaces it is followed by each one's. By default the
            file's name without its ending.
        complete: Whether every task in it must have every architecture of its space.

    Raises:
        DataError: If it is no such zip, is damaged, unpacks to more than is plausible, or holds
            unknown, repeated or (with ``complete``) missing architectures.
    """
    path = Path(path)
    with guarded(path, "zip of NASLib results"):
        return _read(path, name or path.stem, complete=complete)


def _read(path: Path, stem: str, *, complete: bool) -> list[BenchmarkTable]:
    found: dict[str, RecordTable] = {}
    unknown: dict[str, None] = {}  # an ordered set
    with zipfile.ZipFile(path) as archive:
        for info, space, task in _members(archive, path):
            if space not in SPACES:
                unknown[space] = None
                continue
            if space not in found:
                found[space] = RecordTable(get_space(SPACES[space]), "final")
            records = _records(archive, info, path)
            found[space].add(task, records, f"{path.name}/{info.filename}")
    if unknown and not found:
        raise DataError(
            f"{path} holds the search space {', '.join(map(repr, unknown))[:200]}; known are "
            f"{', '.join(SPACES)}."
        )
    if not found:
        raise DataError(
            f"{path} holds no NASLib result; expected files "
            "'benchmark--<space>--<task>--<offset>.json'."
        )
    source = Provenance(
        title=f"NASLib results in {bounded(path.name)}",
        sha256=file_sha256(path),
        converted_by=converter(),
        note=f"left out: the unknown search spaces {', '.join(unknown)[:200]}" if unknown else "",
    )
    return [
        records.to_table(
            stem if len(found) == 1 else f"{stem}-{records.space.name}",
            source,
            complete=complete,
        )
        for records in found.values()
    ]


def _members(archive: zipfile.ZipFile, path: Path) -> list[tuple[zipfile.ZipInfo, str, str]]:
    """Return the result files with their space and task, after checking all names and sizes."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_MEMBERS:
        raise DataError(f"{path} holds {len(infos)} files; expected at most {MAX_MEMBERS}.")
    if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
        raise DataError(f"{path} unpacks to more than {MAX_TOTAL_BYTES >> 20} MiB: not opened.")
    members = []
    for info in infos:
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts:
            raise DataError(f"{path} names a file outside of itself: {info.filename!r}.")
        match = _MEMBER.fullmatch(inside.name)
        if match is None:
            continue
        if info.file_size > MAX_MEMBER_BYTES:
            raise DataError(
                f"{path}: {info.filename} unpacks to more than {MAX_MEMBER_BYTES >> 20} MiB."
            )
        if info.file_size > max(1 << 20, MOST_COMPRESSION * info.compress_size):
            raise DataError(
                f"{path}: {info.filename} claims to unpack {info.compress_size} bytes to "
                f"{info.file_size}: not opened."
            )
        members.append((info, match.group(1), match.group(2)))
    return members


def _records(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> list[object]:
    # ZipFile reads no more than the size in the directory, which was checked.
    text = archive.read(info)
    with guarded(f"{path}: {info.filename}", "JSON"):
        records = parse_json(text)
    if not isinstance(records, list):
        raise DataError(f"{path}: {info.filename} is no list of records.")
    return records
