"""One search, many networks: a front of accuracy against cost, each of its points trained."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.damage import guarded
from rlnas.errors import DivergedError, InvalidArgumentError, RunError
from rlnas.parquet import write_frame
from rlnas.plain import whole
from rlnas.run_folder import begin_run, only_writer, read_settings
from rlnas.runs.limits import COSTS
from rlnas.runs.on_disk import Progress, no_progress, read_table
from rlnas.sealed_json import read_sealed_json, write_sealed_json
from rlnas.seeding import derive_seed, generator
from rlnas.statistics.pareto import non_dominated
from rlnas.tasks import Metric
from rlnas.training.objective.records import folder_name

Floats = NDArray[np.float64]

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.datasets import DataOptions
    from rlnas.training import Distillation
    from rlnas.training.objective.task import TrainingSetup

PARETO = "pareto"
"""What its ``config.json`` calls it."""

ROWS, SHAPES, POINTS, MODELS = "rows.parquet", "shapes.json", "points", "models"
BATCH = 32
"""Examples in a batch whose latency is measured beside that of single ones."""

PRESSED: dict[str, Any] = {"gamma": 0.02, "alpha_rate": 0.5, "stop": 0.3}
"""Options of SNPS: pressed harder from the start than by the authors, so that some hundred steps
shrink a cell to little more than an operation a node."""

_CANDIDATES = 20_000
"""Architectures that are looked at of a space too large to list."""

_NUMBERS = ("weight", "valid", "test", "score", "parameters", "macs", "latency_ms", "seconds")
_log = logging.getLogger("rlnas")


@dataclass(frozen=True)
class ParetoRun:
    """A finished run, read from its folder.

    Attributes:
        folder: The run folder.
        settings: What it was asked to do.
        metric: What the scores mean.
        shapes: What the super-network was, from beginning to end; see
            `rlnas.one_shot.shrinking.Shape`.
        rows: One row a trained network, cheapest first: architecture, weight, valid and test (raw),
            score, epochs, parameters, macs, latency_ms, latency_spread_ms, those of a batch of 32,
            peak_memory_mb, seconds, taught (whether it had a teacher), on_front (whether no other
            has a better validation score and fewer MACs), error.
    """

    folder: Path
    settings: dict[str, Any]
    metric: Metric
    shapes: list[dict[str, Any]]
    rows: pd.DataFrame

    @classmethod
    def open(cls, folder: str | Path) -> ParetoRun:
        """Read a run.

        Raises:
            RunError: If it is none, or not finished, or damaged.
        """
        folder = Path(folder)
        settings = read_settings(folder, PARETO)
        if not (folder / ROWS).exists():
            raise RunError(f"{folder} is not finished yet; go on with it by resume=True.")
        remedy = "Write it again by resume=True."
        found = read_sealed_json(folder / SHAPES, "list of shapes", RunError, remedy)
        with guarded(folder / SHAPES, "list of shapes", RunError, remedy):
            metric, shapes = Metric(**found["metric"]), list(found["shapes"])
        rows = read_table(folder / ROWS, _NUMBERS, ("architecture",))
        return cls(folder, settings, metric, shapes, rows)

    def __repr__(self) -> str:
        return f"ParetoRun({str(self.folder)!r}, {len(self.rows)} networks)"


def search_front(
    dataset: str | Path | DataOptions,
    *,
    out: str | Path,
    task: str | None = None,
    points: int = 6,
    steps: int = 800,
    teacher: Literal["auto", "none"] | Distillation = "auto",
    seed: int = 0,
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
    **training: Any,
) -> ParetoRun:
    """Shrink one super-network, and train the networks that it finds best for their cost.

    What an operation is worth is its mean weight over all steps of the shrinking: the longer it
    stays and the more it weighs, the more. Of the architectures that keep the most weight for
    their multiply-accumulates (`weightiest`; ours, the authors of DNAD keep the genotypes of the
    stages, which may have several operations on an edge) as many as are asked for are trained, the
    dearest first. The others learn from it, unless something else is said. Each is measured, tested
    and exported.

    An interrupted run goes on where it was: the super-network after its last state, a training
    after its last epoch.

    Args:
        dataset: ``rooms``, ``digits``, a folder of images with a subfolder for each class, or
            `DataOptions`.
        out: The run folder.
        task: Task of the data set; None for its first, ``class`` for a folder.
        points: Networks to train, 1 or more; fewer if there are fewer.
        steps: Steps of the super-network's training.
        teacher: ``auto``: the dearest network teaches the others; ``none``; or a `Distillation`,
            from which all learn.
        seed: Of the split, the search, the first weights and the order of images.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as networks are trained; the stage is ``train``.
        training: Further arguments of `rlnas.training.prepare_training`: space, recipe, epochs,
            image_size, width, device …

    Returns:
        The finished run.

    Raises:
        RlnasError: If an argument is wrong; nothing has been written then.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    from dataclasses import asdict

    import pandas as pd

    from rlnas.training.distillation import Distillation
    from rlnas.training.objective.task import describe_data, prepare_training

    report = on_progress or no_progress
    points, steps = whole(points, "points", 1), whole(steps, "steps", 1)
    if not isinstance(teacher, Distillation) and teacher not in ("auto", "none"):
        raise InvalidArgumentError(
            f"teacher is {teacher!r}; expected auto, none, or a Distillation."
        )
    setup = prepare_training(dataset, task, seed=seed, **training)
    folder = Path(out)
    settings = {
        **setup.settings(),
        "points": points,
        "steps": steps,
        "teacher": teacher if isinstance(teacher, str) else teacher.describe(),
    }
    with only_writer(folder):
        begin_run(folder, PARETO, settings, resume=resume, command=command)
        for text in (describe_data(setup.data), *(f"Note: {note}" for note in setup.data.notes)):
            _log.info("%s", text)
        shapes, weights = _shrink(setup, steps, folder)
        chosen = weightiest(setup, weights, points)
        _log.info("%d architectures of the front are trained.", len(chosen))
        write_sealed_json(
            folder / SHAPES,
            {"metric": asdict(setup.data.spec.metric), "shapes": shapes},
        )
        rows: list[dict[str, Any]] = []
        lesson = teacher if isinstance(teacher, Distillation) else None
        report("train", 0, len(chosen))
        for number, (architecture, weight) in enumerate(reversed(chosen), start=1):
            row, network = _train(setup, architecture, lesson, folder)
            rows.append({"architecture": architecture, "weight": weight, **row})
            if teacher == "auto" and lesson is None and row["error"] is None:
                lesson = Distillation(teacher=network)
            report("train", number, len(chosen))
        frame = pd.DataFrame(rows[::-1])
        cost = np.stack([frame["macs"], -frame["score"]], axis=1)
        frame["on_front"] = non_dominated(cost)
        # Last, because a folder with rows is a finished run.
        write_frame(folder / ROWS, frame)
    return ParetoRun.open(folder)


def _shrink(setup: TrainingSetup, steps: int, folder: Path) -> tuple[list[dict[str, Any]], Floats]:
    """Return what a super-network was while it shrank, and the mean weight of each operation."""
    from rlnas.one_shot.shrinking import END, ShrinkingTraining
    from rlnas.one_shot.snps import SNPS
    from rlnas.one_shot.training import TRACE
    from rlnas.training.objective.examples import SearchExamples

    home = folder / "one-shot"
    examples = SearchExamples.of(setup.data, setup.config, setup.device, home)
    seed = derive_seed(setup.seed, "pareto", "search")
    batch = max(2, min(64, len(setup.data.train)))
    searcher = SNPS(steps=steps, batch_size=batch, **PRESSED)
    found, _ = searcher.train(setup.space, examples, seed)
    if not isinstance(found, ShrinkingTraining):
        raise TypeError("SNPS trains a network that shrinks")
    found.note(found.taken, END)
    trace = read_table(home / TRACE)
    space = found.space
    means = np.zeros((space.num_positions, space.num_operations))
    for edge, (tail, head) in enumerate(space.positions.tolist()):
        for operation, name in enumerate(space.operations):
            column = f"weight/{tail}-{head}/{name}"
            means[edge, operation] = trace[column].mean() if column in trace else 0.0
    return [shape.to_dict() for shape in found.shapes], means


def weightiest(setup: TrainingSetup, weights: Floats, points: int) -> list[tuple[str, float]]:
    """Return the architectures that keep the most weight for what they cost, evenly spread.

    The weight of an architecture is the sum over the edges on its ways from input to output; those
    count than which no other has more weight and fewer multiply-accumulates.

    Args:
        setup: Says what a network costs.
        weights: ``(edges, operations)``.
        points: How many; fewer if there are fewer.

    Returns:
        Architectures and their weights, cheapest first; among them the cheapest and the dearest.
    """
    from rlnas.networks import Genotype, NetworkCounts
    from rlnas.networks.super_network.genotype import reaching
    from rlnas.spaces import CellSpace

    space = setup.space
    if not isinstance(space, CellSpace):
        raise InvalidArgumentError(
            f"There is no super-network of {space.name}: its architectures are no cells."
        )
    rng = generator(setup.seed, "pareto", "candidates")
    vectors = space.arrays if space.indexable else space.sample(_CANDIDATES, rng)
    kept = [reaching(space, Genotype.of_architecture(space, v).mask) for v in vectors]
    mass = np.array([float(weights[mask].sum()) for mask in kept])
    counts = NetworkCounts(space, setup.data.spec, setup.config)
    macs = counts.values(("macs",), vectors)[0]
    front = np.flatnonzero(non_dominated(np.stack([macs, -mass], axis=1)) & (mass > 0))
    order = front[np.argsort(macs[front], kind="stable")].tolist()
    cost = np.log(macs)
    wanted = np.linspace(cost[order[0]], cost[order[-1]], min(points, len(order)))
    chosen: list[int] = []
    # The ends first, so that whatever is between them gives way.
    for target in sorted(wanted.tolist(), key=lambda value: -abs(value - wanted.mean())):
        left = [row for row in order if row not in chosen]
        chosen.append(min(left, key=lambda row: abs(float(cost[row]) - target)))
    return [(space.format(vectors[row]), float(mass[row])) for row in order if row in chosen]


def _train(
    setup: TrainingSetup, architecture: str, lesson: Distillation | None, folder: Path
) -> tuple[dict[str, Any], Any]:
    """Return what a network came to and costs, and the network, trained and exported."""
    from rlnas.export import export_model
    from rlnas.formats import format_score
    from rlnas.networks import MeasuredCosts, build_network, network_statistics
    from rlnas.training import train_network

    data, spec = setup.data, setup.data.spec
    name = folder_name(architecture)
    seed = derive_seed(setup.seed, "objective", "weights")
    network = build_network(setup.space, architecture, spec, setup.config, seed=seed)
    row: dict[str, Any] = dict.fromkeys(("valid", "test", "score", "seconds"), math.nan)
    row |= {"epochs": 0, "taught": lesson is not None, "error": None}
    try:
        result = train_network(
            network,
            data,
            setup.recipe,
            seed=derive_seed(setup.seed, "objective", "training"),
            device=setup.device,
            folder=folder / POINTS / name,
            resume=True,
            distillation=lesson,
        )
    except DivergedError as error:
        row["error"] = str(error)
    else:
        kept = result.history[result.best_epoch - 1]
        row |= {
            "valid": kept.valid["metric"],
            "test": kept.test["metric"],
            "score": result.score,
            "seconds": result.seconds,
            "epochs": result.best_epoch,
        }
        about = (
            f"{architecture}, one of the networks that a search on {data.dataset}, task "
            f"{spec.name}, left.\n{spec.metric.name} {format_score(row['valid'])}"
            f"{spec.metric.suffix} on validation, {format_score(row['test'])}{spec.metric.suffix} "
            "on test images."
        )
        model = folder / MODELS / name
        export_model(network, model, mean=data.mean, std=data.std, about=about)
    counts = network_statistics(setup.space, architecture, spec, setup.config)
    measured = MeasuredCosts(
        setup.space, spec, setup.config, device=setup.device, batch=BATCH, file=folder / COSTS
    )
    vector = setup.space.parse(architecture)[None]
    costs = measured.values(measured.names, vector)[:, 0].tolist()
    row |= {"parameters": counts.parameters, "macs": counts.macs}
    return row | dict(zip(measured.names, costs, strict=True)), network
