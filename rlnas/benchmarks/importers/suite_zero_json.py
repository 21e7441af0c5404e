"""Importer of NAS-Bench-Suite-Zero's JSON files (Krishnakumar et al., 2022, arXiv 2210.03230).

A file is ``{task: {tuple: {"idx", "arch", "val_accuracy", "<proxy>": {"score", "time"}, …}}}`` for
a sample of one space's architectures. Its ``val_accuracy`` is the **best** epoch's on
TransNAS-Bench-101, where no number is below the full table's of the final epoch and most are above.
On NAS-Bench-201 all its numbers are those of the full table, so they are the final epoch's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlnas.benchmarks.importers.naslib_encoding import SPACES, TASKS, read_tuple
from rlnas.benchmarks.importers.naslib_records import RecordTable
from rlnas.benchmarks.provenance import Provenance, converter, file_sha256
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import guarded, read_json
from rlnas.errors import DataError, bounded, shown
from rlnas.spaces import SearchSpace, get_space


def read_suite_zero_json(
    path: str | Path, *, name: str | None = None, space: str | None = None
) -> list[BenchmarkTable]:
    """Return the table in a NAS-Bench-Suite-Zero JSON file, in a list.

    On TransNAS-Bench-101 its metrics have the epoch policy ``best`` and are not comparable with
    final-epoch tables; on NAS-Bench-201 they have ``final``. The proxies have split ``none``;
    those that the source marks as not computed (−1e8, infinite) are NaN. Architectures that a task
    lacks are NaN.

    Args:
        path: The JSON file.
        name: Name of the table; the file's name without its ending by default.
        space: Name of the search space; by default the one in which all architectures exist.

    Raises:
        DataError: If it is no such file, or the search space cannot be told.
    """
    path = Path(path)
    known = get_space(space) if space is not None else None
    content = read_json(path, "JSON file of NAS-Bench-Suite-Zero")
    with guarded(path, "JSON file of NAS-Bench-Suite-Zero"):
        return _read(path, name or path.stem, content, known)


def _read(path: Path, name: str, content: Any, space: SearchSpace | None) -> list[BenchmarkTable]:
    if (
        not isinstance(content, dict)
        or not content
        or not all(isinstance(records, dict) and records for records in content.values())
    ):
        raise DataError(f"{path} is not in the layout {{task: {{architecture: record}}}}.")
    found = space if space is not None else _guess_space(path, content)
    if found.name not in TASKS:
        raise DataError(f"NAS-Bench-Suite-Zero tuples of {found.name!r} are not known.")
    records = RecordTable(found, "final" if found.name == "nasbench-201" else "best")
    for task, by_architecture in content.items():
        where = f"{path.name}/{task}"
        for key, record in by_architecture.items():
            if not isinstance(record, Mapping) or record.get("arch", key) != key:
                raise DataError(
                    f"{where}: the record of {shown(key)} is about another architecture."
                )
        records.add(task, ({"arch": k, **r} for k, r in by_architecture.items()), where)
    source = Provenance(
        title=f"NAS-Bench-Suite-Zero results in {bounded(path.name)}",
        sha256=file_sha256(path),
        citation="Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022, arXiv:2210.03230",
        converted_by=converter(),
    )
    return [records.to_table(name, source, complete=False)]


def _guess_space(path: Path, content: Mapping[str, Mapping[str, object]]) -> SearchSpace:
    tuples = {key for records in content.values() for key in records}
    fitting = []
    for name in SPACES.values():
        space = get_space(name)
        if not set(content) & set(TASKS[name]):
            continue
        try:
            for text in tuples:
                read_tuple(text, space)
        except DataError:
            continue
        fitting.append(space)
    if len(fitting) != 1:
        names = ", ".join(space.name for space in fitting) or "none of the known ones"
        raise DataError(
            f"{path}: its architectures and tasks fit {names}; name the search space with space=…, "
            f"one of {', '.join(SPACES.values())}."
        )
    return fitting[0]
