"""scikit-learn's handwritten digits: 1797 images of 8×8, for trials that take seconds."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from rlnas.datasets.assembly import Examples, assemble
from rlnas.datasets.options import DataOptions
from rlnas.datasets.pixels import MemoryPixels, Normalisation
from rlnas.datasets.splitting import draw, stratified_split
from rlnas.datasets.targets import MemoryTargets
from rlnas.datasets.task_data import TaskData
from rlnas.errors import MissingDependencyError

DIGITS_TASKS = ("class", "jigsaw", "autoencoder")
DIGITS_IMAGE_SIZE = 16
_SHARES = {"train": 0.7, "valid": 0.15, "test": 0.15}


def load_digits_task(options: DataOptions) -> TaskData:
    """Return the data of a task of the digits.

    The images (Alpaydin & Kaynak, UCI; 16 grey levels) are enlarged bilinearly to 16² unless asked
    otherwise and repeated over three channels. Splits hold 70, 15 and 15 % of each class, drawn
    by the seed.

    Args:
        options: What is asked for; the task is ``class``, ``jigsaw`` or ``autoencoder``.

    Raises:
        MissingDependencyError: If scikit-learn is not installed.
        InvalidArgumentError: If a split is asked for that is larger than there are images.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingDependencyError("scikit-learn", "datasets", "The data set 'digits'") from error
    bunch = load_digits()
    labels = np.asarray(bunch.target, dtype=np.int64)
    image_size = options.image_size or DIGITS_IMAGE_SIZE
    grey = torch.from_numpy(np.asarray(bunch.images, dtype=np.float32))[:, None] * (255 / 16)
    if image_size != grey.shape[-1]:
        grey = functional.interpolate(
            grey, size=(image_size, image_size), mode="bilinear", antialias=True
        )
    images = grey.round_().clamp_(0, 255).to(torch.uint8).repeat(1, 3, 1, 1)
    places = stratified_split(labels, np.arange(len(labels)), _SHARES, seed=options.seed)
    parts = {
        name: torch.tensor(
            draw(places[name].tolist(), size, seed=options.seed, split=name, dataset="digits")
        )
        for name, size in options.sizes().items()
    }
    normalisation = Normalisation.fit(images[parts["train"]])
    return assemble(
        options,
        {
            name: Examples(
                MemoryPixels(images[chosen], normalisation),
                MemoryTargets(torch.from_numpy(labels)[chosen], "class"),
            )
            for name, chosen in parts.items()
        },
        image_size=image_size,
        outputs=10 if options.task == "class" else None,
        classes=tuple(str(digit) for digit in range(10)),
        facts={"dataset": "digits", "source": "scikit-learn"},
    )
