"""Atomic writes: a file or folder is either wholly there or as it was before; text and JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it becomes ``path``, else it is removed.

    Parent folders are made as needed. The new content is on disk before it takes the name.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        partial.touch()
        mode = partial.stat().st_mode
        yield partial
        partial.chmod(mode)  # some writers of tensors keep others from reading
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_directory(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; on success it becomes ``path``, else it is removed.

    An existing folder at ``path`` is replaced; a reader that has it open keeps its files.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    tag = uuid.uuid4().hex[:8]
    partial = path.with_name(f".{path.name}.{tag}.part")
    partial.mkdir()
    old = path.with_name(f".{path.name}.{tag}.old")
    try:
        yield partial
        mode = partial.stat().st_mode & 0o666
        for file in partial.rglob("*"):
            if file.is_file() and not file.is_symlink():
                file.chmod(file.stat().st_mode | mode)  # as of `atomic_file`
        if path.exists():
            path.rename(old)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(
    path: str | Path, value: object, *, indent: int | None = None, keep_nan: bool = False
) -> None:
    """Write a value as a JSON file atomically; see `json_text`."""
    write_text(path, json_text(value, indent=indent, keep_nan=keep_nan))


def json_text(value: object, *, indent: int | None = None, keep_nan: bool = False) -> str:
    """Return a value as JSON.

    Args:
        value: What JSON knows, and tuples, paths, dataclasses, NumPy scalars and arrays, at any
            depth; keys become text.
        indent: Spaces a level; None puts all on one line.
        keep_nan: Write NaN and infinities by these names, which Python's `json` reads back as the
            numbers they were; otherwise they are null, which every reader knows.

    Example:
        >>> json_text({"folder": Path("runs"), "rank": float("nan"), "seeds": (0, 1)})
        '{"folder": "runs", "rank": null, "seeds": [0, 1]}'
    """
    return json.dumps(_jsonable(value, keep_nan), indent=indent, allow_nan=keep_nan)


def jsonable(value: object) -> Any:
    """Return a value as JSON gives it back: lists for tuples and arrays, text for paths."""
    return json.loads(json_text(value, keep_nan=True))


def _jsonable(value: Any, keep_nan: bool) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _jsonable(item, keep_nan) for name, item in value.items()}
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _jsonable(getattr(value, field.name), keep_nan) for field in fields}
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_jsonable(item, keep_nan) for item in value]
    if isinstance(value, float) and not keep_nan and not math.isfinite(value):
        return None
    return value
