"""The reference study's claims under a budget of queries: the matrix's searches on its four tasks.

Reads what ``experiments/transfer-matrix-micro/run.sh`` measured; trains and searches nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from reference_study.config import REFERENCE_TASKS

from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.reporting.matrix.speed_up import pooled_speed_up
from rlnas.reporting.matrix.transfer_metrics import (
    pooled_transfer_metrics,
    resampled_pairs,
    transfer_metrics,
)
from rlnas.runs.cell import NO_SOURCE, OTHERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", type=Path, required=True, help="curves.parquet of a matrix")
    parser.add_argument("--keep", type=Path, required=True, help="the table is written here")
    options = parser.parse_args()
    curves = pd.read_parquet(options.curves)
    tasks = [*REFERENCE_TASKS]
    curves = curves[curves["target"].isin(tasks)]
    curves = curves[curves["source"].isin([*tasks, NO_SOURCE, OTHERS])]
    curves = curves[curves["source"] != curves["target"]]
    courses = SearchCurves.from_frame(curves)
    pairs = resampled_pairs(courses)
    cells = transfer_metrics(pairs)
    pooled = pooled_transfer_metrics(pairs)
    speed = pooled_speed_up(courses)
    seeds = curves["seed"].nunique()
    lines = [
        f"Four tasks, {seeds} seeds, best of {int(curves['query'].max())} queries, -log10 rank. A "
        "pair is a source and a target;",
        "`others`: all six other tasks of the suite at once. better / surely: pairs whose mean "
        "over seeds is above scratch's,",
        "and whose 95 % interval excludes 0 (worse likewise). speed-up: queries that scratch needs "
        "to reach its final level over",
        "those of the method, restricted means, median pair; budget ratio: all 50 queries over "
        "those of the method.",
        "",
        f"{'method':24s}{'from':8s}{'pairs':>6s}{'better':>8s}{'surely':>8s}{'worse':>7s}"
        f"{'final gain':>22s}{'speed-up':>20s}{'budget ratio':>20s}",
    ]
    for row in pooled.to_dict("records"):
        method, kind = row["method"], row["sources"]
        own = cells[(cells["method"] == method) & (cells["sources"] == kind)]
        fast = speed[
            (speed["method"] == method) & (speed["sources"] == kind) & (speed["level"] == 1)
        ].iloc[0]
        gain = own["asymptotic_gain"]
        lines.append(
            f"{method:24s}{kind:8s}{len(own):6d}{(gain > 0).sum():8d}"
            f"{(own['asymptotic_gain_low'] > 0).sum():8d}"
            f"{(own['asymptotic_gain_high'] < 0).sum():7d}"
            f"{_interval(row, 'asymptotic_gain'):>22s}{_interval(fast, 'speed_up'):>20s}"
            f"{_interval(fast, 'budget_ratio'):>20s}"
        )
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    print(text, end="")
    options.keep.write_text(text, encoding="utf-8")


def _interval(row: dict[str, float] | pd.Series, name: str) -> str:
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"


if __name__ == "__main__":
    main()
