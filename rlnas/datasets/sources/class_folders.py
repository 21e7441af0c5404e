"""The files of a folder of images, by class and split: what layout it has and what is wrong."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.sources.image_files import is_hidden, is_image, listed
from rlnas.datasets.sources.image_looks import look_at_all
from rlnas.errors import DataError, bounded
from rlnas.names import check_name

# The names that a split's folder may have.
SPLIT_NAMES = {
    "train": ("train", "training"),
    "valid": ("valid", "val", "validation"),
    "test": ("test", "testing"),
}
"""Names of a split's folder, in small letters; they may be written in any."""


@dataclass(frozen=True)
class ImageFile:
    """An image file.

    Attributes:
        path: Where it is.
        name: Its path inside the folder, with ``/``.
        label: Number of its class.
        digest: Digest of its content; equal for equal files.
        group: The digest of one of the files with equal pixels, which is its own unless a picture
            was saved twice, in other formats or with other data beside it.
        deep: Whether it has more than 8 bits a channel.
    """

    path: Path
    name: str
    label: int
    digest: str
    group: str
    deep: bool


@dataclass(frozen=True)
class ClassFolders:
    """What a folder of images holds.

    Attributes:
        classes: Names of the classes, sorted; a label is a place in it.
        splits: The files of each split that the folder has, sorted by name; only ``train`` where
            it has no splits.
        notes: What was left out or changed on the way.
    """

    classes: tuple[str, ...]
    splits: dict[str, list[ImageFile]]
    notes: tuple[str, ...]


def scan_class_folders(folder: Path) -> ClassFolders:
    """Return the images of ``FOLDER/<class>/…`` or ``FOLDER/<split>/<class>/…``.

    Hidden files and folders, the system's (``__MACOSX``), files without an image's ending and
    classes without images are left out, with a note. Every file is read once for its digest; of
    files that differ but show pictures of one size, the pixels are compared as well.

    Raises:
        DataError: If there are no images, the layout is mixed, files are empty or no images, or a
            split has a class that the training split lacks.
        InvalidArgumentError: If a class has a name that cannot be one, see `check_name`.
    """
    children = _folders(folder)
    present = {
        split: [child for child in children if child.name.lower() in names]
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
        _check_not_given(folder, present)
        roots = {"train": folder}
    for root in {folder, *roots.values()}:
        loose = _loose(root)
        if loose:
            raise DataError(
                f"{root} holds images beside its folders; every image belongs into the folder of "
                f"its class. Move these:\n{listed(loose)}"
            )
    tallies = {split: _tallies(root) for split, root in roots.items()}
    by_class = {
        split: {name: tally.images for name, tally in found.items() if tally.images}
        for split, found in tallies.items()
    }
    notes = [
        note
        for split, found in tallies.items()
        for note in _notes_on_left_out(found, f"{roots[split].name}/" if given else "")
    ]
    classes = tuple(sorted(by_class["train"]))
    if not classes:
        raise DataError(
            f"{roots['train']} holds no images; expected one subfolder a class with files such as "
            f".png or .jpg in it. {' '.join(notes)}".rstrip()
        )
    for name in classes:
        check_name(name, "class")
    for split, found in by_class.items():
        unknown = sorted(set(found) - set(classes))
        if unknown:
            raise DataError(
                f"{roots[split]} has classes that the training split lacks:\n{listed(unknown)}"
            )
    number = {name: label for label, name in enumerate(classes)}
    labelled = [
        (split, path, number[name])
        for split, found in by_class.items()
        for name, paths in sorted(found.items())
        for path in paths
    ]
    looks = look_at_all([path for _, path, _ in labelled])
    splits: dict[str, list[ImageFile]] = {split: [] for split in by_class}
    for (split, path, label), look in zip(labelled, looks, strict=True):
        name = path.relative_to(folder).as_posix()
        splits[split].append(ImageFile(path, name, label, look.digest, look.group, look.deep))
    deep = sum(look.deep for look in looks)
    if deep:
        notes.append(
            f"{deep} of {len(looks)} images have more than 8 bits a channel and were scaled to 8 "
            "by the range of their type."
        )
    return ClassFolders(classes, splits, tuple(notes))


def groups_of_equals(files: list[ImageFile]) -> NDArray[np.int64]:
    """Return ``(N,)`` numbers that are equal where the content or the pixels of files are equal."""
    _, groups = np.unique([file.group for file in files], return_inverse=True)
    return np.asarray(groups, dtype=np.int64)


def notes_on_equals(splits: dict[str, list[ImageFile]]) -> Iterator[str]:
    """Yield what a reader should know about equal files, within and between splits."""
    everything = [file for files in splits.values() for file in files]
    counts = Counter(file.group for file in everything)
    repeated = sum(count - 1 for count in counts.values())
    if repeated:
        yield f"{repeated} of {len(everything)} files repeat the content of another."
    saved_again = len({file.digest for file in everything}) - len(counts)
    if saved_again:
        yield f"{saved_again} of these were saved anew: the pixels are equal, the bytes are not."
    labels: dict[str, set[int]] = {}
    for file in everything:
        labels.setdefault(file.group, set()).add(file.label)
    torn = sum(len(found) > 1 for found in labels.values())
    if torn:
        yield f"{torn} contents stand under more than one class."
    seen = {file.group for file in splits["train"]}
    for split in ("valid", "test"):
        shared = sum(file.group in seen for file in splits[split])
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
    others = [
        name
        for name, tally in sorted(_tallies(folder).items())
        if tally.images and folder / name not in known
    ]
    if others:
        raise DataError(
            f"{folder} has a mixed layout: splits beside folders of images that belong to none. "
            f"Move these into a split, or all classes out of the splits:\n{listed(others)}"
        )


def _check_not_given(folder: Path, present: dict[str, list[Path]]) -> None:
    """Refuse splits without a training split, which would be taken for classes."""
    held = [path for found in present.values() for path in found]
    if len(held) > 1 and set(held) == set(_folders(folder)) and not any(map(_loose, held)):
        raise DataError(
            f"{folder} has the splits {', '.join(path.name for path in held)} and none to train "
            f"on; expected a folder called {' or '.join(SPLIT_NAMES['train'])} beside them."
        )


@dataclass
class _Tally:
    """What a class's folder holds, with all that is below it."""

    images: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    hidden: list[str] = field(default_factory=list)


def _tallies(root: Path) -> dict[str, _Tally]:
    """Return what each subfolder holds."""
    return {child.name: _tally(child) for child in _folders(root)}


def _tally(folder: Path) -> _Tally:
    tally = _Tally()
    for place, folders, files in os.walk(folder):
        tally.hidden += [name for name in (*folders, *files) if is_hidden(name)]
        folders[:] = [name for name in folders if not is_hidden(name)]
        for path in (Path(place, name) for name in files if not is_hidden(name)):
            if is_image(path):
                tally.images.append(path)
            else:
                tally.others[path.suffix.lower() or "no ending"] += 1
    tally.images.sort()
    return tally


def _notes_on_left_out(tallies: dict[str, _Tally], root: str) -> Iterator[str]:
    for name, tally in tallies.items():
        if not tally.images:
            files = f"{tally.others.total()} files, no image: {_counted(tally.others)}"
            yield f"The class {root + name!r} was left out: it has " + (
                f"{files}." if tally.others else "no files."
            )
    of = f"{root} " if root else ""
    others = sum((tally.others for tally in tallies.values() if tally.images), Counter[str]())
    if others:
        yield f"{of}{others.total()} files beside images were left out: {_counted(others)}."
    hidden = Counter(name for tally in tallies.values() for name in tally.hidden)
    if hidden:
        yield (
            f"{of}{hidden.total()} hidden files and folders, or the system's, were left out: "
            f"{_counted(hidden)}."
        )


def _counted(found: Counter[str]) -> str:
    """Return the three most frequent, with their counts."""
    named = ", ".join(f"{bounded(name, 40)} ({count})" for name, count in found.most_common(3))
    return f"{named}, …" if len(found) > 3 else named


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name))


def _loose(root: Path) -> list[str]:
    """Return the names of the images that lie directly in a folder."""
    return sorted(path.name for path in root.iterdir() if is_image(path))
