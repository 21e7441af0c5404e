"""``rlnas tell``: what an architecture that a study asked for came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Text

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen

_Score = Annotated[float | None, tyro.conf.arg(metavar="NUMBER", help_behavior_hint="")]
_Seconds = Annotated[float | None, tyro.conf.arg(metavar="SECONDS", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class TellOptions(CommonOptions):
    """Tell a study what an architecture came to: a --score, or a --failure.

    Refused, and nothing recorded, for what `rlnas ask` did not print or what was told before.
    """

    folder: tyro.conf.Positional[Path]
    """Folder of the study."""

    architecture: tyro.conf.Positional[str]
    """Its official string, as `rlnas ask` printed it."""

    score: _Score = None
    """The number that it came to; one that is nan or inf is a failure."""

    failure: Text = None
    """Instead, why there is none; the architecture counts as evaluated all the same."""

    cost: _Seconds = None
    """Seconds of training; by default those since it was asked for."""


def run(options: TellOptions, screen: Screen) -> dict[str, Any]:
    """Record the answer."""
    from rlnas.studies import open_study

    study = open_study(options.folder)
    record = study.tell(
        options.architecture, options.score, failure=options.failure, cost=options.cost
    )
    study.close()
    metric, best, told = study.metric, study.best, study.told
    error = record.evaluation.error
    text = metric.text(record.score, 6) if error is None else f"failed: {error}"
    most = "" if study.budget.queries is None else f"/{study.budget.queries}"
    found = "" if best is None else f" (best {metric.text(best.score, 6)})"
    screen.line(f"{told}{most} {record.architecture}: {text}{found}")
    return {
        "command": "tell",
        "out": options.folder,
        "query": record.query,
        "architecture": record.architecture,
        "value": metric.raw(record.score),
        "error": error,
        "cost": record.evaluation.cost,
        "best": None
        if best is None
        else {"architecture": best.architecture, "value": metric.raw(best.score)},
        "told": told,
        "queries": study.budget.queries,
        "finished": study.finished,
    }
