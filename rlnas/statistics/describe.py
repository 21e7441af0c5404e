"""What one sample, or each group of a table, comes to: means with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import bootstrap_interval, log_normal_mean
from rlnas.statistics.means import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd


def describe(
    values: ArrayLike,
    *,
    positive: bool = False,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> dict[str, Any]:
    """Return the statistics of one sample as a JSON-able dictionary.

    Args:
        values: ``(n,)``, one value a seed; NaN is left out. Or ``(strata, units, n)``, as
            `bootstrap_interval` takes them.
        positive: As in `Bootstrap.intervals`; for ranks.
        within: As in `Bootstrap.intervals`.

    Returns:
        ``n``; ``iqm`` (the interquartile mean) with ``low`` and ``high``; ``mean`` with
        ``mean_low`` and ``mean_high``; ``note`` where there is no interval.
    """
    options: dict[str, Any] = {"positive": positive, "within": within}
    iqm = bootstrap_interval(values, interquartile_mean, **options)
    mean = bootstrap_interval(
        values, np.mean, **options, least=log_normal_mean if positive else None
    )
    array = np.asarray(values, dtype=np.float64)
    n = int(np.count_nonzero(~np.isnan(array if array.ndim == 1 else array.mean(axis=0))))
    entry: dict[str, Any] = {"n": n, "iqm": iqm.estimate, "low": iqm.low, "high": iqm.high}
    entry |= mean.columns("mean")
    return {**entry, "note": iqm.note} if iqm.note else entry


def describe_ranks(values: ArrayLike) -> dict[str, Any]:
    """Return `describe` of ranks: above 0, spread over powers of ten, 1 at least."""
    return describe(values, positive=True, within=(1.0, math.inf))


def summarise(frame: pd.DataFrame, by: str | Sequence[str], value: str) -> pd.DataFrame:
    """Return one row a group: the columns ``by``, then n, missing, mean, iqm, low, high.

    Args:
        frame: One row a seed.
        by: Columns that make the groups, kept in order of appearance.
        value: Column to summarise; NaN is counted as missing, never imputed.

    Raises:
        InvalidArgumentError: If a column is missing.
    """
    import pandas as pd

    keys = [by] if isinstance(by, str) else list(by)
    if absent := [c for c in [*keys, value] if c not in frame]:
        raise InvalidArgumentError(
            f"The frame has no column {', '.join(absent)}; it has {', '.join(map(str, frame))}."
        )
    told = ["n", "mean", "iqm", "low", "high"]
    rows: list[dict[str, object]] = []
    for group, part in frame.groupby(keys, sort=False):
        found = describe(part[value])
        rows.append(
            {
                **dict(zip(keys, group, strict=True)),
                "missing": len(part) - found["n"],
                **{name: found[name] for name in told},
            }
        )
    columns = [*keys, "n", "missing", "mean", "iqm", "low", "high"]
    summary: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    return summary
