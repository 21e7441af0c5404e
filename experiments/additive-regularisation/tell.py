"""Tables of rows.csv, alone.csv and transfer.csv, written to tables.md."""

from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.statistics.bootstrap import Bootstrap

HERE = Path(__file__).parent
CLASSES = ("wine", "breast-cancer", "digits-table")
RIVAL = "fixed, tuned"
STABLE = ("other_seeds", "other_rows", "input_noise", "weight_noise")
BOOTSTRAP = Bootstrap()


def words(found, form, scale):
    """Return an interval as text."""
    ends = [float(scale(end)) for end in (found.estimate, found.low, found.high)]
    if not np.isfinite(ends).all():
        return form.format(ends[0])
    return f"{form} [{form}, {form}]".format(*ends)


def interval(values, form="{:+.2f}", scale=np.array):
    """Return the mean of values, each drawn by itself, with a 95 % interval, as text."""
    values = np.asarray(values, dtype=float)
    (draws,) = BOOTSTRAP.draws(len(values))
    spread = BOOTSTRAP.spread(values[draws].mean(axis=1)[None], len(values))
    return words(BOOTSTRAP.interval(float(values.mean()), spread), form, scale)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def named(rows, least):
    """Return rows whose methods say how many trainings they had, where some had more."""
    searched = ~rows["method"].str.startswith("scikit-learn") & (rows["trainings"] > least)
    more = rows["method"] + ", " + rows["trainings"].astype(str)
    return rows.assign(method=rows["method"].where(~searched, more))


def wide(rows, method, column):
    """Return a column of a method, ``(tables, seeds)``."""
    own = rows[rows["method"] == method]
    return own.pivot_table(index="table", columns="seed", values=column, dropna=False)


def by_share(rows, seconds):
    rival, lines = wide(rows, RIVAL, "loss"), []
    points = rows[rows["table"].isin(CLASSES)]
    for method in rows["method"].drop_duplicates():
        own = rows[rows["method"] == method]
        ratios = np.log(wide(rows, method, "loss") / rival)
        gains = (wide(points, method, "metric") - wide(points, RIVAL, "metric")).mean()
        both = ("1", "", "0")
        if method != RIVAL:
            both = (
                interval(ratios.mean(), "{:.2f}", np.exp),
                interval(ratios.mean(axis=1), "{:.2f}", np.exp).partition(" ")[2],
                interval(gains, "{:+.1f}"),
            )
        small = own["cut_parameters"] / own["parameters"]
        left = "–" if small.isna().all() else f"{100 * small.mean():.0f}"
        took = seconds.get(method, np.nan)
        count = own["trainings"].iloc[0]
        lines.append([method, count, *both, left, "–" if np.isnan(took) else f"{took:.2g}"])
    return lines


def metrics(rows):
    means = rows.pivot_table(index="method", columns="table", values="metric", sort=False)
    lines = [[method, *(f"{value:.3g}" for value in row)] for method, row in means.iterrows()]
    return ["method", *means.columns], lines


def stability(rows):
    """Return lines of spreads over those without regularisation, root mean square over seeds."""
    lines = []
    for method in rows.loc[rows["input_noise"].notna(), "method"].drop_duplicates():
        cells = [method]
        for column in STABLE:
            own, none = (wide(rows, name, column) for name in (method, "none"))
            if own.isna().to_numpy().any():  # measured of schedules that others chose too
                cells.append("–")
                continue
            kept = none.index[(none.max(axis=1) > 0) & (own.max(axis=1) > 0)]
            both = np.stack([own.loc[kept].to_numpy(), none.loc[kept].to_numpy()]) ** 2
            (draws,) = BOOTSTRAP.draws(both.shape[2])
            drawn = both[:, :, draws].mean(axis=3)
            drawn[drawn == 0] = np.nan  # a table without any spread says nothing in that draw
            told = np.log(both.mean(axis=2))
            estimate = 0.5 * (told[0] - told[1]).mean()
            resampled = 0.5 * np.nanmean(np.log(drawn[0]) - np.log(drawn[1]), axis=0)
            spread = BOOTSTRAP.spread(resampled[None], both.shape[2])
            found = BOOTSTRAP.interval(float(estimate), spread)
            cells.append("1" if method == "none" else words(found, "{:.2f}", np.exp))
        if set(cells[1:]) != {"–"}:
            lines.append(cells)
    return lines


def transfer(rows):
    lines = []
    for method in rows["method"].drop_duplicates():
        cells = [method]
        for column in ("valid", "test", "start"):
            # Controllers of one target are means of each other here; tables are drawn whole.
            own, random = (wide(rows, name, column) for name in (method, "random"))
            ratios = np.log(own / random)
            likes = interval(ratios.mean(axis=1), "{:.2f}", np.exp).partition(" ")[2]
            here = interval(ratios.mean(), "{:.2f}", np.exp)
            cells += ["1", ""] if method == "random" else [here, likes]
        lines.append(cells)
    return lines


def agreement(rows):
    own = rows[rows["source"] == rows["target"]]["correlation"]
    other = rows[rows["source"] != rows["target"]]["correlation"]
    return (
        "What a table's random schedules came to and what its ridge regression says of schedules"
        f" it has not seen have a rank correlation of {own.mean():.2f} (mean of {len(own)} tables,"
        f" {own.min():.2f} to {own.max():.2f}); with what other tables' regressions say,"
        f" {other.mean():.2f} ({other.min():.2f} to {other.max():.2f})."
    )


def together_or_alone(rows, alone):
    """Return how far trainings side by side are from the same ones by `train_network`."""
    keys = ["table", "share", "seed", "method", "trainings"]
    both = rows.merge(alone, on=keys, suffixes=("", "_alone"))
    both = both[
        ~both["method"].str.startswith("scikit-learn")
        & ~both["method"].str.contains("+ masks", regex=False)
    ]
    apart = (both["valid"] / both["valid_alone"] - 1).abs()
    return (
        f"Of {len(both)} choices of one seed that were trained again by `train_network`, one after"
        f" another, {(apart < 0.01).sum()} have the same validation loss within 1 %; the median"
        f" difference is {100 * apart.median():.2g} %."
    )


ABOUT = (
    "Test loss (cross-entropy or squared error) over that of the fixed strength with eight"
    " trainings, geometric mean: first with the 95 % interval for these tables (seeds drawn), then"
    " with that for tables like these (tables drawn). Accuracy less that of the fixed strength, in"
    f" points, on {', '.join(CLASSES)}, for these tables. Parameters left after cutting, in %."
    " Seconds of a core for the trainings and what chooses them, one after another, on 10 % of the"
    " rows, median over tables (alone.csv)."
)


def main():
    rows, alone = pd.read_csv(HERE / "rows.csv"), pd.read_csv(HERE / "alone.csv")
    least = int(rows.loc[rows["method"] == RIVAL, "trainings"].min())
    apart = together_or_alone(rows, alone)
    largest = rows["outputs_apart"].max()
    rows = named(rows, least)
    seconds = alone.groupby("method")["seconds"].median()
    parts = ["# What schedules of regularisation came to", "", ABOUT, ""]
    for share, own in rows.groupby("share"):
        seeds = own.groupby("table")["seed"].nunique()
        head = ["method", "trainings", "test loss, ratio", "tables like these"]
        parts += [
            f"## {share:.0%} of the training rows",
            "",
            f"{seeds.min()} seeds of {len(seeds)} tables.",
            "",
            table([*head, "accuracy, points", "parameters", "seconds"], by_share(own, seconds)),
            "",
            "Means of the test metric: accuracy in %, of imbalanced the average precision in %, of"
            " diabetes and collinear the squared error of standardised targets.",
            "",
            table(*metrics(own)),
            "",
        ]
    parts += [
        "## Stability",
        "",
        "Standard deviation of the test metric over that without regularisation (below 1: more"
        " stable), geometric mean over tables of the root mean square over seeds; intervals are for"
        " these tables. Four trainings each on other seeds and on resampled rows; five draws of"
        " noise on inputs and weights.",
        "",
    ]
    for share, own in rows.groupby("share"):
        head = ["method", "other seeds", "resampled rows", "input noise", "weight noise"]
        parts += [f"### {share:.0%} of the training rows", "", table(head, stability(own)), ""]
    parts += [
        "## What is exact",
        "",
        f"{apart} The outputs of cut networks and whole ones are at most {largest:.1e} apart, of"
        f" {rows['outputs_apart'].notna().sum():,}.",
        "",
    ]
    if (HERE / "transfer.csv").exists():
        found = pd.read_csv(HERE / "transfer.csv")
        parts += [
            "## Controllers that learnt schedules on three tables, on another",
            "",
            f"{found['seed'].nunique()} seeds of {found['table'].nunique()} tables and"
            f" {found['controller'].nunique()} controllers for each, {found['queries'].max()}"
            " queries. Losses over random search's, geometric mean: validation (what a search"
            " sees), test, and validation after five queries; each first with the 95 % interval for"
            " these tables, then with that for tables like these.",
            "",
            table(
                ["method", "validation", "like", "test", "like", "after 5", "like"],
                transfer(found),
            ),
            "",
            agreement(pd.read_csv(HERE / "agreement.csv")),
            "",
        ]
    (HERE / "tables.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
