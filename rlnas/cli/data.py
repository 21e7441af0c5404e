"""``rlnas data``: benchmark tables: what there is, what they hold, fetch and import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from rlnas.cli.options import CommonOptions, Flag, Text

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, kw_only=True)
class ListOptions(CommonOptions):
    """List the data sets that can be fetched and the suites that can be used."""


@dataclass(frozen=True, kw_only=True)
class InfoOptions(CommonOptions):
    """Say what tables hold: size, tasks, metrics, splits, optima, source and licence."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Names of tables; by default every one that is in the cache."""


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
    """The file."""

    format: Text = None
    """Its format; by default guessed from its content."""

    space: Text = None
    """Search space, for formats that do not say it."""

    name: Text = None
    """Name of the table; a suite of this name is available afterwards."""

    architecture_column: Text = None
    """Column of the architectures, for CSV and Parquet."""

    column: Annotated[tuple[str, ...], tyro.conf.arg(metavar="SPEC")] = ()
    """For CSV and Parquet: NAME:TASK:METRIC[:max|min[:valid|test|train|none[:UNIT]]] for each
    column of scores."""


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Benchmark tables: list, info, fetch, import."""

    action: (
        Annotated[ListOptions, tyro.conf.subcommand("list", prefix_name=False)]
        | Annotated[InfoOptions, tyro.conf.subcommand("info", prefix_name=False)]
        | Annotated[FetchOptions, tyro.conf.subcommand("fetch", prefix_name=False)]
        | Annotated[ImportOptions, tyro.conf.subcommand("import", prefix_name=False)]
    )

    @property
    def json(self) -> bool:
        """Whether standard output carries the JSON object alone."""
        return self.action.json

    @property
    def debug(self) -> bool:
        """Whether an error shows its traceback."""
        return self.action.debug
