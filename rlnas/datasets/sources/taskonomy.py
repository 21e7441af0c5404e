"""Taskonomy as TransNAS-Bench-101 trained on it: seven tasks on photographs of buildings.

Marked [code] is what the benchmark's own training code does (its ``taskonomy_dataset.py``,
``load_ops.py`` and configurations), [2nd] what only others report.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlnas.damage import guarded
from rlnas.datasets.assembly import Examples, assemble
from rlnas.datasets.image_streams import Reader, open_pixels, open_targets
from rlnas.datasets.options import DataOptions
from rlnas.datasets.sources.image_files import read_image, read_labels
from rlnas.datasets.sources.taskonomy_files import View, check_files, find_beside, find_views
from rlnas.datasets.spec import KINDS
from rlnas.datasets.splitting import draw
from rlnas.datasets.targets import Targets
from rlnas.datasets.task_data import TaskData
from rlnas.errors import DataError

TASKONOMY_IMAGE_SIZE = 256
TASKONOMY_PERMUTATIONS = 1000
_FULL = {"class_object": 1000, "class_scene": 365}
_SELECTED = {"class_object": 75, "class_scene": 47}
_OUTPUTS = {**_SELECTED, "room_layout": 9, "segmentsemantic": 17, "normal": 3}


def load_taskonomy(options: DataOptions) -> TaskData:
    """Return the data of one of the seven tasks.

    - ``class_object``, ``class_scene``: a vector of 1000 or 365 probabilities; the classes that
      ``class_object_final5k.npy`` (75 of 1000) or ``class_scene_final5k.npy`` (47 of 365) marks,
      in the folder or in its ``final5k``, are kept and the largest is the label. The published
      recipes train on the probabilities themselves [code]; here the label is hard. Vectors of 75
      or 47 are taken as selected already.
    - ``room_layout``: nine numbers, taken as they are [code]; that they are standardised already
      follows from the function beside the loader, and is not stated.
    - ``segmentsemantic``: labels 0…17; 0 (unlabelled) counts as 1, then 1 is subtracted, which
      leaves 17 classes [code].
    - ``normal``: RGB of which 0…255 is −1…1 [code].
    - ``autoencoder``, ``jigsaw``: made of the image; 1000 permutations, tiles of 64² [code].

    Images are 256² unless asked otherwise and normalised by the training images' own mean and
    standard deviation (published: 0.522 and 0.223, or 0.5 and 0.5 for the tasks with an image for
    an answer [code]). Where the folder's images exceed ``memory_limit`` they are read batch by
    batch.

    Args:
        options: What is asked for.

    Raises:
        DataError: If lists or files are missing, damaged or of another shape.
        InvalidArgumentError: If a split is asked for that is larger than there are views.
    """
    folder, task = Path(options.dataset), options.task
    with guarded(folder, "folder of Taskonomy"):
        views = find_views(folder, seed=options.seed)
    for name, size in options.sizes().items():
        views[name] = draw(
            views[name], size, seed=options.seed, split=name, dataset=options.dataset
        )
    domain = task if task in _OUTPUTS else None
    everything = [view for found in views.values() for view in found]
    check_files(everything, ["rgb"] if domain is None else ["rgb", domain])
    image_size = options.image_size or TASKONOMY_IMAGE_SIZE
    bytes_each = 3 * image_size**2
    pixels = open_pixels(
        _files(views, "rgb"),
        functools.partial(read_image, size=image_size),
        limit=options.memory_limit,
        bytes_each=bytes_each,
    )
    targets: dict[str, Targets] = {}
    if domain is not None:
        targets = open_targets(
            _files(views, domain),
            _reader(folder, domain, image_size),
            KINDS[task],
            # Labels by pixel take as much room again; classes and layouts always fit.
            in_memory=KINDS[task] in {"class", "vector"}
            or 2 * bytes_each * len(everything) <= options.memory_limit,
        )
    return assemble(
        options,
        {name: Examples(part, targets.get(name)) for name, part in pixels.items()},
        image_size=image_size,
        outputs=_OUTPUTS.get(task),
        permutations=TASKONOMY_PERMUTATIONS,
        facts={"views": {name: [view.template for view in found] for name, found in views.items()}},
    )


def _files(views: dict[str, list[View]], domain: str) -> dict[str, list[Path]]:
    return {name: [view.file(domain) for view in found] for name, found in views.items()}


def _reader(folder: Path, domain: str, image_size: int) -> Reader:
    if domain in _SELECTED:
        return functools.partial(_read_class, domain=domain, mask=_mask(folder, domain))
    if domain == "room_layout":
        return _read_layout
    if domain == "normal":
        return functools.partial(read_image, size=image_size)
    return functools.partial(_read_segments, size=image_size)


def _mask(folder: Path, domain: str) -> NDArray[np.bool_] | None:
    name = f"{domain}_final5k.npy"
    path = find_beside(folder, name)
    if path is None:
        return None
    mask: NDArray[np.bool_] = _read_vector(path) != 0
    if mask.shape != (_FULL[domain],) or mask.sum() != _SELECTED[domain]:
        raise DataError(
            f"{path} marks {int(mask.sum())} of {mask.size} classes; expected "
            f"{_SELECTED[domain]} of {_FULL[domain]}."
        )
    return mask


def _read_class(path: Path, domain: str, mask: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    vector = _read_vector(path)
    if vector.shape == (_FULL[domain],):
        if mask is None:
            raise DataError(
                f"{path} holds all {_FULL[domain]} classes, and the file that selects "
                f"{_SELECTED[domain]} of them is missing: put the benchmark's {domain}_final5k.npy "
                "into the data set's folder."
            )
        vector = vector[mask]
    if vector.shape != (_SELECTED[domain],):
        raise DataError(
            f"{path} has shape {vector.shape}; expected ({_FULL[domain]},) or "
            f"({_SELECTED[domain]},)."
        )
    return np.asarray(vector.argmax(), dtype=np.int64)


def _read_layout(path: Path) -> NDArray[np.float32]:
    vector = _read_vector(path)
    if vector.shape != (_OUTPUTS["room_layout"],):
        raise DataError(f"{path} has shape {vector.shape}; expected (9,).")
    return vector.astype(np.float32)


def _read_segments(path: Path, size: int) -> NDArray[np.uint8]:
    labels = read_labels(path, size)
    if labels.max() > _OUTPUTS["segmentsemantic"]:
        raise DataError(f"{path} has the label {int(labels.max())}; expected 0…17.")
    return np.asarray(np.maximum(labels, 1) - 1, dtype=np.uint8)


def _read_vector(path: Path) -> NDArray[np.float64]:
    with guarded(path, "array"):
        # Mapped, for NumPy then compares the length that the header claims with the file's.
        vector = np.array(np.load(path, mmap_mode="r", allow_pickle=False), dtype=np.float64)
    if not (np.abs(vector) <= np.finfo(np.float32).max).all():
        raise DataError(f"{path} holds numbers that are not finite, or of more than 32 bits.")
    return vector
