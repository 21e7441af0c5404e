"""τ₀ and the options of ProxyBO, on `rooms-micro`: a suite that tests nothing of it.

Usage: ``python sweep.py [--seeds 3] [--out FOLDER]``. 100 queries a search on each of the seven
tasks with snip, jacov and synflow of the suite, and with snip replaced by noise and synflow
reversed. The surrogate is the Gaussian process, which is the faster one. Writes ``sweep-rows.csv``,
a row a search, and ``sweep.md``; what is there is not searched again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from area import Scale, areas

from rlnas.benchmarks import load_suite
from rlnas.search.proxies.proxy_bo import PUBLISHED, ProxyBO
from rlnas.tasks.proxies import ProxyColumns

SUITE, QUERIES = "rooms-micro", 100
VARIANTS: dict[str, dict[str, object]] = {
    "τ₀ = 0.05, the authors'": {},
    "τ₀ = 0.01": {"temperature": 0.01},
    "τ₀ = 0.2": {"temperature": 0.2},
    "τ₀ = 1": {"temperature": 1.0},
    "the same influence for all": {"influence": "fixed"},
    "one predictor drawn": {"combine": "sample"},
    "negated too": {"negated": True},
    "no surrogate": {"surrogate_model": "none"},
    "no proxies": {"proxies": ()},
}


def search(path: Path, seeds: int) -> pd.DataFrame:
    """Run what is missing, and return all rows."""
    suite = load_suite(SUITE)
    scales = {name: Scale.of(suite[name], QUERIES) for name in suite}
    columns = {
        name: dict(zip(PUBLISHED, task.proxies.values(PUBLISHED, suite.space.arrays), strict=True))
        for name, task in suite.items()
    }
    key = ["task", "proxies", "variant", "seed"]
    done = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=key)
    known = set(done[key].itertuples(index=False, name=None))
    for seed in range(seeds):
        noise = np.random.default_rng(seed).normal(size=suite.space.size)
        for variant, options in VARIANTS.items():
            for name, task in suite.items():
                for kind in ("real", "spoiled"):
                    if (name, kind, variant, seed) in known:
                        continue
                    own = dict(columns[name])
                    if kind == "spoiled":
                        own |= {"snip": noise, "synflow": -own["synflow"]}
                    task.proxies = ProxyColumns(suite.space, own)
                    searcher = ProxyBO(**{"surrogate_model": "gp", **options})
                    best = searcher.search(task, QUERIES, seed=seed).best_so_far
                    ranks = np.array([task.rank(score) for score in best])
                    area = areas(best[None], ranks[None], scales[name])
                    row = dict(zip(key, (name, kind, variant, seed), strict=True))
                    row |= {k: round(float(v[0]), 4) for k, v in area.items()}
                    pd.DataFrame([row]).to_csv(
                        path, mode="a", header=not path.exists(), index=False
                    )
        print("seed", seed, flush=True)
    return pd.read_csv(path)


def tell(rows: pd.DataFrame) -> str:
    """Return the table as Markdown; ± is one standard error over searches."""
    lines = [
        "| variant | searches | area of scores: real / spoiled | decades ahead of random: real "
        "| spoiled |",
        "|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        own = rows[rows["variant"] == variant]
        parts = [own[own["proxies"] == kind] for kind in ("real", "spoiled")]
        shares = " / ".join(f"{part['score'].mean():.3f}" for part in parts)
        ahead = [f"{part['ahead'].mean():.2f} ± {part['ahead'].sem():.2f}" for part in parts]
        lines.append("| " + " | ".join([variant, str(len(parts[0])), shares, *ahead]) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    rows = search(options.out / "sweep-rows.csv", options.seeds)
    (options.out / "sweep.md").write_text(tell(rows))


if __name__ == "__main__":
    main()
