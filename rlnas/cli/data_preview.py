"""``rlnas data preview``: a contact sheet of a rendered data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions
from rlnas.errors import InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen

_LARGEST_SHEET = 64


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


def preview(options: PreviewOptions, screen: Screen) -> dict[str, Any]:
    """Render images and write them with their labels to a PNG file.

    Raises:
        UnknownNameError: If the data set is not one that is rendered.
        InvalidArgumentError: If a number is out of range or the file is no PNG file.
    """
    if options.name != "rooms":
        raise UnknownNameError("data set to preview", options.name, ["rooms"])
    if not 1 <= options.count <= _LARGEST_SHEET:
        raise InvalidArgumentError(f"count is {options.count}; expected 1 to {_LARGEST_SHEET}.")
    path = Path(f"{options.name}.png") if options.out is None else options.out
    if path.suffix.lower() != ".png" or path.is_dir():
        raise InvalidArgumentError(f"{path} cannot be the sheet; expected a file *.png.")
    from rlnas.datasets.rooms import generate_rooms
    from rlnas.datasets.rooms.preview import write_preview

    rooms = generate_rooms(
        options.count, seed=options.seed, split=options.split, image_size=options.image_size
    )
    try:
        write_preview(rooms, path, seed=options.seed)
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be written ({error}).") from error
    screen.line(f"Wrote {path}")
    return {
        "command": "data preview",
        "dataset": options.name,
        "split": options.split,
        "seed": options.seed,
        "count": options.count,
        "image_size": options.image_size,
        "path": path,
    }
