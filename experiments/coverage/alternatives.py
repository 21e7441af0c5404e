"""Would another interval of a mean of skewed ranks cover 95 %? Six, on one sample each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t

from rlnas.seeding import generator

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats]
KEPT = Path("experiments/baselines/transnas-micro-rows.parquet")
RESAMPLES = 300


def draws(rng: np.random.Generator) -> Iterator[tuple[str, Callable[[Any], Floats]]]:
    """Yield distributions of ranks: two made up, and those of kept searches, 100 each."""
    yield "log-normal, one target", lambda size: np.ceil(rng.lognormal(1.5, 1.2, size))
    yield (
        "log-normal, mean of 7 targets",
        lambda size: np.ceil(rng.lognormal(np.linspace(0.5, 3, 7), 1.0, (*size, 7))).mean(axis=-1),
    )
    rows = pd.read_parquet(KEPT)
    for method in ("random", "local", "regularised-evolution"):
        for target in ("jigsaw", "segmentsemantic"):
            own = rows[(rows["method"] == method) & (rows["target"] == target)]
            found = own["rank"].to_numpy(dtype=np.float64)
            yield f"{method} on {target}", lambda size, found=found: rng.choice(found, size)


def intervals(values: Floats, rng: np.random.Generator) -> dict[str, Ends]:
    """Return intervals of the mean of each row of ``(simulations, n)``."""
    n = values.shape[1]
    mean, quantile = values.mean(axis=1), t.ppf(0.975, n - 1)
    error = values.std(axis=1, ddof=1) / np.sqrt(n)
    logs = np.log(values)
    middle, variance = logs.mean(axis=1), logs.var(axis=1, ddof=1)
    # Olsson (Journal of Statistics Education 2005, section 3.4): Cox's interval with Student's t.
    cox = np.sqrt(variance / n + variance**2 / (2 * (n - 1)))
    centre = np.exp(middle + variance / 2)
    lead = (values - mean[:, None]) ** 3
    skew = lead.mean(axis=1) / (6 * np.where(error > 0, error, 1.0) ** 2 * n * n)
    tables = np.exp(quantile * error / mean)
    both = np.exp(quantile * np.maximum(error / mean, cox))
    drawn = values[:, rng.integers(0, n, (RESAMPLES, n))]
    drawn_mean, drawn_error = drawn.mean(axis=2), drawn.std(axis=2, ddof=1) / np.sqrt(n)
    relative = np.where(drawn_error > 0, drawn_error / drawn_mean, np.nan)
    studied = (np.log(drawn_mean) - np.log(mean)[:, None]) / relative
    low, high = np.nanquantile(studied, [0.025, 0.975], axis=1)
    return {
        "of the tables (Student, log of the mean)": (mean / tables, mean * tables),
        "Student": (mean - quantile * error, mean + quantile * error),
        "Johnson 1978": (mean + skew - quantile * error, mean + skew + quantile * error),
        "bootstrap-t, log of the mean": (
            mean * np.exp(-high * error / mean),
            mean * np.exp(-low * error / mean),
        ),
        "Cox": (centre * np.exp(-quantile * cox), centre * np.exp(quantile * cox)),
        "the wider of the tables' and Cox's": (mean / both, mean * both),
    }


def rows(simulations: int) -> Iterator[dict[str, Any]]:
    """Yield the share of simulations in which each interval covers."""
    rng = generator(0, "alternatives")
    for name, draw in draws(rng):
        truth = draw((400_000,)).mean()
        for n in (5, 10, 20):
            found = intervals(draw((simulations, n)), rng)
            covers = {
                kind: float(((low <= truth) & (truth <= high)).mean())
                for kind, (low, high) in found.items()
            }
            yield {"ranks": name, "searches": n, **covers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1500)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    pd.DataFrame(rows(options.simulations)).round(3).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
