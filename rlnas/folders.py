"""Paths inside a folder, whatever the names are, and removal that never leaves it."""

from __future__ import annotations

import shutil
from pathlib import Path

from rlnas.errors import RunError
from rlnas.names import file_name


def inside(folder: str | Path, *names: str) -> Path:
    """Return a path below a folder, with a component for each name.

    A name that may not be a file's name is escaped, see `rlnas.names.file_name`, so that the path
    is inside the folder whatever the names are.

    Example:
        >>> inside("run", "cells", "autoencoder.parquet").as_posix()
        'run/cells/autoencoder.parquet'
        >>> inside("run", "cells", "../../victim").as_posix()
        'run/cells/victim-a692882fc2c4'
    """
    return Path(folder, *map(file_name, names))


def remove(path: str | Path, *, within: str | Path) -> None:
    """Remove a folder with all that is in it, a file or a link; nothing if there is none.

    Links are removed and never followed.

    Args:
        path: What to remove.
        within: A folder that it has to be in, at any depth.

    Raises:
        RunError: If it is not: nothing has been removed then.
        OSError: If it cannot be removed.
    """
    path, within = Path(path), Path(within)
    # Its own last component may be a link, which is what goes; those before decide where it is.
    home = path.parent.resolve()
    if path.name in ("", "..") or not home.is_relative_to(within.resolve()):
        raise RunError(f"{path} is not inside {within}: it was not removed. Remove it yourself.")
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.exists():
        shutil.rmtree(path)
