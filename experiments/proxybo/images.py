"""Real searches on images: ProxyBO computes its proxies on them, and their seconds are counted.

Usage: ``python images.py RUNS [--seeds 5] [--out FOLDER]``. Scikit-learn's 1,797 handwritten
digits, `transnas-micro`, 20 queries a search, each of which trains a network of width 8 on 500
images of 16 × 16 pixels for three epochs. ProxyBO computes snip, jacov and synflow of 100
architectures first. Runs go to the folder RUNS and are gone on with; `images-rows.csv` has a row a
search, with every improvement of the best validation accuracy: query, seconds by then, accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import rlnas

QUERIES = 20
METHODS = ("random", "regularised-evolution", "proxybo")
TRAINING = {
    "space": "transnas-micro",
    "image_size": 16,
    "width": 8,
    "epochs": 3,
    "train_size": 500,
    "device": "cpu",
}


def main() -> None:
    """Search, and keep a row a search."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        for method in METHODS:
            run = rlnas.search_dataset(
                "digits",
                method,
                QUERIES,
                out=options.runs / f"{method}-{seed}",
                seed=seed,
                resume=True,
                **TRAINING,
            )
            records = run.result.records
            # What computing proxies took stands in the cost of the record after it.
            spent = np.cumsum([record.evaluation.cost for record in records])
            trained = float(run.rows["seconds"].sum())
            best = np.maximum.accumulate(run.result.scores)
            better = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
            told = [f"{q + 1}:{spent[q]:.1f}:{best[q]:.2f}" for q in better]
            rows.append(
                {
                    "method": method,
                    "seed": seed,
                    "valid": round(run.best["valid"]["metric"], 2),
                    "test": round(run.best["test"]["metric"], 2),
                    "seconds": round(float(spent[-1]), 1),
                    "of_proxies": round(float(spent[-1]) - trained, 1),
                    "improvements": " ".join(told),
                }
            )
            print(rows[-1], flush=True)
            pd.DataFrame(rows).to_csv(options.out / "images-rows.csv", index=False)


if __name__ == "__main__":
    main()
