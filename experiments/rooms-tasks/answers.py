"""Answers that need no network: the best constant one, and the best linear one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from torch import Tensor

from rlnas.datasets.task_data import TaskData
from rlnas.seeding import torch_generator
from rlnas.training.metrics import Meter

Answer = Callable[[Tensor], Tensor]
"""From inputs to what a network would give."""

BOTTLENECK = 256
"""Numbers that the suite's encoder hands to its decoder: 16 channels of 4 × 4."""

_PUZZLES = 4
"""Puzzles drawn of each training image; a network sees a new one each epoch."""


def everything(data: TaskData, split: str) -> tuple[Tensor, Tensor]:
    """Return all inputs and targets of a split."""
    examples = getattr(data, split)
    indices = torch.arange(len(examples))
    if split == "train" and data.spec.kind == "jigsaw":
        drawn = [
            examples.batch(indices, torch_generator(0, "rooms-tasks", i)) for i in range(_PUZZLES)
        ]
        inputs, targets = zip(*drawn, strict=True)
        return torch.cat(inputs), torch.cat(targets)
    return examples.batch(indices)


def measure(data: TaskData, answer: Answer, split: str) -> float:
    """Return the task's metric of an answer, raw."""
    inputs, targets = everything(data, split)
    meter = Meter(data.spec)
    for x, y in zip(inputs.split(256), targets.split(256), strict=True):
        meter.update(answer(x), y)
    return meter.values()["metric"]


def constant(data: TaskData) -> Iterator[Answer]:
    """Yield the same answer for every image, fitted to the training targets.

    Classes and puzzles: the most frequent; each pixel: the most frequent class there; vectors and
    images: the mean.
    """
    _, targets = everything(data, "train")
    if targets.is_floating_point():
        answer = targets.mean(dim=0)
    else:
        answer = torch.nn.functional.one_hot(targets, data.spec.outputs).float().mean(dim=0)
        answer = answer.movedim(-1, 0)
    yield lambda x: answer.expand(len(x), *answer.shape)


def linear(data: TaskData) -> Iterator[Answer]:
    """Yield linear answers of several strengths of regularisation, of which one is to be chosen.

    Classes and puzzles: logistic regression on all pixels. Vectors: ridge regression. Each pixel's
    class or normal: ridge regression on the whole image. Images: principal components, as many as
    the suite's encoder hands on.
    """
    inputs, targets = everything(data, "train")
    x = inputs.flatten(1).numpy()
    kind = data.spec.kind
    if data.spec.name == "autoencoder":
        yield _components(x, targets)
    elif kind in ("class", "jigsaw"):
        for strength in (1e-5, 1e-4, 1e-3):
            with warnings.catch_warnings():
                # Stopping early regularises too, and the choice is by validation.
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = LogisticRegression(C=strength, max_iter=100).fit(x, targets.numpy())
            yield _predictor(model.decision_function, (data.spec.outputs,))
    else:
        if kind == "pixels":
            targets = torch.nn.functional.one_hot(targets, data.spec.outputs).movedim(-1, 1).float()
        y = targets.flatten(1).numpy()
        for strength in (1e3, 1e4, 1e5):
            model = Ridge(alpha=strength).fit(x, y)
            yield _predictor(model.predict, tuple(targets.shape[1:]))


def _predictor(predict: Callable[[NDArray], NDArray], shape: tuple[int, ...]) -> Answer:
    def answer(inputs: Tensor) -> Tensor:
        found = predict(inputs.flatten(1).numpy())
        return torch.from_numpy(np.asarray(found, dtype=np.float32)).reshape(-1, *shape)

    return answer


def _components(x: NDArray[np.float32], targets: Tensor) -> Answer:
    """Return the answer of principal components, whose inputs become targets by channel."""
    model = PCA(BOTTLENECK, svd_solver="randomized", random_state=0).fit(x)
    shape = targets.shape[1:]
    pixels = x.reshape(len(x), *shape)
    scale = targets.std(dim=(0, 2, 3)).numpy() / pixels.std(axis=(0, 2, 3))
    offset = targets.mean(dim=(0, 2, 3)).numpy() - scale * pixels.mean(axis=(0, 2, 3))

    def again(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        images = model.inverse_transform(model.transform(inputs)).reshape(-1, *shape)
        return np.clip(images * scale[:, None, None] + offset[:, None, None], -1, 1)

    return _predictor(again, tuple(shape))
