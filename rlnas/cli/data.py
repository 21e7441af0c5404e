"""``rlnas data``: benchmark tables (list, info, noise, fetch, import) and images (preview)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli import data_preview, data_tables
from rlnas.cli.data_preview import PreviewOptions
from rlnas.cli.data_tables import (
    FetchOptions,
    ImportOptions,
    InfoOptions,
    ListOptions,
    NoiseOptions,
)

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Benchmark tables: list, info, noise, fetch, import; images to train on: preview."""

    action: (
        Annotated[ListOptions, tyro.conf.subcommand("list", prefix_name=False)]
        | Annotated[InfoOptions, tyro.conf.subcommand("info", prefix_name=False)]
        | Annotated[FetchOptions, tyro.conf.subcommand("fetch", prefix_name=False)]
        | Annotated[NoiseOptions, tyro.conf.subcommand("noise", prefix_name=False)]
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
    action = options.action
    if isinstance(action, PreviewOptions):
        return data_preview.preview(action, screen)
    if isinstance(action, NoiseOptions):
        return data_tables.show_noise(action, screen)
    if isinstance(action, ListOptions):
        return data_tables.list_data(screen)
    if isinstance(action, InfoOptions):
        return data_tables.describe_tables(action.names, screen)
    if isinstance(action, FetchOptions):
        return data_tables.fetch_data(action.names, screen, force=action.force)
    return data_tables.import_data(action, screen)
