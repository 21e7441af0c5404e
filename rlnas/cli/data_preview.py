"""What ``rlnas data preview`` does: a contact sheet of a rendered data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.errors import InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from rlnas.cli.data import PreviewOptions
    from rlnas.cli.screen import Screen

_LARGEST_SHEET = 64


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
