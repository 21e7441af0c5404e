"""A user's folder of images, one subfolder a class."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import torch

from rlnas.damage import guarded
from rlnas.datasets.assembly import Examples, assemble
from rlnas.datasets.image_streams import open_pixels
from rlnas.datasets.options import DataOptions
from rlnas.datasets.sources.class_folders import (
    ClassFolders,
    ImageFile,
    groups_of_equals,
    notes_on_equals,
    scan_class_folders,
)
from rlnas.datasets.sources.image_files import listed, read_image
from rlnas.datasets.splitting import draw, stratified_split
from rlnas.datasets.targets import MemoryTargets
from rlnas.datasets.task_data import TaskData
from rlnas.errors import DataError

FOLDER_IMAGE_SIZE = 32
FOLDER_PERMUTATIONS = 24
_SHARE = 0.15  # of the images, for each split that has to be drawn


def load_image_folder(options: DataOptions) -> TaskData:
    """Return the data of a task of ``FOLDER/<class>/…`` or ``FOLDER/<split>/<class>/…``.

    Splits are ``train``, ``valid`` and ``test``, by any of `SPLIT_NAMES`. What is missing of
    validation and test is drawn from the training images: 15 % of each class, by the seed. Files of
    equal bytes or equal pixels always fall into the same split.

    Images become RGB of 32² unless asked otherwise. They are read into memory where they fit in
    ``memory_limit``, else batch by batch.

    Args:
        options: What is asked for; the task is ``class``, ``jigsaw`` or ``autoencoder``.

    Raises:
        DataError: If the folder has no images or a mixed layout, a class has too few images to be
            split, there is one class only and the task is ``class``, or a file cannot be read.
        InvalidArgumentError: If a split is asked for that is larger than there are images.
    """
    folder = Path(options.dataset)
    with guarded(folder, "folder of images"):
        found = scan_class_folders(folder)
    if options.task == "class" and len(found.classes) < 2:
        raise DataError(
            f"{folder} has one class only, {found.classes[0]!r}; classification needs two or more. "
            "The tasks 'jigsaw' and 'autoencoder' do with one. " + " ".join(found.notes)
        )
    splits = _complete(folder, found, options.seed)
    for name, size in options.sizes().items():
        splits[name] = draw(
            splits[name], size, seed=options.seed, split=name, dataset=options.dataset
        )
    image_size = options.image_size or FOLDER_IMAGE_SIZE
    pixels = open_pixels(
        {name: [file.path for file in files] for name, files in splits.items()},
        functools.partial(read_image, size=image_size),
        limit=options.memory_limit,
        bytes_each=3 * image_size**2,
    )
    return assemble(
        options,
        {
            name: Examples(
                pixels[name],
                MemoryTargets(torch.tensor([file.label for file in files]), "class"),
            )
            for name, files in splits.items()
        },
        image_size=image_size,
        outputs=len(found.classes) if options.task == "class" else None,
        classes=found.classes,
        permutations=FOLDER_PERMUTATIONS,
        facts={
            "files": {
                name: [[file.name, file.digest] for file in files] for name, files in splits.items()
            }
        },
        notes=(*found.notes, *notes_on_equals(splits)),
    )


def _complete(folder: Path, found: ClassFolders, seed: int) -> dict[str, list[ImageFile]]:
    """Return all three splits, drawing those that the folder does not have."""
    splits = dict(found.splits)
    missing = [name for name in ("valid", "test") if name not in splits]
    files = splits["train"]
    if missing:
        groups = groups_of_equals(files)
        # One file of each content counts, the first, as in the split.
        distinct = {file.group: file.label for file in reversed(files)}
        counts = Counter(distinct.values())
        needed = 1 + len(missing)
        few = [
            f"{name}: {counts[label]}"
            for label, name in enumerate(found.classes)
            if counts[label] < needed
        ]
        if few:
            raise DataError(
                f"{folder} has classes with fewer than {needed} different images, too few to draw "
                f"{' and '.join(missing)} from. Add images, remove the class, or give the splits "
                f"as folders:\n{listed(few)}"
            )
        shares = {"train": 1 - _SHARE * len(missing), **dict.fromkeys(missing, _SHARE)}
        drawn = stratified_split([file.label for file in files], groups, shares, seed=seed)
        splits.update({name: [files[i] for i in chosen] for name, chosen in drawn.items()})
    empty = [name for name, chosen in splits.items() if not chosen]
    if empty:
        raise DataError(
            f"{folder} has no images for {' and '.join(empty)}; put images into the folder of the "
            "split, or remove it to have the split drawn."
        )
    return {name: splits[name] for name in ("train", "valid", "test")}
