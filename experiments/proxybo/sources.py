"""Sources as proxies: searches of `proxybo-sources` beside `transfer-bo`, leave one task out.

Usage: ``python sources.py SUITE [--seeds 10] [--methods …] [--kinds …] [--out FOLDER]``. Targets
are the suite's tasks, and those tasks negated and permuted (of the suite ``hostile-SUITE``);
sources are all tasks but the one a target is, or is made of. Writes ``sources-SUITE-rows.csv``, a
row a search; what is there is not searched again. ``python sources.py tell`` writes ``sources.md``:
ranks, and harm, the mean of log₁₀ of the rank less that of random search, whose line is exact.
"""

from __future__ import annotations

import argparse
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.agents import PPOController
from rlnas.benchmarks import load_suite
from rlnas.search import get_searcher
from rlnas.statistics.random_line import RandomLine, random_line
from rlnas.tasks import Suite, TabularTask
from rlnas.transfer import Source, SourcePool

SUITES = ("transnas-micro", "transnas-macro")
QUERIES = (10, 20, 50)
KINDS = ("as it is", "negated", "permuted")
METHODS: dict[str, tuple[str, dict[str, object]]] = {
    "proxybo-sources": ("proxybo-sources", {}),
    "proxybo-sources, gp": ("proxybo-sources", {"surrogate_model": "gp"}),
    "proxybo-sources, gp, negated too": (
        "proxybo-sources",
        {"surrogate_model": "gp", "negated": True},
    ),
    "proxybo-sources, 3 first": ("proxybo-sources", {"initial": 3}),
    "transfer-bo": ("transfer-bo", {}),
    "bo-gp": ("bo-gp", {}),
}


@cache
def hostile(suite: str) -> Suite[TabularTask]:
    """Return the hostile targets of a suite."""
    return load_suite(f"hostile-{suite}")


def target_of(suite: str, task: str, kind: str) -> TabularTask:
    """Return a target."""
    return load_suite(suite)[task] if kind == "as it is" else hostile(suite)[f"{kind}-{task}"]


def search(suite: str, methods: list[str], kinds: list[str], seeds: int, out: Path) -> None:
    """Run what is missing."""
    own = load_suite(suite)
    path = out / f"sources-{suite}-rows.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["task", "method", "kind"])
    counts = done.groupby(["method", "kind", "task"]).size().to_dict()
    controller = PPOController(own.space)  # not asked, but a source has one
    for method in methods:
        name, options = METHODS[method]
        for kind in kinds:
            for task in own:
                first = counts.get((method, kind, task), 0)
                if first >= seeds:
                    continue
                pool = SourcePool(tuple(Source(t, controller, own[t]) for t in own if t != task))
                given = {} if name == "bo-gp" else {"sources": pool}
                searcher = get_searcher(name, **given, **options)
                target = target_of(suite, task, kind)
                wanted = range(first, seeds)
                began = time.process_time()
                results = searcher.search_many([target] * len(wanted), max(QUERIES), wanted)
                seconds = round((time.process_time() - began) / len(wanted), 3)
                rows = [
                    {"method": method, "kind": kind, "task": task, "seed": seed}
                    | {f"rank_at_{q}": target.rank(r.best_so_far[q - 1]) for q in QUERIES}
                    | {"seconds": seconds}
                    for seed, r in zip(wanted, results, strict=True)
                ]
                header = not path.exists()
                pd.DataFrame(rows).to_csv(path, mode="a", header=header, index=False)
            print(suite, method, kind, flush=True)


def tell(out: Path) -> str:
    """Return the tables as Markdown."""
    parts = []
    for suite in SUITES:
        path = out / f"sources-{suite}-rows.csv"
        if not path.exists():
            continue
        rows = pd.read_csv(path)
        head = " / ".join(f"@{q}" for q in QUERIES)
        lines = [
            f"### {suite}: mean rank {head} ± one standard error over seeds; harm {head}",
            "",
            "| method | seeds | " + " | ".join(f"{k} | harm" for k in KINDS) + " |",
            "|---|---|" + "---|---|" * len(KINDS),
        ]
        exact = {
            (kind, task): [
                random_line(target_of(suite, task, kind).ranked_scores, q) for q in QUERIES
            ]
            for kind in KINDS
            for task in load_suite(suite)
        }
        random = [
            np.mean([[line.rank for line in exact[k, t]] for t in load_suite(suite)], axis=0)
            for k in KINDS
        ]
        told = [" / ".join(f"{v:.3g}" for v in each) + " | 0" for each in random]
        lines.append("| random, exact | | " + " | ".join(told) + " |")
        for method in METHODS:
            own = rows[rows["method"] == method]
            if not len(own):
                continue
            kinds = [own[own["kind"] == kind] for kind in KINDS]
            # Tasks are not alike: a mean over some of them says nothing of a method.
            kinds = [p if p["task"].nunique() == len(load_suite(suite)) else p[:0] for p in kinds]
            if not any(map(len, kinds)):
                continue
            cells = [_cells(part, exact) for part in kinds]
            seeds = min(part.groupby("task").size().min() for part in kinds if len(part))
            lines.append(f"| {method} | {seeds} | " + " | ".join(cells) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _cells(rows: pd.DataFrame, exact: dict[tuple[str, str], list[RandomLine]]) -> str:
    if not len(rows):
        return "— | —"
    ranks, harms = [], []
    cells = zip(rows["kind"], rows["task"], strict=True)
    lines = np.array([[line.log_rank for line in exact[cell]] for cell in cells])
    for place, q in enumerate(QUERIES):
        found = rows[f"rank_at_{q}"]
        seeds = found.groupby(rows["seed"]).mean()
        ranks.append(f"{found.mean():.3g} ± {seeds.sem():.2g}")
        harms.append(f"{(np.log10(found) - lines[:, place]).mean():+.2f}")
    return " / ".join(ranks) + " | " + " / ".join(harms)


def main() -> None:
    """Search, or tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=[*SUITES, "tell"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    if options.suite == "tell":
        (options.out / "sources.md").write_text(tell(options.out))
    else:
        search(options.suite, options.methods, options.kinds, options.seeds, options.out)


if __name__ == "__main__":
    main()
