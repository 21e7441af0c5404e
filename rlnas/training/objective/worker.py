"""The training of one architecture for an objective: what a worker process does."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from rlnas.atomic import atomic_file
from rlnas.checkpoints import write_tensors
from rlnas.datasets.task_data import TaskData
from rlnas.errors import DivergedError, UnwritableError
from rlnas.networks import DenseNetwork, SearchedNetwork, SkeletonConfig, build_task_network
from rlnas.seeding import derive_seed
from rlnas.spaces import SearchSpace
from rlnas.training.objective.records import FailureKind, RecordFolder, TrainingRecord
from rlnas.training.recipe import Recipe
from rlnas.training.regularisation.points import recipe_of
from rlnas.training.result import TrainingResult

TrainFunction = Callable[..., TrainingResult]
"""Has the signature of `rlnas.training.train_network`."""

WEIGHTS = "weights.safetensors"
"""File of the trained weights in an architecture's folder."""

_NO_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed")
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, kw_only=True)
class ArchitectureTraining:
    """Trains one architecture at a call; can be sent to another process.

    Attributes:
        space: The search space.
        config: The skeleton.
        recipe: How to train.
        seed: Of the first weights and of the order of the examples; the same for all architectures,
            so that they differ in nothing else.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        data: The data of the task, pickled by `pack_data`.
        folder: Where records, weights and checkpoints are kept, or None.
        train: What trains a network.
    """

    space: SearchSpace
    config: SkeletonConfig
    recipe: Recipe
    seed: int
    device: str
    data: TaskData | bytes
    folder: RecordFolder | None
    train: TrainFunction

    def __call__(self, architecture: str) -> TrainingRecord:
        """Return the record of an architecture; whatever goes wrong is in it, not raised."""
        start = time.perf_counter()
        try:
            record = self._trained(architecture)
        except UnwritableError:  # a full disk is no property of an architecture
            raise
        except Exception as error:  # one architecture's failure is data, not the search's end
            record = TrainingRecord.failed(
                architecture, failure_kind(error), _message(error), time.perf_counter() - start
            )
        if self.folder is not None:
            self.folder.write(record)
        return record

    def _trained(self, architecture: str) -> TrainingRecord:
        # Bytes that `pack_data` made in the parent process and that came over its pipe; no file.
        data = pickle.loads(self.data) if isinstance(self.data, bytes) else self.data  # noqa: S301
        network = self.build(architecture, data)
        home = None if self.folder is None else self.folder.path(architecture)
        result = self.train(
            network,
            data,
            recipe_of(self.space, architecture, self.recipe),
            seed=derive_seed(self.seed, "objective", "training"),
            device=self.device,
            folder=home,
            resume=home is not None,
        )
        if result.error is not None or result.score != result.score:
            return TrainingRecord.failed(
                architecture,
                "diverged",
                result.error or "the validation score is not a number",
                result.seconds,
            )
        if home is not None and not (home / WEIGHTS).exists():  # train_network keeps them itself
            with atomic_file(home / WEIGHTS) as partial:
                write_tensors(partial, network.state_dict())
        kept = result.history[result.best_epoch - 1]
        return TrainingRecord(
            architecture=architecture,
            score=result.score,
            seconds=result.seconds,
            best_epoch=result.best_epoch,
            valid=kept.valid,
            test=kept.test,
            history=tuple(result.rows()),
            device=result.device,
        )

    def build(self, architecture: str, data: TaskData) -> SearchedNetwork | DenseNetwork:
        """Return an architecture's network with its first weights."""
        return build_task_network(
            self.space,
            architecture,
            data.spec,
            self.config,
            seed=derive_seed(self.seed, "objective", "weights"),
        )


def pack_data(data: TaskData) -> bytes:
    """Return data in the form in which they are sent to other processes.

    As bytes and not as tensors, which PyTorch would put into shared memory: that is small in many
    containers, and what does not fit there kills the process that touches it.
    """
    return pickle.dumps(data, protocol=pickle.HIGHEST_PROTOCOL)


def failure_kind(error: BaseException) -> FailureKind:
    """Return how a training failed, by what it raised."""
    if isinstance(error, DivergedError):
        return "diverged"
    text = str(error).lower()
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)
    ):
        return "out of memory"
    return "error"


def _message(error: BaseException) -> str:
    if isinstance(error, DivergedError):  # whose messages say it all
        return str(error)
    first, *_ = (str(error).strip() or "no message").splitlines()
    return f"{type(error).__name__}: {first}"[:_LONGEST_MESSAGE]
