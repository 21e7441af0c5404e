"""``rlnas search``: search tasks of a suite, or train architectures on a user's data."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.cli.options import Place, split_names
from rlnas.cli.search_options import SearchOptions
from rlnas.cli.training_options import TrainingOptions
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen

_SUITE, _QUERIES, _SEEDS = "transnas-micro", 50, 5


def run(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    """Search, and print what was found."""
    _check(options)
    if _trains(options):
        from rlnas.cli.search_dataset import run_on_dataset

        return run_on_dataset(options, screen)
    return _run_on_suite(options, screen)


def _trains(options: SearchOptions) -> bool:
    """Return whether the search trains, on images or a table."""
    return options.dataset is not None or any(v is not None for v in vars(options.columns).values())


def _check(options: SearchOptions) -> None:
    """Refuse options that do not go together.

    Raises:
        InvalidArgumentError: If there are some.
    """
    if _trains(options):
        data = "--dataset" if options.columns.table is None else "--table"
        for name in ("suite", "seeds", "table_seed", "tensorboard"):
            if getattr(options, name) not in (None, False):
                raise InvalidArgumentError(
                    f"--{name.replace('_', '-')} is for searches on a suite and cannot go with "
                    f"{data}; leave one of them out."
                )
        return
    usual = TrainingOptions()
    given = [f.name for f in fields(usual) if getattr(options.training, f.name) != f.default]
    given += [name for name in ("source", "final_epochs") if getattr(options, name)]
    anywhere = Place()
    given += [f.name for f in fields(anywhere) if getattr(options.place, f.name) != f.default]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidArgumentError(
            f"{names}: only a search that trains takes this; give it a --dataset or a --table. "
            "(A suite's results are tables, and `rlnas transfer` searches it from a source.)"
        )
    if not split_names(options.task or ()):
        raise InvalidArgumentError(
            "What to search is missing: give --task with tasks of a --suite, a --dataset, "
            "or a --table."
        )


def _run_on_suite(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    from rlnas.cli.methods import method_options
    from rlnas.cli.search_results import show_searches
    from rlnas.runs.search_run import search_suite

    name = options.suite or _SUITE
    algorithms = split_names(options.algorithm)
    seeds = _SEEDS if options.seeds is None else options.seeds
    tasks = split_names(options.task or ())
    with screen.progress() as report:
        run = search_suite(
            name,
            () if tasks == ("all",) else tasks,
            algorithms,
            out=options.out or Path("runs", "search", name, "+".join(algorithms)),
            queries=_QUERIES if options.queries is None else options.queries,
            seeds=range(options.seed, options.seed + seeds),
            options=method_options(options.option, algorithms),
            table_seed="first" if options.table_seed is None else options.table_seed,
            limits=options.limits,
            tensorboard=options.tensorboard,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
        )
    found = show_searches(run, screen, tensorboard=options.tensorboard)
    return {"command": "search", **found}
