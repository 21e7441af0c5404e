"""How often do the intervals that tables show cover the truth? Simulations in which it is known.

Every interval comes from the functions that make the tables. The truth is the expectation of the
statistic: by 20,000 samples for one sample and for two, and the mean over all simulations for what
is over targets (of logarithms for a ratio).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.return_on_investment import investment_summary
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves
from rlnas.reporting.matrix.speed_up import pooled_speed_up
from rlnas.reporting.matrix.transfer_metrics import pooled_transfer_metrics, resampled_pairs
from rlnas.seeding import generator
from rlnas.statistics.bootstrap import (
    Bootstrap,
    Interval,
    bootstrap_interval,
    difference_interval,
    log_normal_mean,
)
from rlnas.statistics.means import interquartile_mean

FEW = Bootstrap(resamples=400)
Rng = np.random.Generator
Draw = Callable[..., Any]
DRAWS: dict[str, Draw] = {
    "normal": lambda rng, size: rng.normal(2, 1, size),
    "skewed": lambda rng, size: rng.exponential(1, size),
    "heavy tails": lambda rng, size: rng.standard_t(3, size),
    "tied log ranks": lambda rng, size: np.log10(np.ceil(rng.lognormal(1.5, 1.2, size))),
}
RANKS: dict[str, Draw] = {
    "ranks, one target": lambda rng, size: np.ceil(rng.lognormal(1.5, 1.2, size)),
    "ranks, mean of 7 targets": lambda rng, size: np.ceil(
        rng.lognormal(np.linspace(0.5, 3, 7), 1.0, (*np.atleast_1d(size), 7))
    ).mean(axis=-1),
}


def one_sample(rng: Rng, simulations: int) -> Iterator[dict[str, Any]]:
    """Yield the coverage of statistics of the seeds of one cell, and of two."""
    for n in (3, 5, 10, 20):
        for name, draw in {**DRAWS, **RANKS}.items():
            ranks = name in RANKS
            many = draw(rng, (20_000, n))
            options: dict[str, Any] = {"positive": True, "within": (1.0, np.inf)} if ranks else {}
            for label, statistic in (("mean", np.mean), ("interquartile mean", interquartile_mean)):
                if ranks:
                    options["least"] = log_normal_mean if label == "mean" else None
                found = [
                    bootstrap_interval(draw(rng, n), statistic, FEW, **options)
                    for _ in range(simulations)
                ]
                truth = float(statistic(many, axis=-1).mean())
                yield {"kind": label, "values": name, "searches": n, **covered(found, truth)}
            if not ranks:
                found = [
                    difference_interval(draw(rng, n), draw(rng, 20), bootstrap=FEW)
                    for _ in range(simulations)
                ]
                base = interquartile_mean(draw(rng, (20_000, 20)), axis=-1).mean()
                truth = float(interquartile_mean(many, axis=-1).mean() - base)
                kind = "difference of interquartile means, 20 of scratch"
                yield {"kind": kind, "values": name, "searches": n, **covered(found, truth)}


VARIES = {  # standard deviations of targets, controllers, controllers by target, searches
    "all levels": (0.5, 0.4, 0.2, 1.0),
    "targets": (1.0, 0.0, 0.0, 0.3),
    "controllers": (0.0, 1.0, 0.0, 0.3),
    "searches": (0.0, 0.0, 0.0, 1.0),
}


def over_targets(rng: Rng, simulations: int) -> Iterator[dict[str, Any]]:
    """Yield the coverage of what is over several targets and controllers."""
    designs = [
        (targets, controllers, searches, level)
        for targets, controllers, searches in (
            (7, 3, 5),
            (7, 3, 10),
            (7, 3, 20),
            (7, 5, 5),
            (4, 3, 10),
            (3, 3, 10),
            (2, 3, 10),
            (7, 1, 10),
        )
        for level in VARIES
        if level == "all levels" or (targets, searches) == (7, 10)
    ]
    for targets, controllers, searches, level in designs:
        found: dict[str, list[Interval]] = {}
        for _ in range(simulations):
            courses = simulated(rng, targets, controllers, searches, VARIES[level])
            for kind, interval in intervals_of(courses).items():
                found.setdefault(kind, []).append(interval)
        for kind, intervals in found.items():
            estimates = np.array([each.estimate for each in intervals])
            truth = np.exp(np.log(estimates).mean()) if kind == "speed-up" else estimates.mean()
            yield {
                "kind": kind,
                "values": f"varies: {level}",
                "targets": targets,
                "controllers": controllers,
                "searches": searches,
                **covered(intervals, float(truth)),
            }


def simulated(
    rng: Rng, targets: int, controllers: int, searches: int, spread: tuple[float, ...]
) -> SearchCurves:
    """Return courses of 12 queries of a method from a pool of sources, and of scratch."""
    target_sd, controller_sd, crossed_sd, search_sd = spread
    own = controller_sd * rng.normal(size=controllers)
    cells: dict[CellKey, Any] = {}
    numbers: dict[CellKey, Any] = {}
    labels = np.stack(
        [np.repeat(range(controllers), searches), np.tile(range(searches), controllers)], axis=1
    )
    for number in range(targets):
        target = f"t{number}"
        gain = 0.5 + target_sd * rng.normal() + own + crossed_sd * rng.normal(size=controllers)
        path = rng.normal(size=(controllers * searches, 12)) * search_sd
        cells["others", target, "m"] = np.maximum.accumulate(
            path + np.repeat(gain, searches)[:, None], axis=1
        )
        numbers["others", target, "m"] = labels
        path = rng.normal(size=(20, 12)) * search_sd
        cells["-", target, "scratch"] = np.maximum.accumulate(path, axis=1)
    return SearchCurves("query", np.arange(1.0, 13), cells, searches=numbers)


def intervals_of(courses: SearchCurves) -> dict[str, Interval]:
    """Return every kind of interval that a page shows of a method over its targets."""
    pooled = pooled_transfer_metrics(resampled_pairs(courses, bootstrap=FEW), bootstrap=FEW).iloc[0]
    fast = pooled_speed_up(courses, levels=(0.75,), bootstrap=FEW).iloc[0]
    rows = pd.DataFrame({"source": [], "target": [], "method": []})
    saved = next(
        entry
        for entry in investment_summary(courses, rows, Investment(), bootstrap=FEW)
        if entry["quality"] == "baseline"
    )
    kinds = {
        "gain, mean over pairs": (pooled, "mean_asymptotic_gain"),
        "gain, interquartile mean over runs": (pooled, "asymptotic_gain"),
        "area, mean over pairs": (pooled, "mean_area_gain"),
        "transfer ratio": (pooled, "transfer_ratio"),
        "P(better)": (pooled, "probability_of_improvement"),
        "speed-up": (fast, "speed_up"),
        "queries saved": (saved, "queries_saved"),
    }
    return {
        kind: Interval(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")))
        for kind, (row, name) in kinds.items()
    }


def of_controllers(rng: Rng, simulations: int) -> Iterator[dict[str, Any]]:
    """Yield the coverage of a mean rank over these targets, from several controllers a source."""
    for sources, controllers, searches in ((6, 3, 5), (6, 3, 20), (1, 3, 10), (1, 5, 10)):
        found = []
        for _ in range(simulations):
            controller = rng.normal(0, 0.3, (sources, controllers, 1))
            logs = 3 + controller + rng.normal(0, 0.5, (sources, controllers, searches))
            found.append(bootstrap_interval(np.exp(logs), np.mean, FEW, positive=True))
        truth = float(np.exp(3 + (0.3**2 + 0.5**2) / 2))
        yield {
            "kind": "mean rank over controllers",
            "values": f"log-normal, {sources} source{'s' if sources > 1 else ''}",
            "controllers": controllers,
            "searches": searches,
            **covered(found, truth),
        }


def covered(intervals: list[Interval], truth: float) -> dict[str, float]:
    """Return how many of the intervals there are, and which share covers the truth."""
    low, high = (np.array([getattr(each, end) for each in intervals]) for end in ("low", "high"))
    shown = ~np.isnan(low)
    hits = (low <= truth) & (truth <= high)
    share = float(hits[shown].mean()) if shown.any() else float("nan")
    width = float(np.median((high - low)[shown])) if shown.any() else float("nan")
    return {"shown": float(shown.mean()), "covered": share, "width": width, "truth": truth}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2000, help="of one sample each")
    parser.add_argument("--designs", type=int, default=600, help="of each design over targets")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [
        *one_sample(generator(0, "one"), options.simulations),
        *of_controllers(generator(0, "controllers"), options.simulations),
        *over_targets(generator(0, "targets"), options.designs),
    ]
    table = pd.DataFrame(rows)
    columns = ["kind", "values", "targets", "controllers", "searches"]
    columns += ["shown", "covered", "width", "truth"]
    for name in ("targets", "controllers"):
        table[name] = table[name].astype("Int64")
    table[columns].round(4).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
