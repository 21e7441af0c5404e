"""``rlnas ask``: what a study wants evaluated next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rlnas.cli.options import CommonOptions, Flag, MethodOptions, Number, Text

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.studies import Study

_Seconds = Annotated[float | None, tyro.conf.arg(metavar="SECONDS", help_behavior_hint="")]
_Direction = Annotated[Literal["max", "min"] | None, tyro.conf.arg(help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class AskOptions(CommonOptions):
    """Print the architectures to evaluate next, one a line; tell what came of them by `rlnas tell`.

    The first call begins a study, with --space and --queries; later ones need its folder alone.
    Nothing is printed where the searcher waits for answers, or wants no more.
    """

    folder: tyro.conf.Positional[Path]
    """Folder of the study."""

    number: int = 1
    """Most architectures to print."""

    worker: str = ""
    """Name of who asks, one each: after a restart it gets what it had."""

    again: _Seconds = None
    """Seconds after which what somebody has and did not tell is handed out again; by default
    never."""

    wait: float = 0.0
    """Seconds to wait where the searcher waits for the answers of others."""

    space: Text = None
    """Search space, to begin with: transnas-micro, transnas-macro, nasbench-201 …"""

    algorithm: Text = None
    """Searcher or transfer method; to begin with regularised-evolution."""

    option: MethodOptions = ()
    """An option of it, NAME=VALUE; may be given again. `rlnas methods NAME` shows what there is."""

    source: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR…", help_behavior_hint="")] = ()
    """Controllers that a transfer method starts from, from `rlnas train`."""

    queries: Number = None
    """Architectures to evaluate in all."""

    seed: Number = None
    """Seed of the search; to begin with 0."""

    in_flight: Number = None
    """Most architectures that are evaluated at once; to begin with 1."""

    metric: Text = None
    """Name of the number that will be told; to begin with score."""

    unit: Text = None
    """Its unit."""

    direction: _Direction = None
    """Whether larger or smaller numbers are better; to begin with max."""

    canonical_free: Flag = False
    """Never ask for architectures that compute the same as one that was told."""


def run(options: AskOptions, screen: Screen) -> dict[str, Any]:
    """Print what to evaluate."""
    study = _open(options, screen)
    found = study.ask(options.number, worker=options.worker, again=options.again, wait=options.wait)
    for architecture in found:
        screen.line(architecture)
    told, waiting, finished = study.told, study.waiting, study.finished
    if not found:
        if finished:
            best = study.best
            score = "" if best is None else f", best {study.metric.text(best.score, 6)}"
            name = "" if best is None else f" ({best.architecture})"
            screen.note(f"The study is finished: {told} told{score}{name}.")
        else:
            screen.note(f"Waits for {len(waiting)} answers: {', '.join(waiting[:3])}.")
    return {
        "command": "ask",
        "out": options.folder,
        "architectures": found,
        "waiting": waiting,
        "told": told,
        "queries": study.budget.queries,
        "finished": finished,
    }


def _open(options: AskOptions, screen: Screen) -> Study:
    from rlnas.cli.methods import method_options
    from rlnas.run_folder import CONFIG
    from rlnas.studies import open_study

    name, given = options.algorithm, None
    if options.option:
        if name is None and (options.folder / CONFIG).exists():
            name = str(open_study(options.folder).settings["searcher"])
        name = name or "regularised-evolution"
        given = method_options(options.option, (name,))[name]
    study = open_study(
        options.folder,
        options.space,
        name,
        options.queries,
        options.seed,
        options=given,
        sources=options.source or None,
        metric=options.metric,
        unit=options.unit,
        direction=options.direction,
        in_flight=options.in_flight,
        canonical_free=options.canonical_free or None,
        command=screen.command,
    )
    if study.settings["sources"]:
        import torch

        torch.set_num_threads(1)  # whoever asks, wherever: other threads round in another order
    return study
