"""Train random architectures of a built-in suite again, and compare with its table.

What is trained says the table's plan. The first seed has to give the table's numbers, bit for bit;
other seeds tell the seed noise, which a table of several seeds tells by itself. Resumable: a
training is a file in OUT.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tyro
from build import SpaceName
from numpy.typing import NDArray
from suite_cells import Cells, curve, read_cells
from suite_plan import SuitePlan
from suite_reliability import reliability

from rlnas.atomic import write_text
from rlnas.benchmarks import BenchmarkTable, open_table
from rlnas.benchmarks.builtin import built_in_folder, open_built_in
from rlnas.benchmarks.column import SeedChoice
from rlnas.damage import read_json
from rlnas.seeding import generator
from rlnas.training.tabulation.plan import TabulationCell
from rlnas.training.tabulation.run import tabulate

HERE = Path(__file__).parent
_LEAST = 3


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train again."""

    space: SpaceName
    """Which suite."""

    count: int = 20
    """How many architectures."""

    seeds: tuple[int, ...] = (0,)
    """A seed of the table, then others, which a table of one seed needs for its noise."""

    workers: int = 2
    """Processes with one thread each."""

    draw: int = 0
    """Which architectures: seed of the draw."""

    table: Path | None = None
    """Folder of the table; by default the built-in one."""

    out: Path = Path("runs", "rooms-suite", "reproduced")
    """Folder of the trainings."""

    keep: Path = HERE
    """Folder of rows and table."""


def main(options: Options) -> int:
    """Train what is missing, compare, and write rows and table; 1 if the table is not met."""
    name = f"rooms-{options.space}"
    table = open_built_in(name) if options.table is None else open_table(options.table)
    where = (options.table or built_in_folder(name)) / "plan.json"
    plan = SuitePlan.from_description(read_json(where, "plan of a table"))
    chosen = draw(table, options.count, options.draw, options.seeds[0])
    folder = options.out / options.space

    def report(cell: TabulationCell, done: int, count: int) -> None:
        print(f"{done}/{count} {cell.file_name}", flush=True)

    for part, tabulation in plan.parts.items():
        tabulate(
            tabulation,
            chosen,
            folder / part,
            seeds=options.seeds,
            workers=options.workers,
            on_cell=report,
        )
    cells = read_cells(folder, options.seeds)
    rows = compare(table, cells, chosen, options.seeds)
    text = summary(rows, table, options.seeds[0])
    write_text(options.keep / f"reproduced-{options.space}.csv", rows.to_csv(index=False))
    write_text(options.keep / f"reproduced-{options.space}.md", text)
    print(text)
    again = rows[rows["seed"] == options.seeds[0]]
    return 0 if (again["value"] == again["table"]).all() else 1


def draw(table: BenchmarkTable, count: int, seed: int, first: int) -> list[str]:
    """Return random architectures of those that the table has every score of with a seed."""
    space = table.space
    held = np.unique(space.canonical_index)
    scores = [
        table.scores(task, seed=first if table.column(task).seeds else "mean")[held]
        for task in table.tasks
    ]
    known = np.isfinite(scores).all(axis=0)
    rng = generator(seed, "rooms-suite", "reproduce", space.name)
    rows = rng.permutation(held[known])[:count]
    return [space.format(vector) for vector in space.from_index(rows)]


def compare(
    table: BenchmarkTable, cells: Cells, chosen: list[str], seeds: tuple[int, ...]
) -> pd.DataFrame:
    """Return a row for each architecture, seed and task: validation metric now and in the table.

    Of the table it is that of the first seed, so that a row of another seed says what that changes.
    The table's other seeds are rows as well, where they were not trained again.
    """
    space, rows = table.space, []
    where = space.index(np.stack([space.parse(text) for text in chosen]))
    for task in table.tasks:
        column = table.column(task)
        metric = column.metric
        held = seeds[0] if column.seeds else "mean"  # without a seed axis there is but one

        def in_table(
            seed: SeedChoice, task: str = task, sign: int = metric.sign
        ) -> NDArray[np.float64]:
            return sign * table.scores(task, seed=seed)[where]

        first = in_table(held)
        now = curve(cells, chosen, seeds, task, "valid_metric")[..., -1]
        by_seed = {
            seed: metric.sign * table.scores(task, seed=seed)[where] for seed in column.seeds
        }
        by_seed |= dict(zip(seeds, now.T, strict=True))
        rows += [
            {
                "architecture": architecture,
                "task": task,
                "seed": seed,
                "metric": metric.name,
                "value": float(values[row]),
                "table": float(first[row]),
            }
            for row, architecture in enumerate(chosen)
            for seed, values in by_seed.items()
        ]
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame, table: BenchmarkTable, first: int) -> str:
    """Return the comparison for reading.

    *Shift* is the mean difference of other seeds from the first: the same first weights and order
    of examples serve all architectures, so a seed may favour or harm all alike, which ranks none.
    *Seed noise* is what remains, the standard deviation of one training. *Between architectures* is
    the standard deviation of the table's scores, seed noise included.
    """
    lines = [
        "| task | metric | same seed: equal | largest difference | another seed: shift "
        "| seed noise | between architectures | Spearman between seeds |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for task, part in rows.groupby("task", sort=False):
        again, others = part[part["seed"] == first], part[part["seed"] != first]
        equal = again["value"] == again["table"]
        largest = (again["value"] - again["table"]).abs().max()
        apart = (others["value"] - others["table"]).dropna().groupby(others["seed"])
        # Of fewer than three architectures neither the shift nor the noise says anything.
        shift = apart.mean()[apart.size() >= _LEAST].mean()
        by_seed = part.pivot(index="architecture", columns="seed", values="value")
        found = reliability(by_seed.to_numpy())
        spread = np.nanstd(table.scores(str(task))[np.unique(table.space.canonical_index)])
        lines.append(
            f"| `{task}` | {part['metric'].iloc[0]} | {equal.sum()} of {len(again)} "
            f"| {largest:.2g} "
            f"| {shift:+.3g} | {found.sd_within:.3g} | {spread:.3g} | {found.spearman:.2f} |"
        )
    return "\n".join(lines).replace(" nan ", " – ").replace("+nan", "–") + "\n"


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
