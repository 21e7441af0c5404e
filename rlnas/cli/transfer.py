"""``rlnas transfer``: search a target from what a pretrained controller knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, MethodOptions, Names, split_names

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.search import Searcher
    from rlnas.tasks import Task


@dataclass(frozen=True, kw_only=True)
class TransferOptions(CommonOptions):
    """Search a target task with pretrained controllers, beside scratch and random search.

    With several sources, a method that starts from several gets them all at once; any other is run
    from each by itself.
    """

    source: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR…")]
    """Folders that `rlnas train` wrote, or checkpoints."""

    suite: str = "transnas-micro"
    """Name of the target's suite."""

    task: str
    """The target task."""

    method: str = "zero-shot"
    """Transfer method: zero-shot, weight-init, shared-representation, policy-reuse, kickstarting,
    jump-start, joint, selected-source, guided-reuse, guided-selection or transfer-bo."""

    option: MethodOptions = ()
    """An option of the method, or METHOD.NAME=VALUE of a baseline; may be given again. `rlnas
    methods NAME` shows what there is."""

    queries: int = 50
    """Budget on the target: distinct architectures it may evaluate."""

    seeds: int = 5
    """Number of searches, with seeds from `--seed` on."""

    seed: int = 0
    """First seed."""

    baselines: Names = ("scratch", "random")
    """What to compare with at the same budget: scratch, any searcher, or `none`."""

    out: Folder = None
    """Run folder; by default runs/transfer/SUITE/TASK-METHOD."""

    resume: Flag = False
    """Go on with the run in `--out`."""


def run(options: TransferOptions, screen: Screen) -> dict[str, Any]:
    """Search the target from every source, and the baselines beside."""
    import torch

    from rlnas.benchmarks import load_suite
    from rlnas.cli.methods import method_options
    from rlnas.cli.search_loop import run_searches
    from rlnas.runs.cell import NO_SOURCE, RunCell
    from rlnas.runs.search_run import SearchPlan, SearchRun
    from rlnas.search import get_searcher
    from rlnas.transfer import MethodSettings, SourcePool, make_method, method_names
    from rlnas.transfer.source_folders import load_sources

    torch.set_num_threads(1)  # the networks are too small to gain from more
    baselines = split_names(options.baselines)
    baselines = () if baselines == ("none",) else baselines
    given = method_options(options.option, (options.method, *baselines), options.method)
    sources = load_sources(options.source, options.method)
    suite = load_suite(options.suite)
    task = suite[options.task]
    for label, names in sources.tasks.items():
        if options.task in names:
            screen.note(f"Note: the source {label} was trained on the target itself.")
    if len(sources.pools) > 1:
        screen.note(
            f"{len(sources.pools)} sources, each run by itself: {', '.join(sources.pools)}."
        )

    def make_searcher(cell: RunCell) -> Searcher:
        settings = MethodSettings(controller=sources.config)
        own = given.get(cell.method, {})
        if cell.source != NO_SOURCE:
            return make_method(cell.method, sources.pools[cell.source], settings, **own)
        if cell.method in method_names():
            return make_method(cell.method, SourcePool(), settings, **own)
        return get_searcher(cell.method, **own)

    for baseline in baselines:  # an unknown name is said before anything is written
        make_searcher(RunCell(baseline, NO_SOURCE, options.task, 0))
    plan = SearchPlan(
        suite=options.suite,
        tasks=(options.task,),
        searchers=(
            *((options.method, source) for source in sources.pools),
            *((baseline, NO_SOURCE) for baseline in baselines),
        ),
        seeds=tuple(range(options.seed, options.seed + options.seeds)),
        queries=options.queries,
        checkpoints=sources.checkpoints,
        options=given,
    )
    folder = options.out or Path(
        "runs", "transfer", options.suite, f"{options.task}-{options.method}"
    )
    reports = {
        source: _tensor_report(
            make_searcher(RunCell(options.method, source, options.task, 0)), task, options.seed
        )
        for source in sources.pools
    }
    run_folder = SearchRun.begin(folder, plan, suite, resume=options.resume, command=screen.command)
    found = run_searches(run_folder, make_searcher, screen, tensorboard=True)
    for source, tensors in reports.items():
        if tensors:
            _print_tensors(source, tensors, screen)
    return {"command": "transfer", "method": options.method, **found, "tensors": reports}


def _tensor_report(method: Searcher, task: Task, seed: int) -> list[dict[str, Any]]:
    """Return what becomes of each tensor, for methods that copy weights."""
    from rlnas.transfer import WeightInitialization

    if not isinstance(method, WeightInitialization):
        return []
    method.initialise(task.space, seed)
    return [asdict(tensor) for tensor in method.report]


def _print_tensors(source: str, tensors: list[dict[str, Any]], screen: Screen) -> None:
    from rlnas.reporting.terminal.table import titled_table

    table = titled_table(f"Tensors taken from {source}")
    for name in ("tensor", "shape", "what", "why"):
        table.add_column(name, overflow="fold")
    for tensor in tensors:
        shape = "×".join(map(str, tensor["shape"])) or "scalar"
        table.add_row(tensor["name"], shape, tensor["action"], tensor["reason"])
    screen.print("", table)
