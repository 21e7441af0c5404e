"""How long a suite takes to load, beside ``torch.load`` of the same content as published."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rlnas.bench.measures.official_layout import (
    OfficialFile,
    Variant,
    official_variants,
    write_official_layout,
)
from rlnas.benchmarks import BenchmarkTable, load_suite, load_table
from rlnas.benchmarks.builtin import BUILT_IN, built_in_folder
from rlnas.benchmarks.cache import table_folder
from rlnas.benchmarks.fetch import SYNTHETIC
from rlnas.errors import InvalidArgumentError

Job = Callable[[], object]

_WEIGHTS_ONLY = {"weights_only": True, "any_pickle": False}


def measure_table_loading(
    suite: str, repeats: int = 5, *, variants: Sequence[Variant] = ("same-content",)
) -> dict[str, Any]:
    """Measure `rlnas.benchmarks.load_suite` and, where there is one, the official layout.

    rlnas keeps no table in memory, so each repeat opens the files again, and so does
    ``torch.load``. All files are in the page cache, and the contenders take turns. What a process
    does once is not counted on either side: importing libraries, building the search space.

    Args:
        suite: Name of a suite. It is loaded once before, so that a download is not counted.
        repeats: Number of measurements of each contender.
        variants: Variants of the official layout to measure, see `official_layout`;
            those that the suite does not have are left out. A ``torch.load`` of ``official-size``
            takes about ten seconds and needs about a gigabyte.

    Returns:
        JSON-able, all times in seconds as median, minimum, maximum and all repeats:

        * ``suite``;
        * ``seconds``: of ``load_suite``;
        * ``seconds_with_scores``: of ``load_suite`` and a read of every score of every task, so
          that nothing is left to memory mapping;
        * ``bytes``: size of the table's folder, None for the synthetic suite;
        * ``official``: None where there is no official layout, else for each variant ``bytes``,
          ``held`` and ``filled`` (what in the file comes from the table and what does not), and
          for ``weights_only`` (``torch.load(…, weights_only=True)``, PyTorch's own default) and
          ``any_pickle`` (``weights_only=False``, faster, but such a file can run code) a dict with
          ``seconds``, ``times_faster`` (ratio of its median to that of ``seconds`` above) and
          ``times_faster_with_scores`` (the same for ``seconds_with_scores``).

    Raises:
        InvalidArgumentError: If ``repeats`` is not positive or a variant is unknown.
        UnknownNameError: If there is no such suite.
        DataError: If its table cannot be had.
    """
    unknown = set(variants) - {"same-content", "official-size"}
    if repeats < 1 or unknown:
        raise InvalidArgumentError(
            f"repeats is {repeats} and variants are {tuple(variants)}; expected at least 1, and "
            "variants among 'same-content' and 'official-size'."
        )
    load_suite(suite)
    table = None if suite == SYNTHETIC else load_table(suite)
    chosen = [v for v in official_variants(table) if v in variants] if table is not None else []
    with tempfile.TemporaryDirectory(prefix="rlnas-bench-") as folder:
        files = [_written(table, Path(folder), variant) for variant in chosen if table is not None]
        jobs: dict[tuple[str, str], Job] = {
            ("rlnas", "seconds"): lambda: load_suite(suite),
            ("rlnas", "seconds_with_scores"): lambda: _read_scores(suite),
        }
        for file in files:
            for name, weights_only in _WEIGHTS_ONLY.items():
                jobs[file.variant, name] = _torch_load(file.path, weights_only)
        times = _in_turns(jobs, repeats)
    ours = {name: times["rlnas", name] for name in ("seconds", "seconds_with_scores")}
    return {
        "suite": suite,
        **ours,
        "bytes": None if table is None else _folder_bytes(suite),
        "official": {file.variant: _row(file, times, ours) for file in files} or None,
    }


def _written(table: BenchmarkTable, folder: Path, variant: Variant) -> OfficialFile:
    file = write_official_layout(table, folder / f"{variant}.pth", variant)
    file.path.read_bytes()  # into the page cache, should writing not have left it there
    return file


def _read_scores(suite: str) -> float:
    return sum(float(task.scores.sum()) for task in load_suite(suite).values())


def _torch_load(path: Path, weights_only: bool) -> Job:
    import torch

    return lambda: torch.load(path, map_location="cpu", weights_only=weights_only)


def _in_turns(jobs: dict[tuple[str, str], Job], repeats: int) -> dict[tuple[str, str], Any]:
    times: dict[tuple[str, str], list[float]] = {key: [] for key in jobs}
    for _ in range(repeats):
        for key, job in jobs.items():
            gc.collect()  # so that nobody pays for what the one before left behind
            start = time.perf_counter()
            made = job()
            times[key].append(time.perf_counter() - start)
            del made
    return {key: _summary(seconds) for key, seconds in times.items()}


def _summary(seconds: list[float]) -> dict[str, Any]:
    return {
        "median": statistics.median(seconds),
        "min": min(seconds),
        "max": max(seconds),
        "repeats": seconds,
    }


def _row(
    file: OfficialFile, times: dict[tuple[str, str], Any], ours: dict[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {"bytes": file.bytes, "held": file.held, "filled": file.filled}
    for name in _WEIGHTS_ONLY:
        theirs = times[file.variant, name]
        row[name] = {
            "seconds": theirs,
            "times_faster": theirs["median"] / ours["seconds"]["median"],
            "times_faster_with_scores": theirs["median"] / ours["seconds_with_scores"]["median"],
        }
    return row


def _folder_bytes(suite: str) -> int:
    folder = built_in_folder(suite) if suite in BUILT_IN else table_folder(suite)
    return sum(path.stat().st_size for path in folder.iterdir())
