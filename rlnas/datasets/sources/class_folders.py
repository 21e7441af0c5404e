"""The files of a folder of images, by class and split: what layout it has and what is wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.sources.image_files import is_image, listed
from rlnas.errors import DataError

# The names that a split's folder may have.
SPLIT_NAMES = {"train": ("train",), "valid": ("valid", "val", "validation"), "test": ("test",)}


@dataclass(frozen=True)
class ImageFile:
    """An image file.

    Attributes:
        path: Where it is.
        name: Its path inside the folder, with ``/``.
        label: Number of its class.
        digest: Digest of its content; equal for equal files.
    """

    path: Path
    name: str
    label: int
    digest: str


@dataclass(frozen=True)
class ClassFolders:
    """What a folder of images holds.

    Attributes:
        classes: Names of the classes, sorted; a label is a place in it.
        splits: The files of each split that the folder has, sorted by name; only ``train`` where
            it has no splits.
        given: Whether the folder has splits.
    """

    classes: tuple[str, ...]
    splits: dict[str, list[ImageFile]]
    given: bool


def scan_class_folders(folder: Path) -> ClassFolders:
    """Return the images of ``FOLDER/<class>/…`` or ``FOLDER/<split>/<class>/…``.

    Folders and files whose names begin with a dot are left out, as are files without an image's
    ending. Every image is read once for its digest.

    Raises:
        DataError: If there are no images, the layout is mixed, a file is empty, or a split has a
            class that the training split lacks.
    """
    children = _folders(folder)
    present = {
        split: [child for child in children if child.name in names]
        for split, names in SPLIT_NAMES.items()
    }
    known = {path for found in present.values() for path in found}
    # A class may be called "train": then its images are in it, beside other classes.
    given = bool(present["train"]) and (
        not _loose(present["train"][0]) or known.issuperset(children)
    )
    if given:
        _check_given(folder, present)
        roots = {split: found[0] for split, found in present.items() if found}
    else:
        roots = {"train": folder}
    for root in {folder, *roots.values()}:
        loose = _loose(root)
        if loose:
            raise DataError(
                f"{root} holds images beside its folders; every image belongs into the folder of "
                f"its class. Move these:\n{listed(loose)}"
            )
    by_class = {split: _images(root) for split, root in roots.items()}
    classes = tuple(sorted(by_class["train"]))
    if not classes:
        raise DataError(
            f"{roots['train']} holds no images; expected one subfolder a class with files such as "
            ".png or .jpg in it."
        )
    for split, found in by_class.items():
        unknown = sorted(set(found) - set(classes))
        if unknown:
            raise DataError(
                f"{roots[split]} has classes that the training split lacks:\n{listed(unknown)}"
            )
    number = {name: label for label, name in enumerate(classes)}
    return ClassFolders(
        classes,
        {
            split: [
                ImageFile(path, path.relative_to(folder).as_posix(), number[name], _digest(path))
                for name, paths in sorted(found.items())
                for path in paths
            ]
            for split, found in by_class.items()
        },
        given,
    )


def groups_of_equals(files: list[ImageFile]) -> NDArray[np.int64]:
    """Return ``(N,)`` numbers that are equal where the content of files is equal."""
    _, groups = np.unique([file.digest for file in files], return_inverse=True)
    return np.asarray(groups, dtype=np.int64)


def notes_on_equals(splits: dict[str, list[ImageFile]]) -> Iterator[str]:
    """Yield what a reader should know about equal files, within and between splits."""
    everything = [file for files in splits.values() for file in files]
    counts = Counter(file.digest for file in everything)
    repeated = sum(count - 1 for count in counts.values())
    if repeated:
        yield f"{repeated} of {len(everything)} files repeat the content of another."
    labels: dict[str, set[int]] = {}
    for file in everything:
        labels.setdefault(file.digest, set()).add(file.label)
    torn = sum(len(found) > 1 for found in labels.values())
    if torn:
        yield f"{torn} contents stand under more than one class."
    seen = {file.digest for file in splits["train"]}
    for split in ("valid", "test"):
        shared = sum(file.digest in seen for file in splits[split])
        if shared:
            yield f"{shared} files of the split {split!r} are also training files: its score leaks."


def _check_given(folder: Path, present: dict[str, list[Path]]) -> None:
    twice = [found for found in present.values() if len(found) > 1]
    if twice:
        raise DataError(
            f"{folder} has two folders for one split: {', '.join(path.name for path in twice[0])}; "
            "keep one of them."
        )
    known = {path for found in present.values() for path in found}
    others = [name for name in sorted(_images(folder)) if folder / name not in known]
    if others:
        raise DataError(
            f"{folder} has a mixed layout: splits beside folders of images that belong to none. "
            f"Move these into a split, or all classes out of the splits:\n{listed(others)}"
        )


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _loose(root: Path) -> list[str]:
    """Return the names of the images that lie directly in a folder."""
    return sorted(path.name for path in root.iterdir() if is_image(path))


def _images(root: Path) -> dict[str, list[Path]]:
    """Return the images of each subfolder that has some."""
    found = {
        child.name: sorted(path for path in child.rglob("*") if is_image(path))
        for child in _folders(root)
    }
    return {name: paths for name, paths in found.items() if paths}


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if not content:
        raise DataError(f"{path} is empty; remove it or put the image back.")
    return hashlib.blake2b(content, digest_size=16).hexdigest()
