"""Pack what `build.py` trained into the table that the package ships.

Usage: python pack.py CELLS [--out FOLDER] [--seeds 0 …]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from build import machine
from suite_cells import Cells, read_cells
from suite_columns import COST, count_columns, proxy_columns, test_name, training_columns

import rlnas
from rlnas.atomic import write_text
from rlnas.benchmarks import BenchmarkTable, Column, Provenance, save_table
from rlnas.benchmarks.provenance import converter
from rlnas.datasets import load_task_data
from rlnas.datasets.spec import TaskSpec
from rlnas.errors import DataError
from rlnas.networks import statistics_of_many
from rlnas.spaces import get_space

NAMES = {"transnas-micro": "rooms-micro", "transnas-macro": "rooms-macro"}
SPACES = {"transnas-macro": "transnas-macro-4"}
"""Only the networks of four modules were trained; they are a space of their own."""

_PACKAGE = Path(rlnas.__file__).parent / "benchmarks" / "data"
_CITED = ("python", "numpy", "torch", "rlnas")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to pack."""

    cells: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="CELLS")]
    """Folder of the cells, OUT/micro or OUT/macro of build.py."""

    out: Path = _PACKAGE
    """Folder in which the table's folder is made; by default the package's data."""

    seeds: tuple[int, ...] = (0,)
    """Seeds to keep; several give the columns a seed axis."""


def main(options: Options) -> int:
    """Write the table and say how complete it is."""
    cells = read_cells(options.cells, options.seeds)
    table = pack(cells, options.seeds)
    folder = save_table(table, options.out / table.name)
    write_text(folder / "plan.json", (options.cells / "plan.json").read_text(encoding="utf-8"))
    size = sum(path.stat().st_size for path in folder.iterdir())
    missing = {task: int(np.isnan(table.column(task).select()).sum()) for task in table.tasks}
    print(f"{table.name}: {table.num_rows} rows, {len(table.columns)} columns, {size / 1e6:.2f} MB")
    print(f"missing: {missing if any(missing.values()) else 'none'}")
    print(table.source.made_by)
    return 0


def pack(cells: Cells, seeds: tuple[int, ...]) -> BenchmarkTable:
    """Return the table: a row for each canonical form, a column for each task and number.

    Args:
        cells: The trainings.
        seeds: The seeds to keep.

    Raises:
        DataError: If an architecture was trained that is no canonical form of the space.
    """
    plan = cells.plan
    space = get_space(SPACES.get(plan.space, plan.space))
    rows = np.unique(space.canonical_index)
    vectors = space.from_index(rows)
    architectures = [space.format(vector) for vector in vectors]
    if strange := set(cells.histories) - set(architectures):
        raise DataError(f"{sorted(strange)[:3]} are no canonical forms of {space.name}.")
    columns: list[Column] = []
    specs = [task_spec(plan.dataset, task) for task in plan.tasks]
    for spec in specs:
        counts = statistics_of_many(space, vectors, spec, plan.config)
        columns += training_columns(cells, architectures, seeds, spec)
        columns += count_columns(counts, spec)
        columns += proxy_columns(cells, architectures, spec)
    return BenchmarkTable(
        NAMES[plan.space],
        space,
        columns,
        primary={spec.name: spec.metric.name for spec in specs},
        source=source(cells, seeds),
        costs={spec.name: COST for spec in specs},
        tests={spec.name: test_name(spec) for spec in specs},
        architectures=vectors,
    )


def task_spec(dataset: str, task: str) -> TaskSpec:
    """Return what a network of the task takes and gives; it does not depend on the sizes."""
    return load_task_data(dataset, task, train_size=8, valid_size=8, test_size=8).spec


def source(cells: Cells, seeds: tuple[int, ...]) -> Provenance:
    """Return how the numbers were made."""
    plan, made_on = cells.plan, cells.machine or machine()
    kind = plan.space.removeprefix("transnas-")
    found = made_on["versions"]
    used = ", ".join(f"{name} {found[name]}" for name in _CITED if name in found)
    done = sum(len(by_seed) for by_seed in cells.histories.values())
    return Provenance(
        title=f"{NAMES[plan.space]}: trainings on the rendered data set rooms, "
        f"{len(cells.histories)} distinct networks × {len(plan.tasks)} tasks",
        licence="MIT",
        converted_by=converter(),
        made_by=f"python experiments/rooms-suite/build.py {kind} OUT --seeds "
        f"{' '.join(map(str, seeds))}; {done} networks × {len(plan.tasks)} tasks in "
        f"{cells.cpu_hours:.1f} processor hours; {', '.join(cells.devices)}, "
        f"{made_on['processor']}, one thread a process; {used}",
    )


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
