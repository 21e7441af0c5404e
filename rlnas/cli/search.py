"""``rlnas search``: search tasks of a suite, or train architectures on a user's images."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import (
    CommonOptions,
    Flag,
    Folder,
    MethodOptions,
    Names,
    Number,
    OptionalNames,
    Text,
    split_names,
)
from rlnas.cli.training_options import TrainingOptions
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen

_SUITE, _QUERIES, _SEEDS = "transnas-micro", 50, 5


@dataclass(frozen=True, kw_only=True)
class SearchOptions(CommonOptions):
    """Search tasks of a suite, or with --dataset train architectures on your own images.

    On a suite: prints for each task the best score and the mean rank of the best architecture
    found. On a data set: trains each architecture it asks for and gives back the best network, as
    weights and as a Python file of its own, with a report.
    """

    suite: Text = None
    """Name of the suite, transnas-micro by default; `rlnas data list` shows them."""

    dataset: Text = None
    """Instead of a suite: rooms, digits, or a folder of images with a subfolder for each class."""

    task: OptionalNames = None
    """Tasks of the suite, separated by commas, or `all`; or the task of the data set, by default
    its first, `class` for a folder."""

    algorithm: Names = ("regularised-evolution",)
    """Searchers, separated by commas: random, local, regularised-evolution …; on a data set one,
    or a transfer method with its --source."""

    option: MethodOptions = ()
    """An option of the searcher, METHOD.NAME=VALUE where there are several; may be given again.
    `rlnas methods NAME` shows what there is."""

    queries: Number = None
    """Budget of each search: distinct architectures it may evaluate; by default 50 on a suite, 20
    on a data set."""

    seeds: Number = None
    """On a suite: number of searches of each task, with seeds from `--seed` on; 5 by default."""

    seed: int = 0
    """First seed; on a data set also that of the split and of the training."""

    out: Folder = None
    """Run folder; by default runs/search/SUITE/ALGORITHM or runs/search/DATASET/TASK."""

    resume: Flag = False
    """Go on with the run in `--out`."""

    tensorboard: Flag = False
    """On a suite: also write TensorBoard curves of every search (takes a few seconds to load)."""

    source: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR…", help_behavior_hint="")] = ()
    """On a data set: controllers that a transfer method starts from, from `rlnas train`."""

    final_epochs: Number = None
    """On a data set: train the best architecture again for so many epochs in the end."""

    training: TrainingOptions = field(default_factory=TrainingOptions)


def run(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    """Search, and print what was found."""
    _check(options)
    if options.dataset is not None:
        from rlnas.cli.search_dataset import run_on_dataset

        return run_on_dataset(options, screen)
    return _run_on_suite(options, screen)


def _check(options: SearchOptions) -> None:
    """Refuse options that do not go together.

    Raises:
        InvalidArgumentError: If there are some.
    """
    if options.dataset is not None:
        for name in ("suite", "seeds", "tensorboard"):
            if getattr(options, name) not in (None, False):
                raise InvalidArgumentError(
                    f"--{name} is for searches on a suite and cannot go with --dataset; leave one "
                    "of them out."
                )
        return
    usual = TrainingOptions()
    given = [f.name for f in fields(usual) if getattr(options.training, f.name) != f.default]
    given += [name for name in ("source", "final_epochs") if getattr(options, name)]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidArgumentError(
            f"{names}: only a search that trains takes this; give it a --dataset. (A suite's "
            "results are tables, and `rlnas transfer` searches it from a source.)"
        )
    if options.task is None:
        raise InvalidArgumentError(
            "What to search is missing: give --task with tasks of a --suite, or a --dataset."
        )


def _run_on_suite(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    from rlnas.benchmarks import load_suite
    from rlnas.cli.methods import method_options
    from rlnas.cli.search_loop import run_searches
    from rlnas.runs.cell import NO_SOURCE
    from rlnas.runs.search_run import SearchPlan, SearchRun
    from rlnas.search import get_searcher

    name = options.suite or _SUITE
    algorithms = split_names(options.algorithm)
    own = method_options(options.option, algorithms)
    for algorithm in algorithms:  # an unknown name is said before anything is loaded or written
        get_searcher(algorithm, **own.get(algorithm, {}))
    suite = load_suite(name)
    seeds = _SEEDS if options.seeds is None else options.seeds
    wanted = split_names(options.task or ())
    plan = SearchPlan(
        suite=name,
        tasks=tuple(suite) if wanted == ("all",) else suite.check(wanted),
        searchers=tuple((algorithm, NO_SOURCE) for algorithm in algorithms),
        seeds=tuple(range(options.seed, options.seed + seeds)),
        queries=_QUERIES if options.queries is None else options.queries,
        checkpoints={},
        options=own,
    )
    folder = options.out or Path("runs", "search", name, "+".join(algorithms))
    run_folder = SearchRun.begin(folder, plan, suite, resume=options.resume, command=screen.command)
    found = run_searches(
        run_folder,
        lambda cell: get_searcher(cell.method, **own.get(cell.method, {})),
        screen,
        tensorboard=options.tensorboard,
    )
    return {"command": "search", **found}
