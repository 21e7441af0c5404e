"""Tell what the searches of ``run.py`` came to, beside random, the oracle and twins.

Usage: ``python tell.py``. Reads ``*-rows.csv`` beside it and writes ``table.md``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.atomic import write_text
from rlnas.benchmarks import MeasuredSuite, load_suite
from rlnas.benchmarks.hostile import hostile_suite
from rlnas.statistics.random_line import random_line

HERE = Path(__file__).parent
QUERIES = (10, 20, 50)
SUITES = ("transnas-micro", "transnas-macro", "nasbench-201", "rooms-micro")
COLUMNS = "| targets | variant | seeds | rank @10 / 20 / 50 | log₁₀ rank | regret | twins | test |"


def number(value: float) -> str:
    """Return a rank as the tables write it."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def with_error(rows: pd.DataFrame, column: str) -> str:
    """Return the mean over targets and its standard error over seeds."""
    by_seed = rows.groupby("seed")[column].mean()
    return f"{number(by_seed.mean())} ± {number(by_seed.sem())}"


def random_row(suite: MeasuredSuite, kind: str) -> str:
    """Return random's exact line; ties and repeated networks count as ranks count them."""
    tasks = list(suite.values())
    if kind != "as it is":
        wrong = hostile_suite(suite, draws=len(suite))
        names = [f"draw-{n}" if kind == "draw" else f"{kind}-{t}" for n, t in enumerate(suite)]
        tasks = [wrong[name] for name in names]
    lines = [[random_line(task.ranked_scores, q) for q in QUERIES] for task in tasks]
    ranks = np.mean([[line.rank for line in own] for own in lines], axis=0)
    logs = np.mean([[line.log_rank for line in own] for own in lines], axis=0)
    told = " / ".join(map(number, ranks))
    return f"| {kind} | random, exact | | {told} | {' / '.join(f'{x:.2f}' for x in logs)} | | | |"


def test_regret(rows: pd.DataFrame, suite: MeasuredSuite) -> str:
    """Return how far below the best test score of the table what was found is, in its unit."""
    if rows["test_score"].isna().any():
        return ""
    best = {}
    for name, task in suite.items():
        told = [suite.noise[name].test_score(vector) for vector in task.space.arrays]
        best[name] = np.nanmax(told)
    return f"{(rows['target'].map(best) - rows['test_score']).mean():.2f}"


def table(name: str) -> list[str]:
    """Return the lines of one suite's table."""
    suite = load_suite(name)
    rows = pd.read_csv(HERE / f"{name}-rows.csv")
    found = [f"## {name}", "", COLUMNS, "|---|---|---:|---:|---:|---:|---:|---:|"]
    for kind in rows["kind"].unique():
        found.append(random_row(suite, kind))
        for variant, own in rows[rows["kind"] == kind].groupby("variant", sort=False):
            ranks = " / ".join(with_error(own, f"rank_at_{q}") for q in QUERIES)
            logs = [np.log10(own[f"rank_at_{q}"]).mean() for q in QUERIES]
            judged = ["", "", ""]
            if kind == "as it is":
                unit = own["target"].map({task: suite.noise[task].head for task in suite})
                regret, twins = (own["denoised_regret"] / unit).mean(), own["twins_rank"].mean()
                judged[0] = "" if np.isnan(regret) else f"{regret:.2f}"
                judged[1] = "" if np.isnan(twins) else number(twins)
                judged[2] = test_regret(own, suite) if variant == "full" else ""
            found.append(
                f"| {kind} | {variant} | {own['seed'].nunique()} | {ranks} | "
                f"{' / '.join(f'{x:.2f}' for x in logs)} | {' | '.join(judged)} |"
            )
        if kind == "as it is":
            oracle = suite.noise.oracle(QUERIES)
            if np.isfinite(oracle).all():
                told = " / ".join(map(number, oracle))
                found.append(f"| {kind} | oracle of noise-free scores | | {told} | | | | |")
    chosen = rows[(rows["variant"] == "full") & (rows["kind"] == "as it is")]
    chosen = chosen.drop_duplicates("target")
    found += ["", "Chosen by the sources, a target each:", ""]
    for row in chosen.itertuples():
        found.append(
            f"- `{row.target}`: prior mean × {row.prior_mean:g}, log rank {row.log_rank:g}, "
            f"β {row.exploration:g}"
        )
    return [*found, ""]


def main() -> None:
    """Write the table of every suite that has rows."""
    lines = [
        "# What the searches came to",
        "",
        "Mean over a suite's targets ± one standard error over seeds. Of what 50 queries found:",
        "regret of the noise-free score that it is expected to have, in units of one training's",
        "noise; mean rank of the other trainings of its network, its twins; how far its test score",
        "is below the best of the table.",
        "",
    ]
    for name in SUITES:
        if (HERE / f"{name}-rows.csv").exists():
            lines += table(name)
    write_text(HERE / "table.md", "\n".join(lines))


if __name__ == "__main__":
    main()
