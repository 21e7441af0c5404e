"""Which source task is most like a target: measured by few queries of it, in a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.benchmarks import load_suite
from rlnas.devices import check_device
from rlnas.errors import CheckpointError, InvalidArgumentError
from rlnas.folders import inside
from rlnas.parquet import write_frame
from rlnas.run_folder import begin_run, only_writer
from rlnas.runs.on_disk import Progress, no_progress
from rlnas.seeding import generator
from rlnas.tasks import Suite, TabularTask
from rlnas.transfer.similarity.estimates import estimate_similarities
from rlnas.transfer.similarity.registry import estimator_needs
from rlnas.transfer.similarity.source_task import KnownTask, SourceTask
from rlnas.transfer.sources import Source

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.agents import PPOController
    from rlnas.transfer.similarity.landscape import SimilarityMatrix

SIMILARITIES = "similarities.parquet"


@dataclass(frozen=True)
class MeasuredSimilarities:
    """How similar sources are to a target.

    Attributes:
        folder: The run folder; controllers that were trained for it are in its ``sources``.
        settings: What was measured.
        estimates: As `estimate_similarities` returns them.
        matrix: Between all these tasks; the target's row is from the probes of seed 0.
    """

    folder: Path
    settings: dict[str, Any]
    estimates: pd.DataFrame
    matrix: SimilarityMatrix

    def __repr__(self) -> str:
        target, sources = self.settings["target"], self.settings["sources"]
        return f"MeasuredSimilarities({str(self.folder)!r}, {target!r}, sources={sources})"


def measure_similarities(
    suite: str,
    target: str,
    estimators: Sequence[str] = ("posterior-head",),
    *,
    out: str | Path,
    sources: Sequence[str] = (),
    controllers: Sequence[str | Path] = (),
    matrix: str | Path | None = None,
    probes: int = 10,
    seeds: int = 1,
    steps: int = 100_000,
    device: str = "auto",
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> MeasuredSimilarities:
    """Estimate how similar source tasks are to a target, from few queries of it.

    The sources' whole tables are known; of the target only the probes are seen.

    Args:
        suite: Name of the suite.
        target: The target task.
        estimators: Names of estimators.
        out: The run folder.
        sources: Source tasks; none means all but the target, or those of the given controllers.
        controllers: Controllers to use where an estimator asks what policies do: folders that
            `train_controller` or ``rlnas train`` wrote. Without any they are trained.
        matrix: Instead, the folder of a transfer matrix, whose controllers are used.
        probes: Target queries that each estimator may spend, 0 or more.
        seeds: Repetitions, with seeds from 0 on; 1 or more.
        steps: Environment steps of training on each source, 1 or more.
        device: Where sources are trained: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        resume: Write into a folder that was begun with the same settings.
        command: The command line, kept in the folder.
        on_progress: Called as parts are done; the stages are ``train sources`` and
            ``similarities``.

    Raises:
        UnknownNameError: If there is no such suite, task or estimator.
        InvalidArgumentError: If a number is out of range, or sources and controllers do not fit.
        CheckpointError: If a folder holds no controller.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    from rlnas.benchmarks.proxies import load_proxies

    report = on_progress or no_progress
    needs = frozenset[str]().union(*(estimator_needs(name) for name in estimators))
    for name, value, least in (("probes", probes, 0), ("seeds", seeds, 1), ("steps", steps, 1)):
        if value < least:
            raise InvalidArgumentError(f"{name} is {value}; expected {least} or more.")
    if device != "auto":
        check_device(device)
    tasks = load_suite(suite)
    task = tasks[target]
    if controllers and matrix is not None:
        raise InvalidArgumentError("Give controllers or a matrix that has some, not both.")
    given = None
    if "policies" in needs and (controllers or matrix is not None):
        given = _load([Path(c) for c in controllers] if matrix is None else _inside(Path(matrix)))
    names = _source_names(tasks, target, sources, given)
    folder = Path(out)
    settings = {
        "suite": suite,
        "target": target,
        "sources": list(names),
        "estimators": list(estimators),
        "probes": probes,
        "seeds": seeds,
        "controllers": [str(path) for path in controllers]
        or str(steps if matrix is None else matrix),
    }
    with only_writer(folder):
        begin_run(folder, "similarity", settings, resume=resume, command=command)
        known: dict[str, SourceTask]
        if "policies" in needs:
            used = given or _train(tasks, names, folder, report, steps=steps, device=device)
            known = {name: Source(name, used[name], tasks[name]) for name in names}
        else:
            known = {name: KnownTask(name, tasks[name]) for name in names}
        estimates = estimate_similarities(
            known,
            {target: task},
            estimators,
            probes,
            seeds,
            proxies=load_proxies(suite) if "proxies" in needs else None,
            on_progress=report,
        )
        between = _matrix(list(known.values()), target, task, probes)
        write_frame(folder / SIMILARITIES, estimates)
    return MeasuredSimilarities(folder, settings, estimates, between)


def _source_names(
    suite: Suite[TabularTask],
    target: str,
    wanted: Sequence[str],
    given: Mapping[str, PPOController] | None,
) -> tuple[str, ...]:
    """Return the source tasks; those of the controllers, if some are given and none is named."""
    if not wanted:
        others = [name for name in suite if name != target]
        found = tuple(name for name in others if given is None or name in given)
        if given and not found:
            raise InvalidArgumentError(
                f"The controllers were trained on {', '.join(given)}; expected one or more of "
                f"{', '.join(others)}, the other tasks of {suite.name}."
            )
        return found
    if target in wanted:
        raise InvalidArgumentError(
            f"The target {target} cannot be its own source; leave it out of the sources."
        )
    names = suite.check(wanted)
    if given is not None and (missing := [name for name in names if name not in given]):
        raise InvalidArgumentError(
            f"No controller was trained on {', '.join(missing)}; those given were trained on "
            f"{', '.join(given)}."
        )
    return names


def _train(
    suite: Suite[TabularTask],
    names: tuple[str, ...],
    folder: Path,
    report: Progress,
    **training: Any,
) -> dict[str, PPOController]:
    """Return a new controller for each source, kept in the folder."""
    from rlnas.agents import PPOController

    trained = PPOController.train_many(
        [suite[name] for name in names],
        **training,
        on_progress=lambda done, total: report("train sources", done, total),
    )
    controllers = dict(zip(names, trained, strict=True))
    for name, controller in controllers.items():
        controller.save(inside(folder, "sources", name), training_state=False)
    return controllers


def _inside(matrix: Path) -> list[Path]:
    """Return the controllers of a transfer matrix."""
    # Without hidden ones, which a killed process may have left.
    folders = sorted((matrix / "sources").glob("[!.]*"))
    if not folders:
        raise CheckpointError(
            f"{matrix} holds no source controllers; expected a folder that `rlnas matrix` wrote."
        )
    return folders


def _load(folders: Sequence[Path]) -> dict[str, PPOController]:
    """Return controllers by the task they were trained on."""
    from rlnas.agents import PPOController
    from rlnas.transfer.source_folders import checkpoint_in

    found: dict[str, PPOController] = {}
    for folder in folders:
        controller = PPOController.load(checkpoint_in(folder))
        found.setdefault(controller.sources[0].rsplit("/", 1)[-1], controller)
    return found


def _matrix(
    sources: list[SourceTask], target: str, task: TabularTask, probes: int
) -> SimilarityMatrix:
    """Return the matrix between the tasks; the target's row from mixed probes of seed 0."""
    from rlnas.transfer.similarity.evidence import gaussian_scores
    from rlnas.transfer.similarity.landscape import score_matrix
    from rlnas.transfer.similarity.probes import query_probes

    ledger = task.ledger(max(probes, 1))
    with task.sealed():
        table = gaussian_scores(sources, task.space)
        rng = generator(0, "similarity", "matrix", target)
        query_probes("mixed", table, ledger, rng, probes)
        return score_matrix(sources, target, ledger)
