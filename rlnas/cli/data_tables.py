"""``rlnas data list``, ``info``, ``noise``, ``fetch`` and ``import``: benchmark tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Text, split_names
from rlnas.errors import InvalidArgumentError
from rlnas.formats import format_number, format_rank

if TYPE_CHECKING:
    from rich.table import Table

    from rlnas.benchmarks import BenchmarkTable
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class ListOptions(CommonOptions):
    """List the built-in tables, the data sets to fetch and the suites that can be used."""


@dataclass(frozen=True, kw_only=True)
class InfoOptions(CommonOptions):
    """Say what tables hold: size, tasks, metrics, splits, optima, source and licence."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Names of tables; by default the built-in ones and every one that is in the cache."""


@dataclass(frozen=True, kw_only=True)
class NoiseOptions(CommonOptions):
    """Say how noisy the scores of a suite are, and what no search can find but by luck."""

    suite: tyro.conf.Positional[str]
    """Name of the suite."""


@dataclass(frozen=True, kw_only=True)
class FetchOptions(CommonOptions):
    """Download data sets, verify them and put their tables into the cache."""

    names: tyro.conf.Positional[tuple[str, ...]]
    """Names of data sets, or `all`."""

    force: Flag = False
    """Fetch and import again what is in the cache already."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions(CommonOptions):
    """Import a file of measured results and put its tables into the cache."""

    path: tyro.conf.Positional[Path]
    """The file, or the folder where the format is one."""

    format: Text = None
    """Its format, e.g. naslib-zip or csv; by default told from its content."""

    name: Text = None
    """Name for the table, and so of its suite; by default what the importer gives it."""

    space: Text = None
    """Search space, for formats that do not say it."""

    column: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME,KEY=VALUE…")] = ()
    """For CSV and Parquet, a column of scores, e.g. acc,task=mine,split=valid,unit=%."""

    option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE")] = ()
    """Further options of the format."""

    replace: Flag = False
    """Replace a table of this name in the cache."""


def list_data(screen: Screen) -> dict[str, Any]:
    """Print the built-in tables, the catalogue and the suites."""
    from rlnas.benchmarks import cache_root, catalogue, installed_tables, suite_names

    built_in = _list_built_in(screen)
    installed = set(installed_tables())
    table = _table("name", "size", "cached", "what", title="Data sets to fetch")
    entries = []
    for entry in catalogue():
        cached = set(entry.tables.values()) <= installed
        sizes = [file.size for file in entry.files]
        size = None if None in sizes else sum(s for s in sizes if s is not None)
        table.add_row(
            entry.name,
            "?" if size is None else f"{size / 1e6:.1f} MB",
            "yes" if cached else "no",
            entry.title,
        )
        entries.append(
            {
                "name": entry.name,
                "title": entry.title,
                "tables": list(entry.tables.values()),
                "bytes": size,
                "cached": cached,
                "licence": entry.licence,
                "citation": entry.citation,
                "url": entry.url,
                "note": entry.note,
            }
        )
    screen.print(table)
    own = sorted(installed - {name for entry in catalogue() for name in entry.tables.values()})
    if own:
        screen.print(f"Your own tables: {', '.join(own)}")
    screen.print(f"Suites: {', '.join(suite_names())}")
    screen.line(f"Cache:  {cache_root()}")
    return {
        "command": "data list",
        "built_in": built_in,
        "catalogue": entries,
        "own_tables": own,
        "suites": list(suite_names()),
        "cache": cache_root(),
    }


def _list_built_in(screen: Screen) -> list[dict[str, Any]]:
    from rlnas.benchmarks import built_in_tables, load_table

    table = _table("name", "architectures", "tasks", "what", title="Built in, nothing to fetch")
    listed = []
    for name in built_in_tables():
        found = load_table(name)
        what = found.source.title.removeprefix(f"{name}: ")
        table.add_row(name, str(found.num_rows), str(len(found.tasks)), what)
        listed.append(
            {
                "name": name,
                "title": found.source.title,
                "space": found.space.name,
                "architectures": found.num_rows,
                "tasks": list(found.tasks),
                "made_by": found.source.made_by,
            }
        )
    if listed:
        screen.print(table)
    return listed


def describe_tables(names: Iterable[str], screen: Screen) -> dict[str, Any]:
    """Print what tables hold; the built-in ones and all of the cache if no name is given."""
    from rlnas.benchmarks import built_in_tables, installed_tables, table_info

    wanted = split_names(names) or (*built_in_tables(), *installed_tables())
    infos = []
    for name in wanted:
        for table in _tables(name):
            info = table_info(table)
            infos.append(info)
            _print_info(info, screen)
    return {"command": "data info", "tables": infos}


def show_noise(options: NoiseOptions, screen: Screen) -> dict[str, Any]:
    """Print the noise of each task of a suite.

    Raises:
        InvalidArgumentError: If the suite's scores were not measured.
    """
    import numpy as np

    from rlnas.benchmarks import MeasuredSuite, load_suite

    suite = load_suite(options.suite)
    if not isinstance(suite, MeasuredSuite):
        raise InvalidArgumentError(
            f"The scores of {suite.name} were not measured, so they have no noise of training."
        )
    frame = suite.noise.to_frame()
    table = _table(title=f"{suite.name}: the noise of a training")
    table.add_column("task", overflow="fold")
    heads = ("within", "top tenth", "Spearman", "@10", "@20", "@50")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    rows = frame.to_dict("records")
    for row in rows:
        numbers = [row[name] for name in ("within", "top", "spearman")]
        ranks = [format_rank(row[f"oracle_at_{q}"]) for q in (10, 20, 50)]
        table.add_row(row["task"], *(format_number(n, 2) for n in numbers), *ranks)
    line = suite.noise.oracle()
    if np.isfinite(line).all():
        table.add_section()
        table.add_row("mean over tasks", *[""] * 3, *map(format_rank, line))
    screen.print(table)
    for note in dict.fromkeys(noise.note for noise in suite.noise.values()):
        names = [name for name, noise in suite.noise.items() if noise.note == note]
        where = "all tasks" if len(names) == len(suite) else ", ".join(names)
        count = max(row["repeated"] for row in rows if row["task"] in names)
        screen.print(f"Repeats, {where}: {note}" + (f", {count} networks." if count else "."))
    screen.print(
        "within: standard deviation between trainings of one network, above the table's median; "
        "top tenth: that between the best architectures; @N: mean rank that a searcher with "
        "noise-free scores expects after N queries. Below it is luck."
    )
    return {"command": "data noise", "suite": suite.name, "tasks": rows, "oracle": line.tolist()}


def fetch_data(names: Iterable[str], screen: Screen, *, force: bool) -> dict[str, Any]:
    """Download, verify and convert data sets."""
    from rlnas.benchmarks import cache_root, catalogue, fetch, table_info

    wanted = split_names(names)
    if wanted == ("all",):
        # One without an address is for those who have its file, and ask for it by name.
        wanted = tuple(e.name for e in catalogue() if all(file.addresses for file in e.files))
    infos = []
    for name in wanted:
        with screen.progress() as report:
            tables = fetch(
                name,
                force=force,
                on_progress=lambda done, total: report(
                    f"{name} (bytes)",  # noqa: B023
                    done,
                    total or done,
                ),
            )
        for table in tables:
            infos.append(table_info(table))
            screen.print(
                f"{table.name}: {table.num_rows} architectures of {table.space.name}, "
                f"tasks {', '.join(table.tasks)}."
            )
    screen.line(f"Cache: {cache_root()}")
    return {"command": "data fetch", "tables": infos, "cache": cache_root()}


def import_data(options: ImportOptions, screen: Screen) -> dict[str, Any]:
    """Import a file and put its tables into the cache."""
    from rlnas.benchmarks import cache_root, import_table, install_table, table_info

    extra: dict[str, Any] = _no_key_twice("--option", map(_key_value, options.option))
    if options.space is not None:
        extra["space"] = options.space
    if options.column:
        extra["columns"] = _no_key_twice("--column", map(_column, options.column))
    tables = import_table(options.path, options.format, **extra)
    if options.name is not None:
        suffixes = [""] if len(tables) == 1 else [f"-{table.space.name}" for table in tables]
        tables = [
            table.renamed(f"{options.name}{suffix}")
            for table, suffix in zip(tables, suffixes, strict=True)
        ]
    infos = []
    for table in tables:
        infos.append(table_info(install_table(table, replace=options.replace)))
        _print_info(infos[-1], screen)
        screen.line(f"Use it: rlnas search --suite {table.name} --task all")
    return {"command": "data import", "tables": infos, "cache": cache_root()}


def _no_key_twice(flag: str, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidArgumentError(f"{flag} gives {key} twice.")
        found[key] = value
    return found


def _key_value(text: str) -> tuple[str, str | bool]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidArgumentError(f"{text!r} is no KEY=VALUE.")
    truth = {"true": True, "false": False}.get(value.strip().lower())
    return key.strip().replace("-", "_"), value if truth is None else truth


def _column(text: str) -> tuple[str, dict[str, str | bool]]:
    """Return a column's name and what it means, of ``sec,task=mine,cost=true``."""
    name, *parts = text.split(",")
    return name, dict(map(_key_value, parts))


def _tables(name: str) -> list[BenchmarkTable]:
    """Return the table of this name, or those of a data set of this name."""
    from rlnas.benchmarks import catalogue, load_table

    entries = {entry.name: entry for entry in catalogue()}
    tables = entries[name].tables.values() if name in entries else [name]
    return [load_table(table) for table in tables]


def _print_info(info: dict[str, Any], screen: Screen) -> None:
    """Print one table: the primary metric of each task and its best architecture."""
    table = _table(
        *("task", "metric", "split, epoch", "best", "architecture"),
        title=f"{info['name']}: {info['rows']} of {info['size']} architectures of {info['space']}",
    )
    table.columns[3].justify = "right"
    table.columns[4].no_wrap = info["space"].startswith("transnas")  # others are too long
    notes: dict[str, list[str]] = {}
    for task, found in info["tasks"].items():
        if found["primary"] is None:
            table.add_row(task, ", ".join(found["metrics"]), "", "", "")
            continue
        metric, best = found["metric"], found["optimum"]
        unit = "" if metric["unit"] == "1" else f" {metric['unit']}"
        table.add_row(
            task,
            metric["name"],
            f"{metric['split']}, {metric['epoch_policy']}",
            f"{best['value']:.6g}{unit}" if best else "–",
            best["architecture"] if best else "–",
        )
        if metric["note"]:
            notes.setdefault(metric["note"], []).append(task)
        if missing := found["metrics"][found["primary"]]["missing"]:
            notes.setdefault(f"{missing} values are missing", []).append(task)
    screen.print(table)
    for note, tasks in notes.items():
        everywhere = len(tasks) == len(info["tasks"])
        screen.print(f"{'All tasks' if everywhere else ', '.join(tasks)}: {note}.")
    for label, key in (
        ("Source", "title"),
        ("Made by", "made_by"),
        ("Note", "note"),
        ("Address", "url"),
        ("Licence", "licence"),
    ):
        if info["source"].get(key):
            screen.line(f"{label}: {info['source'][key]}")
    screen.print("")


def _table(*columns: str, title: str) -> Table:
    from rlnas.reporting.terminal.table import titled_table

    table = titled_table(title)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
