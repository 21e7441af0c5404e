"""``rlnas similarity``: which source task is most like a target, by few queries of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, Names, split_names
from rlnas.errors import CheckpointError, InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.agents import PPOController
    from rlnas.cli.screen import Screen
    from rlnas.tasks import Suite, TabularTask
    from rlnas.transfer.similarity import SimilarityMatrix, SourceTask


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

    from rlnas.atomic import atomic_file
    from rlnas.benchmarks import load_suite
    from rlnas.reporting.figures.similarity import write_similarity
    from rlnas.reporting.terminal.similarity import ranking_means, similarity_tables
    from rlnas.run_folder import begin_run
    from rlnas.transfer.similarity import (
        KnownTask,
        estimate_similarities,
        estimator_names,
        estimator_needs,
        load_proxies,
    )
    from rlnas.transfer.sources import Source

    torch.set_num_threads(1)  # the networks are too small to gain from more
    wanted = split_names(options.estimator)
    estimators = estimator_names() if wanted == ("all",) else wanted
    needs = frozenset().union(*(estimator_needs(name) for name in estimators))
    for name, least in (("probes", 0), ("seeds", 1), ("steps", 1)):
        if getattr(options, name) < least:
            raise InvalidArgumentError(
                f"--{name} is {getattr(options, name)}; expected {least} or more."
            )
    suite = load_suite(options.suite)
    task = suite[options.target]
    given = _load(options) if "policies" in needs and (options.source or options.run) else None
    names = _source_names(options, suite, given)
    folder = options.out or Path("runs", "similarity", options.suite, options.target)
    settings = {
        "suite": options.suite,
        "target": options.target,
        "sources": list(names),
        "estimators": list(estimators),
        "probes": options.probes,
        "seeds": options.seeds,
        "controllers": [str(path) for path in options.source] or str(options.run or options.steps),
    }
    begin_run(folder, "similarity", settings, resume=options.resume, command=screen.command)
    sources: dict[str, SourceTask]
    if "policies" in needs:
        controllers = given or _train(options, suite, names, folder, screen)
        sources = {name: Source(name, controllers[name], suite[name]) for name in names}
    else:
        sources = {name: KnownTask(name, suite[name]) for name in names}
    with screen.progress() as report:
        estimates = estimate_similarities(
            sources,
            {options.target: task},
            estimators,
            options.probes,
            options.seeds,
            proxies=load_proxies(options.suite) if "proxies" in needs else None,
            on_progress=report,
        )
    matrix = _matrix(list(sources.values()), options, task)
    rankings = ranking_means(estimates)
    screen.print(*similarity_tables(rankings, matrix))
    with atomic_file(folder / "similarities.parquet") as partial:
        estimates.to_parquet(partial, index=False)
    title = f"{options.suite}: {options.target}"
    png, _ = write_similarity(matrix, rankings, folder, title=title)
    screen.line(f"Figure:  {png} (and .svg)")
    screen.line(f"Results: {folder / 'similarities.parquet'}")
    best = _best(rankings)
    if best is not None and (folder / "sources" / best).is_dir():
        screen.line(
            f"Transfer: rlnas transfer --source {folder / 'sources' / best} "
            f"--suite {options.suite} --task {options.target}"
        )
    return {
        "command": "similarity",
        **settings,
        "best": best,
        "rankings": rankings.to_dict("records"),
        "matrix": {
            "names": list(matrix.names),
            "values": matrix.values.tolist(),
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


def _source_names(
    options: SimilarityOptions,
    suite: Suite[TabularTask],
    given: Mapping[str, PPOController] | None,
) -> tuple[str, ...]:
    """Return the source tasks; those of the controllers, if some are given and none is named."""
    wanted = split_names(options.sources)
    if wanted == ("all",):
        others = [name for name in suite if name != options.target]
        found = tuple(name for name in others if given is None or name in given)
        if given and not found:
            raise InvalidArgumentError(
                f"The controllers were trained on {', '.join(given)}; expected one or more of "
                f"{', '.join(others)}, the other tasks of {options.suite}."
            )
        return found
    if options.target in wanted:
        raise InvalidArgumentError(
            f"The target {options.target} cannot be its own source; leave it out of --sources."
        )
    names = suite.check(wanted)
    if given is not None and (missing := [name for name in names if name not in given]):
        raise InvalidArgumentError(
            f"No controller was trained on {', '.join(missing)}; those given were trained on "
            f"{', '.join(given)}."
        )
    return names


def _train(
    options: SimilarityOptions,
    suite: Suite[TabularTask],
    names: tuple[str, ...],
    folder: Path,
    screen: Screen,
) -> dict[str, PPOController]:
    """Return a new controller for each source, kept in the folder."""
    from rlnas.agents import PPOController

    with screen.progress() as report:
        trained = PPOController.train_many(
            [suite[name] for name in names],
            options.steps,
            device=options.device,
            on_progress=lambda done, total: report("train sources", done, total),
        )
    controllers = dict(zip(names, trained, strict=True))
    for name, controller in controllers.items():
        controller.save(folder / "sources" / name, training_state=False)
    return controllers


def _load(options: SimilarityOptions) -> dict[str, PPOController]:
    """Return the controllers that were given, by the task they were trained on."""
    from rlnas.agents import PPOController
    from rlnas.transfer.source_folders import CHECKPOINT

    if options.source and options.run:
        raise InvalidArgumentError("Give --source or --run, not both.")
    folders = list(options.source)
    if options.run is not None:
        inside = options.run / "sources"
        folders = sorted(path for path in inside.iterdir()) if inside.is_dir() else []
        if not folders:
            raise CheckpointError(
                f"{options.run} holds no source controllers; expected a folder that `rlnas matrix` "
                "wrote."
            )
    found: dict[str, PPOController] = {}
    for folder in folders:
        path = folder / CHECKPOINT if (folder / CHECKPOINT).is_dir() else folder
        if not path.is_dir():
            raise CheckpointError(
                f"The source {folder} does not exist; expected a folder that `rlnas train` wrote."
            )
        controller = PPOController.load(path)
        found.setdefault(controller.sources[0].rsplit("/", 1)[-1], controller)
    return found


def _matrix(
    sources: list[SourceTask], options: SimilarityOptions, task: TabularTask
) -> SimilarityMatrix:
    """Return the matrix between the tasks; the target's row from mixed probes of seed 0."""
    from rlnas.seeding import generator
    from rlnas.transfer.similarity import query_probes, score_matrix
    from rlnas.transfer.similarity.evidence import gaussian_scores

    ledger = task.ledger(max(options.probes, 1))
    with task.sealed():
        table = gaussian_scores(sources, task.space)
        rng = generator(0, "similarity", "matrix", options.target)
        query_probes("mixed", table, ledger, rng, options.probes)
        return score_matrix(sources, options.target, ledger)
