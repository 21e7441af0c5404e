"""What every folder of work says about itself, and how one is begun, gone on with, or refused.

A run folder has three files from its first moment on: ``config.json`` with the settings that
whoever goes on with it must share, ``command.txt`` and ``versions.json``. Folders that other
folders contain, of a training or of a table in the making, keep their settings in a file of their
own; what differs is said in the same words. One process at a time writes to a folder.
"""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rlnas.atomic import is_leftover, json_text, jsonable, mend, sweep, write_json, write_text
from rlnas.damage import guarded, read_json
from rlnas.errors import RunError, bounded
from rlnas.lock import LOCK, folder_lock

CONFIG = "config.json"
"""File of a run's settings; a folder that has it is a run that can be gone on with."""

_COMMAND, _VERSIONS = "command.txt", "versions.json"
_LONGEST_COMMAND = 1 << 20
_FIRST = {_COMMAND, _VERSIONS, LOCK}
"""What a folder may hold of a run that was killed before it had its settings."""
_PACKAGES = ("rlnas", "numpy", "scipy", "pandas", "gymnasium", "torch", "stable-baselines3")

Settings = Mapping[str, Any]
"""What JSON can hold, see `rlnas.atomic.json_text`, by name."""


def begin_run(
    folder: str | Path,
    kind: str,
    settings: Settings,
    *,
    resume: bool = False,
    command: str = "",
    upgrade: Callable[[Settings], Settings] | None = None,
) -> bool:
    """Make a run folder, or find the one to go on with.

    Args:
        folder: The run folder.
        kind: What it holds, e.g. ``search``; the key of its settings in ``config.json``.
        settings: What a resumed run must share.
        resume: Go on with the run in ``folder`` if there is one.
        command: The command line, kept in the folder.
        upgrade: Turns settings that an earlier version wrote into those it would write today, so
            that a run begun before an option existed can be gone on with.

    Returns:
        Whether there was a run to go on with.

    Raises:
        RunError: If the folder holds something and ``resume`` is false, or holds a run of another
            kind or with other settings.
    """
    folder = Path(folder)
    refuse_file(folder)
    if holds_work(folder) and (resume or not _nothing_done(folder)):
        if not resume:
            refuse_begun(folder, "something")
        old = read_settings(folder, kind)
        with guarded(folder / CONFIG, f"description of a {kind} run", RunError):
            old = old if upgrade is None else dict(upgrade(old))
            check_settings(folder, old, settings)
        sweep(folder)
        return True
    write_json(folder / _VERSIONS, versions(), indent=2)
    write_text(folder / _COMMAND, command + "\n")
    # Last, because a folder with a configuration is a run that can be resumed.
    write_json(folder / CONFIG, {kind: settings}, indent=2, keep_nan=True)
    sweep(folder)
    return False


def _nothing_done(folder: Path) -> bool:
    """Return whether a folder holds what a run begins with and no work, so that it may begin anew.

    Such a folder is left by a command that was refused, or ended, before its first result.
    """
    names = {path.name for path in folder.iterdir() if not is_leftover(path.name)}
    return names <= {CONFIG, *_FIRST}


def holds_work(folder: Path) -> bool:
    """Return whether a folder holds more than what an unborn run left."""
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    return any(name not in _FIRST and not is_leftover(name) for name in names)


@contextlib.contextmanager
def only_writer(folder: str | Path, settings: str = CONFIG) -> Iterator[None]:
    """See to it that no other process writes to a folder of work; a dead one lets go of it.

    To be held from before the folder is begun until the work is done.

    Args:
        folder: The folder; made if missing.
        settings: File of its settings. A folder with something, but without that, is left alone:
            whoever begins there is refused anyway.

    Raises:
        RunError: If another one does, or ``folder`` is a file; it says who and since when.
        UnwritableError: If the folder cannot be written.
    """
    folder = Path(folder)
    refuse_file(folder)
    mine = not holds_work(folder) or (folder / settings).exists()
    with folder_lock(folder) if mine else contextlib.nullcontext():
        yield


def keep_settings(
    path: Path, settings: Settings, *, upgrade: Callable[[Settings], Settings] | None = None
) -> None:
    """Write a folder's settings into a file, or see that they are those that are there.

    Args:
        path: The file; its folder is made if missing.
        settings: What its folder is for.
        upgrade: As of `begin_run`.

    Raises:
        RunError: If the file is damaged, or the folder has other settings.
    """
    if not path.exists():
        refuse_file(path.parent)
        write_json(path, settings, indent=1, keep_nan=True)
        mend(path)
        return
    old = read_json(path, "description of a folder", RunError, "Choose another folder.")
    with guarded(path, "description of a folder", RunError, "Choose another folder."):
        if not isinstance(old, dict):
            raise TypeError("expected an object")
        old = old if upgrade is None else upgrade(old)
        check_settings(path.parent, old, settings)
    sweep(path.parent)


def refuse_file(folder: Path) -> None:
    """Refuse a file where a folder should be, and a name that most file formats cannot take.

    Raises:
        RunError: If there is one, or its name is no UTF-8.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise RunError(
            f"{bounded(str(folder), 300)} has a name that is no UTF-8, which safetensors and "
            "Parquet cannot write to; choose another folder."
        ) from None
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file; expected a folder, or none yet. Choose another.")


def refuse_begun(folder: Path, what: str) -> None:
    """Refuse a folder that holds something already.

    Args:
        folder: The folder.
        what: What it holds.

    Raises:
        RunError: Always.
    """
    raise RunError(
        f"{folder} holds {what} already. Go on with it by resume=True, or choose another folder."
    )


def check_settings(folder: Path, old: Settings, new: Settings) -> None:
    """Refuse to go on with other settings.

    Args:
        folder: What holds the old ones, for the message.
        old: The settings there.
        new: Those asked for.

    Raises:
        RunError: If they differ; it says where.
    """
    if different := list(differences(jsonable(old), jsonable(new))):
        said = bounded("; ".join(different), 600)
        raise RunError(
            f"{folder} was begun with other settings: {said}. Go on with those that it has, or "
            "choose another folder."
        )


def differences(old: Settings, new: Settings, path: str = "") -> Iterator[str]:
    """Yield what differs between two trees of JSON values.

    Args:
        old: What a folder says.
        new: What is asked for.
        path: What stands before the names.

    Example:
        >>> list(differences({"recipe": {"epochs": 12}}, {"recipe": {"epochs": 24}}))
        ['recipe.epochs is 12 there, not 24']
    """
    for name in {**old, **new}:
        before, now = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            yield from differences(before, now, f"{path}{name}.")
        elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
            yield from differences(_numbered(before), _numbered(now), f"{path}{name}.")
        elif before != now:
            then, today = (bounded(json_text(value), 200) for value in (before, now))
            yield f"{path}{name} is {then} there, not {today}"


def _numbered(items: list[Any]) -> dict[str, Any]:
    return {str(number): item for number, item in enumerate(items)}


def run_kind(folder: str | Path) -> str:
    """Return what a run folder holds: ``matrix``, ``search``, ``train``.

    Raises:
        RunError: If it is no run folder.
    """
    return bounded(next(iter(_read(folder)), ""), 100)


def read_settings(folder: str | Path, kind: str) -> dict[str, Any]:
    """Return the settings of a run of one kind.

    Raises:
        RunError: If the folder holds no run, or one of another kind.
    """
    tree = _read(folder)
    if not isinstance(tree.get(kind), dict):
        raise RunError(
            f"{folder} holds no {kind} run (its {CONFIG} describes: "
            f"{bounded(', '.join(tree), 200) or 'nothing'}). Choose another folder."
        )
    return dict(tree[kind])


def read_command(folder: str | Path) -> str:
    """Return the command that made a run, empty if it was made from Python.

    Raises:
        RunError: If the file is damaged.
    """
    path = Path(folder) / _COMMAND
    if not path.exists():
        return ""
    remedy = "Remove it to go on without."
    with guarded(path, "command", RunError, remedy), path.open(encoding="utf-8") as file:
        return file.read(_LONGEST_COMMAND).strip()


def read_versions(folder: str | Path) -> dict[str, str]:
    """Return the versions of what a run used, empty if it does not say.

    Raises:
        RunError: If the file is damaged.
    """
    path = Path(folder) / _VERSIONS
    if not path.exists():
        return {}
    remedy = "Remove it to go on without."
    found = read_json(path, "list of versions", RunError, remedy, most=_LONGEST_COMMAND)
    with guarded(path, "list of versions", RunError, remedy):
        return {bounded(k, 100): bounded(str(v), 200) for k, v in found.items()}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries a result depends on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # an optional library, or a source folder not installed
            continue
    return found


def _read(folder: str | Path) -> dict[str, Any]:
    path = Path(folder) / CONFIG
    if not path.exists():
        raise RunError(
            f"{folder} is no run folder ({CONFIG} is missing); expected one that "
            "`rlnas matrix`, `rlnas search`, `rlnas transfer` or `rlnas train` wrote."
        )
    tree = read_json(path, "description of a run", RunError)
    if not isinstance(tree, dict):
        raise RunError(f"{path} is damaged: expected an object.")
    return tree
