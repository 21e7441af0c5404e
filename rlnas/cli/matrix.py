"""``rlnas matrix``: every source against every target."""

from __future__ import annotations

import gc
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rlnas.cli.options import (
    CommonOptions,
    Flag,
    Folder,
    MethodOptions,
    Number,
    OptionalNames,
    Place,
    TableSeed,
    Text,
    split_names,
)
from rlnas.errors import InvalidArgumentError
from rlnas.processes import prepare_workers

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.transfer.matrix.config import MatrixConfig

_DEFAULTS: dict[str, Any] = {
    "suite": "transnas-micro",
    "tasks": (),
    "methods": ("scratch", "zero-shot", "weight-init"),
    "prefer_others": False,
    "seeds": 5,
    "free_seeds": None,
    "seed": 0,
    "controllers": 1,
    "controller_seed": 0,
    "table_seed": "first",
    "queries": 50,
    "steps": 100_000,
    "estimators": (),
    "probes": 10,
}
_DEMO: dict[str, Any] = {
    "suite": "rooms-micro",  # built in: needs neither network nor cache
    # Three that are alike and one that is not; not jigsaw, whose best cell any search soon meets.
    "tasks": ("class_scene", "class_object", "segmentsemantic", "autoencoder"),
    "seeds": 3,
}
_SYNTHETIC = "synthetic-micro"

Rehearsal = Annotated[
    Literal["none", "queried", "predicted"] | None, tyro.conf.arg(help_behavior_hint="")
]


@dataclass(frozen=True, kw_only=True)
class MatrixOptions(CommonOptions):
    """Measure the transfer matrix: train on each task once, search every task from each.

    Prints the table, writes heatmaps, curves and an HTML report.
    """

    suite: Text = None
    """Name of the suite; by default transnas-micro."""

    tasks: OptionalNames = None
    """Tasks used as sources and as targets; by default all."""

    methods: OptionalNames = None
    """Transfer methods and searchers; by default scratch,zero-shot,weight-init. `all` stands for
    all but the controls and model-based searchers such as proxybo, `controls` for what nobody
    learnt (lists, untrained controllers, random proposals). What starts from several sources is
    measured from all tasks but the target."""

    prefer_others: Flag = False
    """Measure what can start from several sources from all tasks but the target alone, not from
    each task too."""

    option: MethodOptions = ()
    """An option of a method, METHOD.NAME=VALUE; may be given again. `rlnas methods NAME` shows
    what there is."""

    source_suite: Text = None
    """Suite of the sources, if it is another one; needs `--network transformer`."""

    source_tasks: OptionalNames = None
    """Tasks of that suite used as sources; by default all."""

    estimators: OptionalNames = None
    """Estimators of task similarity to measure beside, or `all`; by default none."""

    probes: Number = None
    """Target queries of each estimator; by default 10."""

    seeds: Number = None
    """Searches of each cell; by default 5."""

    free_seeds: Number = None
    """Searches on each target of what neither learns nor has a source, such as random and local;
    by default as many as `--seeds`, 100 at least."""

    seed: Number = None
    """Seed of the first search of each cell; by default 0."""

    controllers: Number = None
    """Controllers trained on each source, alike but for their seed; by default 1, which says
    nothing of how they vary."""

    controller_seed: Number = None
    """Seed of each source's first controller; by default 0."""

    table_seed: TableSeed = None
    """Where the suite's tables have several seeds: the one that sources and searches see, `mean` of
    all, or by default `first`; the seeds they do not see judge what was found."""

    queries: Number = None
    """Budget of each search on its target; by default 50."""

    steps: Number = None
    """Environment steps of training on each source; by default 100000."""

    network: Literal["mlp", "transformer"] = "mlp"
    """Policy network of the controllers."""

    rehearsal: Rehearsal = None
    """What controllers train on between queries: none, queried (the default) or predicted."""

    preset: Literal["demo"] | None = None
    """demo: a small matrix of seconds on the built-in suite rooms-micro; needs no network."""

    workers: int = 2
    """Processes, each with one thread."""

    device: str = "auto"
    """Where sources are trained: auto (the faster one, measured), cpu, cuda or cuda:N."""

    out: Folder = None
    """Run folder; by default runs/matrix/SUITE, runs/demo with `--preset demo`."""

    resume: Flag = False
    """Go on with the run in `--out`; begins it if there is none."""

    place: Place = field(default_factory=Place)


def run(options: MatrixOptions, screen: Screen) -> dict[str, Any]:
    """Run the matrix, print its tables and write its report."""
    if options.workers < 1:
        raise InvalidArgumentError(f"workers is {options.workers}; expected 1 or more.")
    if not options.place.on_ray:
        prepare_workers(("rlnas.transfer.matrix.preload",))
    # While the workers' server imports PyTorch on one core, what the report needs is imported here.
    import pandas as pd  # noqa: F401
    from matplotlib import figure  # noqa: F401
    from scipy import stats  # noqa: F401

    from rlnas.reporting import MatrixResults
    from rlnas.transfer.matrix.run import run_matrix

    gc.freeze()  # what was imported stays; figures make garbage enough without looking through it
    config = _config(options)
    demo = options.preset == "demo"
    folder = options.out or (Path("runs", "demo") if demo else Path("runs", "matrix", config.suite))
    with options.place.open() as executor, screen.progress() as report:
        matrix = run_matrix(
            config,
            folder,
            workers=options.workers,
            device=options.device,
            executor=executor,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
        )
    results = MatrixResults.load(folder)
    harm = results.harm()
    page = results.report()
    figures = sorted(folder.glob("*.png"))
    screen.print(results.table())
    if config.suite == _SYNTHETIC:
        screen.print("These are numbers of the SYNTHETIC suite, not of a real benchmark.")
    for text in (
        "",
        *(f"Figure:  {path} (and .svg)" for path in figures),
        f"Report:  {page}",
        f"Results: {folder / 'rows.parquet'}",
        f"Curves:  tensorboard --logdir {folder / 'tensorboard'}",
    ):
        screen.line(text)
    return {
        "command": "matrix",
        "config": matrix.config.to_dict(),
        "summary": results.summary(),
        **({} if harm is None else {"harm": harm.to_dict("records")}),
        "rows": results.rows.to_dict("records"),
        "out": folder,
        "report": page,
        "figures": figures,
    }


def _config(options: MatrixOptions) -> MatrixConfig:
    """Return the configuration: what was given, else the preset's, else the defaults."""
    from rlnas.agents import ControllerConfig, FineTuningConfig, PolicyConfig
    from rlnas.cli.methods import method_options
    from rlnas.transfer.matrix.config import MatrixConfig, known_methods
    from rlnas.transfer.similarity import estimator_names

    given: dict[str, Any] = {
        name: getattr(options, name) for name in _DEFAULTS if getattr(options, name) is not None
    }
    for name in ("tasks", "methods", "estimators"):
        if name in given:
            given[name] = split_names(given[name])
    if given.get("tasks") == ("all",):
        given["tasks"] = ()
    if "methods" in given:
        words = {"all": known_methods(controls=False), "controls": known_methods(controls=True)}
        named = (words.get(name, (name,)) for name in given["methods"])
        given["methods"] = tuple(itertools.chain.from_iterable(named))
    if given.get("estimators") == ("all",):
        given["estimators"] = estimator_names()
    if options.source_suite is not None:
        sources = split_names(options.source_tasks or ("all",))
        given["source_suite"] = options.source_suite
        given["source_tasks"] = () if sources == ("all",) else sources
    elif options.source_tasks is not None:
        raise InvalidArgumentError("--source-tasks needs --source-suite.")
    values = {**_DEFAULTS, **given}
    if options.preset == "demo":
        demo = {**_DEMO, **given}
        if "suite" in given and "tasks" not in given:
            demo.pop("tasks")  # another suite has other tasks
        values = {**_DEFAULTS, **demo}
    values["options"] = method_options(options.option, values["methods"])
    controller = ControllerConfig(network=PolicyConfig(kind=options.network))
    fine_tuning = FineTuningConfig(rehearsal=options.rehearsal)
    return MatrixConfig(**values, controller=controller, fine_tuning=fine_tuning)
