"""Make table, figure and page again from `bench.json`, with today's intervals; nothing is measured.

Usage: ``COLUMNS=80 python experiments/speed/intervals.py > experiments/speed/bench.txt``, from the
root of the repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import numpy as np

from rlnas.bench.measures.curves import RANK, compare_curves
from rlnas.cli.bench import BenchOptions, run
from rlnas.cli.screen import Screen

HERE = Path("experiments/speed")


def main() -> None:
    """Read what was measured, compute what follows from it, and let the command write it."""
    kept = json.loads((HERE / "bench.json").read_text(encoding="utf-8"))
    for name, measure in kept["curves"]["measures"].items():
        engines = (measure["engines"][engine]["values"] for engine in ("device", "sb3"))
        curves = compare_curves(*map(np.array, engines), ranks=name == RANK)
        kept["curves"]["measures"][name] = curves
    _, part, line = (kept.pop(key) for key in ("command", "name", "line"))
    options = BenchOptions(name=part, out=HERE, page=Path("docs/performance.md"))
    with patch("rlnas.bench.run.measure_speed", lambda *_, **__: kept):
        run(options, Screen(command=line))


if __name__ == "__main__":
    main()
