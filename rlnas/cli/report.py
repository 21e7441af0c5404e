"""``rlnas report``: the page of a finished or unfinished run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen

_Seconds = Annotated[float | None, tyro.conf.arg(metavar="SECONDS", help_behavior_hint="")]
_Count = Annotated[float | None, tyro.conf.arg(metavar="N", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class ReportOptions(CommonOptions):
    """Write the HTML report and the figures of a matrix, search, transfer or pareto run.

    The costs are for the return on investment of a matrix.
    """

    folder: tyro.conf.Positional[Path]
    """The run folder."""

    cost_per_query: _Seconds = None
    """Seconds of training that one query takes; by default what the benchmark's table says, if it
    does."""

    source_queries: _Count = None
    """Architectures evaluated to pretrain on one source; by default its whole table. 0 where the
    table is there anyway."""

    pretraining: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 0.0
    """Seconds that training the controller on one source took."""

    gpus: float = 1.0
    """GPUs that an evaluation, or that training, occupies."""


def run(options: ReportOptions, screen: Screen) -> dict[str, Any]:
    """Write the report and say where it is."""
    from rlnas.reporting import run_kind, write_report

    page = write_report(
        options.folder,
        cost_per_query_seconds=options.cost_per_query,
        source_queries=options.source_queries,
        pretraining_seconds=options.pretraining,
        gpus=options.gpus,
    )
    figures = sorted(options.folder.glob("*.png"))
    screen.line(f"Report: {page}")
    for path in figures:
        screen.line(f"Figure: {path}")
    return {
        "command": "report",
        "kind": run_kind(options.folder),
        "report": page,
        "figures": figures,
    }
