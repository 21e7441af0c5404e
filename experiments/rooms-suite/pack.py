"""Pack what `build.py` trained into the table that the package ships.

Usage: python pack.py CELLS [--out FOLDER] [--seeds 0 1 2]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from build import machine
from numpy.typing import NDArray
from suite_cells import Cells, read_cells
from suite_columns import (
    COST,
    count_columns,
    kept_proxy_columns,
    proxy_columns,
    test_name,
    training_columns,
)

import rlnas
from rlnas.atomic import write_json
from rlnas.benchmarks import BenchmarkTable, Column, Provenance, open_table, save_table
from rlnas.benchmarks.provenance import converter
from rlnas.datasets import load_task_data
from rlnas.datasets.spec import TRANSNAS_TASKS, TaskSpec
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

    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds to keep; several give the columns a seed axis."""


def main(options: Options) -> int:
    """Write the table and say how complete it is."""
    cells = read_cells(options.cells, options.seeds)
    table = pack(cells, options.seeds)
    folder = save_table(table, options.out / table.name)
    write_json(folder / "plan.json", cells.plan.describe(), indent=1)
    size = sum(path.stat().st_size for path in folder.iterdir())
    missing = {task: int(np.isnan(_last(table.column(task))).sum()) for task in table.tasks}
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
    tasks = sorted(plan.tasks, key=TRANSNAS_TASKS.index)
    specs = [task_spec(plan.dataset, task) for task in tasks]
    for spec in specs:
        counts = statistics_of_many(space, vectors, spec, plan.config)
        columns += training_columns(cells, architectures, seeds, spec)
        columns += count_columns(counts, spec)
        if cells.proxies:
            columns += proxy_columns(cells, architectures, spec)
        else:
            columns += kept_proxy_columns(_packed(plan.space), architectures, spec)
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


def _packed(space: str) -> BenchmarkTable:
    """Return the table that the package holds now, with a row for each canonical form."""
    return open_table(_PACKAGE / NAMES[space])


def _last(column: Column) -> NDArray[np.float32]:
    """Return a column's values of the last epoch, of all its seeds."""
    return np.asarray(column.values[..., -1])


def source(cells: Cells, seeds: tuple[int, ...]) -> Provenance:
    """Return how the numbers were made."""
    kind = cells.plan.space.removeprefix("transnas-")
    made_on = "; ".join(
        ", ".join(
            [found["processor"]]
            + [f"{n} {found['versions'][n]}" for n in _CITED if n in found["versions"]]
        )
        for found in cells.machines or [machine()]
    )
    return Provenance(
        title=f"{NAMES[cells.plan.space]}: trainings on the rendered data set rooms, "
        f"{len(cells.histories)} distinct networks × {len(cells.plan.tasks)} tasks × "
        f"{len(seeds)} seeds",
        licence="MIT",
        converted_by=converter(),
        made_by=f"python experiments/rooms-suite/build.py {kind} OUT --seeds "
        f"{' '.join(map(str, seeds))}; {cells.trainings} trainings in "
        f"{cells.cpu_hours:.1f} processor hours; {', '.join(cells.devices)}, "
        f"one thread a process; {made_on}",
    )


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
