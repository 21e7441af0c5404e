"""``rlnas similarity``: which source task is most like a target, by few queries of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, Names, split_names

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class SimilarityOptions(CommonOptions):
    """Rank source tasks by how similar they are to a target, from few queries of it.

    The sources' whole tables are known; of the target only the probes are seen. Controllers are
    trained, or loaded, where an estimator asks what policies do.
    """

    suite: str = "transnas-micro"
    """Name of the suite; `rlnas data list` shows them."""

    target: str
    """The target task."""

    estimator: Names = ("posterior-head",)
    """Estimators, separated by commas, or `all`: rank-correlation, spearman, gain-correlation,
    head-transfer, policy-head, policy-agreement, policy-return, proxy-signature, posterior-head,
    ensemble."""

    probes: int = 10
    """Target queries that each estimator may spend."""

    sources: Names = ("all",)
    """Source tasks, separated by commas; by default all but the target, or those that the given
    controllers were trained on."""

    seeds: int = 1
    """Repetitions, with seeds from 0 on; rankings are then means."""

    steps: int = 100_000
    """Environment steps of training on each source, where controllers are needed."""

    source: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR…", help_behavior_hint="")] = ()
    """Controllers to use instead of training them: folders that `rlnas train` wrote."""

    run: Folder = None
    """Use the controllers of a transfer matrix: a folder that `rlnas matrix` wrote."""

    device: str = "auto"
    """Where sources are trained: auto (the faster one, measured), cpu, cuda or cuda:N."""

    out: Folder = None
    """Run folder; by default runs/similarity/SUITE/TARGET."""

    resume: Flag = False
    """Write into a run folder that was begun with the same settings."""


def run(options: SimilarityOptions, screen: Screen) -> dict[str, Any]:
    """Estimate similarities, print rankings and the matrix, and draw them."""
    import torch

    from rlnas.reporting.figures.similarity import write_similarity
    from rlnas.reporting.terminal.similarity import ranking_means, similarity_tables
    from rlnas.transfer.similarity import estimator_names
    from rlnas.transfer.similarity.run import SIMILARITIES, measure_similarities

    torch.set_num_threads(1)  # the networks are too small to gain from more
    estimators, sources = split_names(options.estimator), split_names(options.sources)
    with screen.progress() as report:
        found = measure_similarities(
            options.suite,
            options.target,
            estimator_names() if estimators == ("all",) else estimators,
            out=options.out or Path("runs", "similarity", options.suite, options.target),
            sources=() if sources == ("all",) else sources,
            controllers=options.source,
            matrix=options.run,
            probes=options.probes,
            seeds=options.seeds,
            steps=options.steps,
            device=options.device,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
        )
    folder, matrix = found.folder, found.matrix
    rankings = ranking_means(found.estimates)
    screen.print(*similarity_tables(rankings, matrix))
    title = f"{options.suite}: {options.target}"
    png, _ = write_similarity(matrix, rankings, folder, title=title)
    screen.line(f"Figure:  {png} (and .svg)")
    screen.line(f"Results: {folder / SIMILARITIES}")
    best = _best(rankings)
    if best is not None and (folder / "sources" / best).is_dir():
        screen.line(
            f"Transfer: rlnas transfer --source {folder / 'sources' / best} "
            f"--suite {options.suite} --task {options.target}"
        )
    return {
        "command": "similarity",
        **found.settings,
        "best": best,
        "rankings": rankings.to_dict("records"),
        "matrix": {
            "names": matrix.names,
            "values": matrix.values,
            "measure": matrix.measure,
        },
        "figure": png,
        "out": folder,
    }


def _best(rankings: pd.DataFrame) -> str | None:
    """Return the first estimator's best source, or None where it knows nothing."""
    first = rankings[rankings["estimator"] == rankings["estimator"].iloc[0]]
    known = first.dropna(subset=["similarity"])
    return str(known["source"].iloc[0]) if len(known) else None
