"""What every run folder begins with: its configuration, its command and the versions used."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rlnas.atomic import write_text
from rlnas.errors import RunError

_PACKAGES = ("rlnas", "numpy", "scipy", "pandas", "gymnasium", "torch", "stable-baselines3")


def begin_run(
    folder: str | Path,
    kind: str,
    settings: Mapping[str, Any],
    *,
    resume: bool = False,
    command: str = "",
) -> bool:
    """Make a run folder, or find the one to go on with.

    Args:
        folder: The run folder.
        kind: What it holds, e.g. ``search``; the key of its settings in ``config.json``.
        settings: JSON-able settings that a resumed run must share.
        resume: Go on with the run in ``folder`` if there is one.
        command: The command line, kept in the folder.

    Returns:
        Whether there was a run to go on with.

    Raises:
        RunError: If the folder holds something and ``resume`` is false, or holds a run of another
            kind or with other settings.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file; a run needs a folder. Choose another --out.")
    if folder.exists() and any(folder.iterdir()):
        if not resume:
            raise RunError(
                f"{folder} is not empty. Choose another --out, or go on with it by --resume."
            )
        old = read_settings(folder, kind)
        new = json.loads(json.dumps(settings))
        if different := [name for name in {**new, **old} if old.get(name) != new.get(name)]:
            raise RunError(
                f"{folder} was begun with other settings ({', '.join(different)} differ); resume "
                "with those in its config.json, or choose another --out."
            )
        return True
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "versions.json", json.dumps(versions(), indent=2))
    write_text(folder / "command.txt", command + "\n")
    # Last, because a folder with a configuration is a run that can be resumed.
    write_text(folder / "config.json", json.dumps({kind: dict(settings)}, indent=2))
    return False


def run_kind(folder: str | Path) -> str:
    """Return what a run folder holds: ``matrix``, ``search``, ``train``.

    Raises:
        RunError: If it is no run folder.
    """
    return str(next(iter(_read(folder)), ""))


def read_settings(folder: str | Path, kind: str) -> dict[str, Any]:
    """Return the settings of a run of one kind.

    Raises:
        RunError: If the folder holds no run, or one of another kind.
    """
    tree = _read(folder)
    if not isinstance(tree.get(kind), dict):
        raise RunError(
            f"{folder} holds no {kind} run (its config.json describes: "
            f"{', '.join(tree) or 'nothing'}). Choose another folder."
        )
    return dict(tree[kind])


def read_command(folder: str | Path) -> str:
    """Return the command that made a run, empty if it was made from Python."""
    path = Path(folder) / "command.txt"
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def read_versions(folder: str | Path) -> dict[str, str]:
    """Return the versions of what a run used, empty if it does not say.

    Raises:
        RunError: If the file is damaged.
    """
    path = Path(folder) / "versions.json"
    if not path.exists():
        return {}
    try:
        return {str(k): str(v) for k, v in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise RunError(f"{path} is damaged ({error}); remove it to go on without.") from error


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
    path = Path(folder) / "config.json"
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"{folder} is no run folder (config.json is missing); expected one that "
            "`rlnas matrix`, `rlnas search`, `rlnas transfer` or `rlnas train` wrote."
        ) from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged: {error}") from error
    if not isinstance(tree, dict):
        raise RunError(f"{path} is damaged: expected an object.")
    return tree


def differences(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[str]:
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
        elif before != now:
            yield f"{path}{name} is {json.dumps(before)} there, not {json.dumps(now)}"
