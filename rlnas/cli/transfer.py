"""``rlnas transfer``: search a target from what a pretrained controller knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import (
    CommonOptions,
    Flag,
    Folder,
    MethodOptions,
    Names,
    TableSeed,
    split_names,
)

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


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
    """An option of the method, or BASELINE.NAME=VALUE; may be given again. `rlnas methods NAME`
    shows what there is."""

    queries: int = 50
    """Budget on the target: distinct architectures it may evaluate."""

    seeds: int = 5
    """Number of searches, with seeds from `--seed` on."""

    seed: int = 0
    """First seed."""

    table_seed: TableSeed = None
    """Where the target's table has several seeds: the one that searches see, `mean` of all, or by
    default `first`; the seeds they do not see judge what was found."""

    baselines: Names = ("scratch", "random")
    """What to compare with at the same budget: scratch, any searcher, or `none`."""

    out: Folder = None
    """Run folder; by default runs/transfer/SUITE/TASK-METHOD-from-SOURCES."""

    resume: Flag = False
    """Go on with the run in `--out`."""


def run(options: TransferOptions, screen: Screen) -> dict[str, Any]:
    """Search the target from every source, and the baselines beside."""
    import torch

    from rlnas.cli.methods import method_options
    from rlnas.cli.search_results import show_searches
    from rlnas.transfer.source_folders import load_sources
    from rlnas.transfer.target_search import initialised_tensors, search_target

    torch.set_num_threads(1)  # the networks are too small to gain from more
    baselines = split_names(options.baselines)
    baselines = () if baselines == ("none",) else baselines
    given = method_options(options.option, (options.method, *baselines), options.method)
    origin = "+".join(dict.fromkeys(_folder_name(path) for path in options.source))
    name = f"{options.task}-{options.method}-from-{origin}"
    sources = load_sources(options.source, options.method)
    with screen.progress() as report:
        found = search_target(
            options.suite,
            options.task,
            sources,
            options.method,
            out=options.out or Path("runs", "transfer", options.suite, name),
            queries=options.queries,
            seeds=range(options.seed, options.seed + options.seeds),
            baselines=baselines,
            options=given,
            table_seed="first" if options.table_seed is None else options.table_seed,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
        )
    shown = show_searches(found, screen, tensorboard=True)
    tensors = initialised_tensors(
        sources,
        options.method,
        found.suite[options.task],
        seed=options.seed,
        **given.get(options.method, {}),
    )
    reports = {source: [asdict(tensor) for tensor in own] for source, own in tensors.items()}
    for source, own in reports.items():
        if own:
            _print_tensors(source, own, screen)
    return {"command": "transfer", "method": options.method, **shown, "tensors": reports}


def _folder_name(source: Path) -> str:
    """Return the name of a source's run folder."""
    from rlnas.runs.controller_training import CHECKPOINT

    path = source.absolute()
    return path.parent.name if path.name == CHECKPOINT else path.name


def _print_tensors(source: str, tensors: list[dict[str, Any]], screen: Screen) -> None:
    from rlnas.reporting.terminal.table import titled_table

    table = titled_table(f"Tensors taken from {source}")
    for name in ("tensor", "shape", "what", "why"):
        table.add_column(name, overflow="fold")
    for tensor in tensors:
        shape = "×".join(map(str, tensor["shape"])) or "scalar"
        table.add_row(tensor["name"], shape, tensor["action"], tensor["reason"])
    screen.print("", table)
