"""``rlnas search``: search tasks of a suite without any source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.cli.options import CommonOptions, Flag, Folder, Names, split_names

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class SearchOptions(CommonOptions):
    """Search tasks with random search, local search or evolution.

    Prints for each task the best score and the mean rank of the best architecture found.
    """

    suite: str = "transnas-micro"
    """Name of the suite; `rlnas data list` shows them."""

    task: Names
    """Tasks, separated by commas, or `all`."""

    algorithm: Names = ("regularised-evolution",)
    """Searchers, separated by commas: random, local, regularised-evolution …"""

    queries: int = 50
    """Budget of each search: distinct architectures it may evaluate."""

    seeds: int = 5
    """Number of searches of each task, with seeds from `--seed` on."""

    seed: int = 0
    """First seed."""

    out: Folder = None
    """Run folder; by default runs/search/SUITE/ALGORITHM."""

    resume: Flag = False
    """Go on with the run in `--out`."""

    tensorboard: Flag = False
    """Also write TensorBoard curves of every search (takes a few seconds to load)."""


def run(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    """Search, and print what was found."""
    from rlnas.benchmarks import load_suite
    from rlnas.cli.search_loop import run_searches
    from rlnas.reporting.search_run import SearchPlan, SearchRun
    from rlnas.search import get_searcher
    from rlnas.search.cell import NO_SOURCE

    algorithms = split_names(options.algorithm)
    for algorithm in algorithms:
        get_searcher(algorithm)  # an unknown name is said before anything is loaded or written
    suite = load_suite(options.suite)
    wanted = split_names(options.task)
    plan = SearchPlan(
        suite=options.suite,
        tasks=tuple(suite) if wanted == ("all",) else suite.check(wanted),
        searchers=tuple((algorithm, NO_SOURCE) for algorithm in algorithms),
        seeds=tuple(range(options.seed, options.seed + options.seeds)),
        queries=options.queries,
        checkpoints={},
    )
    folder = options.out or Path("runs", "search", options.suite, "+".join(algorithms))
    run_folder = SearchRun.begin(folder, plan, suite, resume=options.resume, command=screen.command)
    found = run_searches(
        run_folder,
        lambda cell: get_searcher(cell.method),
        screen,
        tensorboard=options.tensorboard,
    )
    return {"command": "search", **found}
