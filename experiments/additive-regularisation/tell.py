"""Tables of rows.csv and transfer.csv, written to tables.md."""

from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.statistics.bootstrap import Bootstrap

HERE = Path(__file__).parent
CLASSES = ("wine", "breast-cancer", "digits-table")
ONLY_TABLES = "Intervals are over pairs of a table and a seed: for these tables, not for all."


def interval(values, form="{:+.2f}", scale=np.array):
    """Return the mean of values with a 95 % interval over them, as text."""
    values = np.asarray(values, dtype=float)
    bootstrap = Bootstrap()
    (draws,) = bootstrap.draws(len(values))
    spread = bootstrap.spread(values[draws].mean(axis=1)[None], len(values))
    found = bootstrap.interval(float(values.mean()), spread)
    ends = [float(scale(end)) for end in (found.estimate, found.low, found.high)]
    if not np.isfinite(ends).all():
        return form.format(ends[0])
    return f"{form} [{form}, {form}]".format(*ends)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def paired(rows, column, against):
    """Return a column by method beside that of the method it is compared with, as a frame."""
    wide = rows.pivot_table(index=["table", "seed"], columns="method", values=column)
    return wide, wide[against]


def by_share(rows, against, share):
    part = rows[rows["share"] == share]
    wide, rival = paired(part, "loss", against)
    accuracy = part[part["table"].isin(CLASSES)].assign(value=lambda r: r["metric"])
    points, rival_points = paired(accuracy, "value", against)
    lines = []
    for method in part["method"].drop_duplicates():
        cells = [method]
        if method in wide:
            ratios = np.log(wide[method] / rival).dropna()
            cells.append("1" if method == against else interval(ratios, "{:.2f}", np.exp))
        else:
            cells.append("–")
        if method in points:
            gains = (points[method] - rival_points).dropna()
            cells.append("0" if method == against else interval(gains, "{:+.1f}"))
        else:
            cells.append("–")
        own = part[part["method"] == method]
        small = own["cut_parameters"] / own["parameters"]
        cells.append("–" if small.isna().all() else f"{100 * small.mean():.0f}")
        lines.append(cells)
    return lines


def ordered(rows):
    """Return rows in which scikit-learn's linear models have one name, where all are known."""
    linear = rows["method"].isin(
        ["scikit-learn logistic regression", "scikit-learn ridge regression"]
    )
    return rows.assign(method=rows["method"].where(~linear, "scikit-learn linear model"))


def metrics(rows, share):
    part = rows[rows["share"] == share].copy()
    rare = part["table"] == "imbalanced"
    part.loc[rare, "metric"] = part.loc[rare, "average_precision"]
    wide = part.pivot_table(index="method", columns="table", values="metric", sort=False)
    lines = []
    for method, row in wide.iterrows():
        lines.append([method, *(f"{value:.3g}" for value in row)])
    return ["method", *wide.columns], lines


def stability(rows):
    lines = []
    for method in ("none", "none + masks", "fixed, tuned", "schedule, genetic", "schedule, random"):
        own = rows[rows["method"] == method]
        cells = [method]
        for column in ("input_noise", "weight_noise", "resampled"):
            wide, none = paired(rows, column, "none")
            if column == "resampled" and method not in wide:
                cells.append("–")
                continue
            ratio = (wide[method] - none).dropna()
            cells.append("0" if method == "none" else interval(ratio[ratio.index.isin(none.index)]))
        spread = own.groupby(["table", "share"])["loss"].std().mean()
        lines.append([*cells, f"{spread:.3f}"])
    return lines


def transfer(rows):
    lines = []
    for method in rows["method"].drop_duplicates():
        cells = [method]
        for column in ("valid", "test", "start"):
            wide, random = paired(rows, column, "random")
            ratios = np.log(wide[method] / random)
            cells.append("1" if method == "random" else interval(ratios, "{:.2f}", np.exp))
        lines.append(cells)
    return lines


def main():
    rows = ordered(pd.read_csv(HERE / "rows.csv"))
    parts = ["# What schedules of regularisation came to", ""]
    for share in sorted(rows["share"].unique()):
        seeds = rows[rows["share"] == share].groupby("table")["seed"].nunique()
        parts += [
            f"## {share:.0%} of the training rows",
            "",
            f"{seeds.min()} seeds of {len(seeds)} tables. Test loss (cross-entropy"
            " or squared error) over that of the fixed strength, geometric mean; accuracy less that"
            f" of the fixed strength, in points, on {', '.join(CLASSES)}; parameters left after"
            f" cutting, in %. {ONLY_TABLES}",
            "",
            table(
                ["method", "test loss, ratio", "accuracy, points", "parameters"],
                by_share(rows, "fixed, tuned", share),
            ),
            "",
            "Means of the test metric: accuracy in % (of imbalanced the average precision in %), of"
            " diabetes and collinear the squared error of standardised targets.",
            "",
            table(*metrics(rows, share)),
            "",
        ]
    parts += [
        "## Stability",
        "",
        "Standard deviation of the test metric less that without regularisation (negative: more"
        " stable): under noise on inputs and weights, and of trainings on resampled rows; and that"
        " of the test loss over seeds, mean over tables and shares.",
        "",
        table(
            ["method", "input noise", "weight noise", "resampled rows", "seeds"], stability(rows)
        ),
        "",
    ]
    if (HERE / "transfer.csv").exists():
        found = pd.read_csv(HERE / "transfer.csv")
        parts += [
            "## A controller that learnt schedules on three tables, on the fourth",
            "",
            f"{found['seed'].nunique()} seeds of {found['table'].nunique()} tables,"
            f" {found['queries'].max()} queries. Losses over random search's, geometric mean:"
            " validation (what a search sees), test, and validation after five queries."
            f" {ONLY_TABLES}",
            "",
            table(["method", "validation", "test", "validation after 5"], transfer(found)),
            "",
        ]
    (HERE / "tables.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
