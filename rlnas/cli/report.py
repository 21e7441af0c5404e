"""``rlnas report``: the page of a finished or unfinished run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from rlnas.cli.options import CommonOptions

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class ReportOptions(CommonOptions):
    """Write the HTML report and the figures of a matrix, search or transfer run."""

    folder: tyro.conf.Positional[Path]
    """The run folder."""


def run(options: ReportOptions, screen: Screen) -> dict[str, Any]:
    """Write the report and say where it is."""
    from rlnas.reporting import run_kind, write_report

    page = write_report(options.folder)
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
