"""How noisy are the tables, and what can no search find but by luck?

Writes rows.csv (a row a task of every suite), reference.csv (what a model that knows four fifths of
a table reaches in it), noise.md and the figure oracle-lines.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd
from reference import known_four_fifths

from rlnas import load_suite
from rlnas.reporting.figures.drawing import save_figure

SUITES = ("transnas-micro", "transnas-macro", "nasbench-201", "rooms-micro", "rooms-macro")
QUERIES = (1, 2, 5, 10, 20, 50)
SHOWN = (10, 20, 50)
SECOND_SEED = Path(__file__).parents[1] / "rooms-suite"


def of_suite(name):
    """Return one row a task: what the package says, and what else the page shows."""
    noise = load_suite(name).noise
    frame = noise.to_frame(QUERIES)
    frame.insert(0, "suite", name)
    for task, found in noise.items():
        row = frame["task"] == task
        normal = found.with_normal_noise().oracle(QUERIES)
        frame.loc[row, [f"normal_at_{q}" for q in QUERIES]] = normal
        best = np.flatnonzero(found.repeats.rank <= 100)
        place = found.repeats.training_of
        first = [np.flatnonzero(place == training)[0] for training in best]
        others = found.repeats.other_ranks()[first]
        told = np.count_nonzero(np.isfinite(others))
        frame.loc[row, "twins_of_best_100"] = np.nanmedian(others) if told else np.nan
    return frame


def second_seed(name):
    """Return Spearman between two seeds of the cells that were trained again, by task."""
    path = SECOND_SEED / f"reproduced-{name.removeprefix('rooms-')}.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = pd.DataFrame(rows).astype({"value": float, "seed": int})
    wide = frame.pivot_table(
        index=["task", "architecture"], columns="seed", values="value", sort=False
    )
    return {task: part[0].corr(part[1], method="spearman") for task, part in wide.groupby(level=0)}


def number(value, digits=2):
    return (
        "–" if not np.isfinite(value) else f"{value:.{digits}g}" if value < 10 else f"{value:.0f}"
    )


def triple(row, kind):
    if not np.isfinite(row[f"{kind}_at_10"]):
        return "–"
    return " / ".join(f"{row[f'{kind}_at_{q}']:.1f}" for q in SHOWN)


def as_markdown(frame, reference):
    lines = []
    for name, part in frame.groupby("suite", sort=False):
        lines += [f"## {name}", ""]
        if (part["source"].isin(["twins", "seeds"])).all():
            lines += [
                "| task | within a network | best tenth | twins of the best 100 | Spearman "
                "[95 %] | oracle @10 / 20 / 50 | normal noise | luckiest twin |",
                "|---|---:|---:|---:|---:|---:|---:|---:|",
            ]
            for row in part.to_dict("records"):
                lines.append(
                    f"| `{row['task']}` | {number(row['within'])} | {number(row['top'])} | "
                    f"{number(row['twins_of_best_100'])} | {row['spearman']:.2f} "
                    f"[{row['spearman_low']:.2f}, {row['spearman_high']:.2f}] | "
                    f"{triple(row, 'oracle')} | "
                    f"{triple(row, 'normal')} | {triple(row, 'lucky')} |"
                )
            mean = part.mean(numeric_only=True)
            lines.append(
                f"| mean | | | | | {triple(mean, 'oracle')} | {triple(mean, 'normal')} | "
                f"{triple(mean, 'lucky')} |"
            )
            lines += ["", f"{part['repeated'].iloc[0]} networks were trained more than once."]
        elif (part["source"] == "test").all():
            again = second_seed(name)
            lines += [
                "| task | of the images alone | best tenth | Spearman valid, test [95 %] | "
                "Spearman between two seeds (20 networks) |",
                "|---|---:|---:|---:|---:|",
            ]
            for row in part.to_dict("records"):
                lines.append(
                    f"| `{row['task']}` | {number(row['within'])} | {number(row['top'])} | "
                    f"{row['spearman']:.2f} [{row['spearman_low']:.2f}, "
                    f"{row['spearman_high']:.2f}] | {again[row['task']]:.2f} |"
                )
        else:
            lines.append("One training of each network and no test data: no number can be given.")
        lines.append("")
    lines += [
        "## A model that knows four fifths of the table",
        "",
        "| suite | task | @10 / 20 / 50 | residual, upper half | best tenth |",
        "|---|---|---:|---:|---:|",
    ]
    for row in reference.to_dict("records"):
        lines.append(
            f"| {row['suite']} | `{row['task']}` | {triple(row, 'known')} | "
            f"{number(row['residual'])} | {number(row['top'])} |"
        )
    for name, part in reference.groupby("suite", sort=False):
        lines.append(f"| {name} | mean | {triple(part.mean(numeric_only=True), 'known')} | | |")
    return "\n".join(lines) + "\n"


def draw(frame, target):
    from matplotlib.figure import Figure

    told = [
        name for name, part in frame.groupby("suite", sort=False) if part["between"].notna().all()
    ]
    figure = Figure(figsize=(4.2 * len(told), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(told), squeeze=False)[0], told, strict=True):
        part = frame[frame["suite"] == name]
        for row in part.to_dict("records"):
            line = [row[f"oracle_at_{q}"] for q in QUERIES]
            axes.plot(QUERIES, line, marker="o", markersize=3, linewidth=1, label=row["task"])
        mean = [part[f"oracle_at_{q}"].mean() for q in QUERIES]
        axes.plot(QUERIES, mean, color="black", linewidth=2.5, label="mean")
        axes.set(xscale="log", yscale="log", xlabel="queries", title=name)
        axes.set_xticks(QUERIES, [str(q) for q in QUERIES])
        axes.minorticks_off()
        ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500) if t <= 2 * axes.get_ylim()[1]]
        axes.set_yticks(ticks, [str(t) for t in ticks])
        axes.set_ylim(0.9, None)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=7, frameon=False)
    figure.axes[0].set_ylabel("rank that an oracle expects")
    save_figure(figure, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for what is written")
    folder = parser.parse_args().keep
    frame = pd.concat([of_suite(name) for name in SUITES], ignore_index=True)
    frame.to_csv(folder / "rows.csv", index=False, float_format="%.6g")
    reference = known_four_fifths(("transnas-micro", "transnas-macro"), SHOWN)
    reference.to_csv(folder / "reference.csv", index=False, float_format="%.6g")
    (folder / "noise.md").write_text(as_markdown(frame, reference), encoding="utf-8")
    draw(frame, folder / "oracle-lines")


if __name__ == "__main__":
    main()
