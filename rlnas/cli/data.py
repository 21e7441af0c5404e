"""``rlnas data``: benchmark tables (list, info, fetch, import) and images (preview)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Text

if TYPE_CHECKING:
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


@dataclass(frozen=True, kw_only=True)
class PreviewOptions(CommonOptions):
    """Write a contact sheet of rendered images and their labels for all seven tasks."""

    name: tyro.conf.Positional[str]
    """The data set: `rooms`."""

    count: int = 8
    """How many images, one a row, 1 to 64."""

    split: str = "train"
    """Which split they are the first images of."""

    seed: int = 0
    """Seed of the data set."""

    image_size: int = 32
    """Side of the images in pixels, at least 8."""

    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")] = None
    """PNG file to write, replaced if it is there; by default NAME.png."""


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Benchmark tables: list, info, fetch, import; images to train on: preview."""

    action: (
        Annotated[ListOptions, tyro.conf.subcommand("list", prefix_name=False)]
        | Annotated[InfoOptions, tyro.conf.subcommand("info", prefix_name=False)]
        | Annotated[FetchOptions, tyro.conf.subcommand("fetch", prefix_name=False)]
        | Annotated[ImportOptions, tyro.conf.subcommand("import", prefix_name=False)]
        | Annotated[PreviewOptions, tyro.conf.subcommand("preview", prefix_name=False)]
    )

    @property
    def json(self) -> bool:
        """Whether standard output carries the JSON object alone."""
        return self.action.json

    @property
    def debug(self) -> bool:
        """Whether an error shows its traceback."""
        return self.action.debug


def run(options: DataOptions, screen: Screen) -> dict[str, Any]:
    """Run the chosen action."""
    from rlnas.cli import data_preview
    from rlnas.cli import data_tables as data_actions

    action = options.action
    if isinstance(action, PreviewOptions):
        return data_preview.preview(action, screen)
    if isinstance(action, ListOptions):
        return data_actions.list_data(screen)
    if isinstance(action, InfoOptions):
        return data_actions.describe_tables(action.names, screen)
    if isinstance(action, FetchOptions):
        return data_actions.fetch_data(action.names, screen, force=action.force)
    return data_actions.import_data(action, screen)
