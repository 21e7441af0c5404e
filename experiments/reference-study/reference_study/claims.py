"""The claims of the reference study (arXiv 2412.01420), checked on a study of one's own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_study.config import RETRAINING, SCRATCH, StudyConfig
from reference_study.pairs import Pair, interval, pair_table, study_pairs
from rlnas.formats import format_range, format_rank
from rlnas.statistics.bootstrap import Interval
from rlnas.statistics.describe import summarise

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.tasks import Suite, TabularTask

SPEEDUP_GOAL = 5.0
"""How much sooner the median pair is to reach scratch's final performance."""

SCALES = {"best": "−log₁₀ rank", "best_metric": "the task's own metric"}
"""Columns of the curves that the claims are checked on."""

_REGIMES = ("zero_shot", "fine_tuned", "retrained")


def check_claims(pairs: list[Pair]) -> dict[str, Any]:
    """Return what a study says of each claim, JSON-able.

    Args:
        pairs: What `study_pairs` returned.

    Returns:
        ``pairs``, their number. (a) ``final`` against equal steps on the target and
        ``final_total`` against equal steps in all: in how many pairs pretraining ``helps`` (the
        estimate is above 0), ``surely`` helps or ``surely_harms`` (the interval excludes 0), and
        ``met``: helps in all but at most one. (b) ``speedup`` and ``budget_speedup``: the median
        over pairs with its interval (seeds resampled in all pairs at once), how many pairs
        ``reached`` the level, and ``met``. (c) ``spread``: least and largest estimate over pairs of
        the difference in final performance and of the speed-up. (d) ``regimes``: the mean over
        pairs of each regime's value above scratch's final performance, and above scratch's
        beginning for ``jumpstart``.
    """
    speed = {}
    seeds = min(pair.seeds for pair in pairs)
    for name in ("speedup", "budget_speedup"):
        ratios = np.stack([getattr(pair, name) for pair in pairs])
        median = interval(np.median(ratios, axis=0), seeds)
        reached = int((ratios[:, 0] > 0).sum())
        speed[name] = {
            **_ends(median),
            "reached": reached,
            "goal": SPEEDUP_GOAL,
            "met": bool(median.estimate >= SPEEDUP_GOAL),
        }
    means = {
        name: _ends(interval(np.mean([getattr(pair, name) for pair in pairs], axis=0), seeds))
        for name in ("jumpstart", *_REGIMES, "fine_tuned_equal", "retrained_total")
    }
    return {
        "pairs": len(pairs),
        "final": _helps(pairs, "retrained"),
        "final_total": _helps(pairs, "retrained_total"),
        **speed,
        "spread": {
            name: [float(f([getattr(pair, name)[0] for pair in pairs])) for f in (min, max)]
            for name in ("retrained", "speedup")
        },
        "regimes": means,
    }


def _ends(found: Interval) -> dict[str, float]:
    return {"estimate": found.estimate, "low": found.low, "high": found.high}


def _helps(pairs: list[Pair], measure: str) -> dict[str, Any]:
    found = [interval(getattr(pair, measure), pair.seeds) for pair in pairs]
    helps = sum(f.estimate > 0 for f in found)
    return {
        "helps": helps,
        "surely": sum(f.low > 0 for f in found),
        "surely_harms": sum(f.high < 0 for f in found),
        "met": helps >= len(pairs) - 1,
    }


def task_similarity(suite: Suite[TabularTask], tasks: tuple[str, ...]) -> pd.DataFrame:
    """Return Kendall's τ between whole tables, tasks × tasks (for the report)."""
    import pandas as pd
    from scipy import stats

    table = [
        [
            float(stats.kendalltau(suite[a].scores, suite[b].scores, nan_policy="omit").statistic)
            for b in tasks
        ]
        for a in tasks
    ]
    similarity: pd.DataFrame = pd.DataFrame(table, index=list(tasks), columns=list(tasks))
    return similarity


def search_ranks(rows: pd.DataFrame, config: StudyConfig) -> pd.DataFrame:
    """Return the mean rank that a zero-shot search comes to after each regime, with its interval.

    A seed's value is its mean over all targets, or pairs.

    Args:
        rows: What `StudyRun.write_tables` wrote.
        config: The study.

    Returns:
        method, step, and the columns of `summarise`.
    """
    seeds = rows.groupby(["method", "step", "seed"], sort=False)["rank"].mean().reset_index()
    order = [m for m in (SCRATCH, RETRAINING) if m in set(seeds["method"])]
    seeds = seeds.sort_values("method", key=lambda m: m.map(order.index), kind="stable")
    return summarise(seeds, ["method", "step"], "rank")


def study_text(
    curves: pd.DataFrame, rows: pd.DataFrame, config: StudyConfig, suite: Suite[TabularTask]
) -> str:
    """Return the tables of a study for the terminal: similarity, pairs, claims, searches."""
    similarity = task_similarity(suite, config.tasks)
    lines = [
        f"{config.suite}: {len(config.tasks)} tasks, {config.seeds} seeds, {config.steps:,} steps "
        f"on a source; fine-tuning {config.fine_tuning:,}, re-training {config.steps:,} steps.",
        "",
        "Kendall tau between the tasks",
        similarity.to_string(float_format=lambda x: f"{x:.2f}"),
    ]
    for value, scale in SCALES.items():
        pairs = study_pairs(curves, config, value)
        lines += ["", f"Best architecture of an episode, {scale}; scratch's final = 0", ""]
        lines += [_pair_text(pair_table(pairs), similarity), "", *_claim_lines(check_claims(pairs))]
    found = search_ranks(rows, config)
    lines += ["", f"Mean rank of the best of {config.queries} queries, zero-shot, over all targets"]
    lines += [
        f"  {row['method']:<12} {row['step']:>8,} steps  {format_rank(row['iqm']):>6} "
        f"{format_range(row['low'], row['high'])}"
        for _, row in found.iterrows()
    ]
    return "\n".join(lines) + "\n"


def _pair_text(table: pd.DataFrame, similarity: pd.DataFrame) -> str:
    width = max(map(len, [*table["source"], *table["target"], "source"])) + 1
    head = f"{'source':<{width}}{'target':<{width}}{'tau':>5}"
    head += "".join(f"{name:>32}" for name in ("zero-shot", "fine-tuned", "re-trained", "speed-up"))
    lines = [f"{head}{'budget':>8}{'seeds there':>13}"]
    for row in table.to_dict("records"):
        cells = [f"{row['source']:<{width}}{row['target']:<{width}}"]
        cells.append(f"{similarity.loc[row['source'], row['target']]:>5.2f}")
        cells += [_with_interval(row, name) for name in (*_REGIMES, "speedup")]
        cells.append(f"{row['budget_speedup']:>8.1f}{row['reached']:>13}")
        lines.append("".join(cells))
    return "\n".join(lines)


def _with_interval(row: Mapping[Hashable, Any], name: str) -> str:
    ends = {"estimate": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
    return f"{_told(ends):>32}"


def _claim_lines(claims: dict[str, Any]) -> list[str]:
    lines = []
    for name, what in (("final", "on the target"), ("final_total", "in all")):
        c = claims[name]
        lines.append(
            f"(a) re-trained against scratch, equal steps {what}: better in {c['helps']} of "
            f"{claims['pairs']} pairs (surely in {c['surely']}, surely worse in "
            f"{c['surely_harms']}): {'met' if c['met'] else 'not met'}"
        )
    for name, what in (("speedup", "with tolerance"), ("budget_speedup", "plain budget ratio")):
        c = claims[name]
        lines.append(
            f"(b) steps to scratch's final performance, {what}: {c['estimate']:.1f} times fewer "
            f"[{c['low']:.1f}, {c['high']:.1f}] in the median pair; {c['reached']} of "
            f"{claims['pairs']} get there; goal {c['goal']:g}: {'met' if c['met'] else 'not met'}"
        )
    spread = claims["spread"]
    lines.append(
        "(c) over pairs: final performance {:.3g} to {:.3g} above scratch's, speed-up {:.1f} to "
        "{:.1f}".format(*spread["retrained"], *spread["speedup"])
    )
    regimes = {name: _told(found) for name, found in claims["regimes"].items()}
    lines.append(
        "(d) mean over pairs above scratch's final performance: "
        + "; ".join(f"{name.replace('_', '-')} {regimes[name]}" for name in _REGIMES)
    )
    lines.append(
        f"    above scratch after as many steps on the target: zero-shot {regimes['jumpstart']}; "
        f"fine-tuned {regimes['fine_tuned_equal']}; re-trained, steps of the source counted, "
        f"{regimes['retrained_total']}"
    )
    return lines


def _told(found: Mapping[str, float]) -> str:
    return f"{found['estimate']:.3g} [{found['low']:.3g}, {found['high']:.3g}]"
