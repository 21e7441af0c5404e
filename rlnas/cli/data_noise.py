"""``rlnas data noise``: how far the scores of a suite would move in another training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tyro

from rlnas.cli.options import CommonOptions
from rlnas.errors import InvalidArgumentError
from rlnas.formats import format_number, format_rank

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class NoiseOptions(CommonOptions):
    """Say how noisy the scores of a suite are, and what no search can find but by luck."""

    suite: tyro.conf.Positional[str]
    """Name of the suite."""


def show_noise(options: NoiseOptions, screen: Screen) -> dict[str, Any]:
    """Print the noise of each task of a suite.

    Raises:
        InvalidArgumentError: If the suite's scores were not measured.
    """
    import numpy as np

    from rlnas.benchmarks import MeasuredSuite, load_suite
    from rlnas.reporting.terminal.table import titled_table

    suite = load_suite(options.suite)
    if not isinstance(suite, MeasuredSuite):
        raise InvalidArgumentError(
            f"The scores of {suite.name} were not measured, so they have no noise of training."
        )
    frame = suite.noise.to_frame()
    table = titled_table(f"{suite.name}: the noise of a training")
    table.add_column("task", overflow="fold")
    heads = ("within", "top tenth", "Spearman", "@10", "@20", "@50")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    rows = frame.to_dict("records")
    for row in rows:
        numbers = [row[name] for name in ("within", "top", "spearman")]
        ranks = [format_rank(row[f"oracle_at_{q}"]) for q in (10, 20, 50)]
        table.add_row(row["task"], *(format_number(n, 2) for n in numbers), *ranks)
    line = suite.noise.oracle()
    if np.isfinite(line).all():
        table.add_section()
        table.add_row("mean over tasks", *[""] * 3, *map(format_rank, line))
    screen.print(table)
    for note in dict.fromkeys(noise.note for noise in suite.noise.values()):
        names = [name for name, noise in suite.noise.items() if noise.note == note]
        where = "all tasks" if len(names) == len(suite) else ", ".join(names)
        count = max(row["repeated"] for row in rows if row["task"] in names)
        screen.print(f"Repeats, {where}: {note}" + (f", {count} networks." if count else "."))
    screen.print(
        "within: standard deviation between trainings of one network, above the table's median; "
        "top tenth: that between the best architectures; @N: mean rank that a searcher with "
        "noise-free scores expects after N queries. Below it is luck."
    )
    return {"command": "data noise", "suite": suite.name, "tasks": rows, "oracle": line.tolist()}
