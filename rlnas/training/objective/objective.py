"""Real training as an objective: every query builds a network and trains it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlnas.checkpoints import read_tensors
from rlnas.datasets.task_data import TaskData
from rlnas.devices import check_device, choose_device
from rlnas.errors import InvalidArgumentError, RunError, UnwritableError
from rlnas.networks import DenseNetwork, SearchedNetwork, SkeletonConfig, network_statistics
from rlnas.networks.config import suitable_config
from rlnas.processes import Executor, Failure, InProcess, Processes
from rlnas.spaces import Architecture, ScheduleSpace, SearchSpace, get_space
from rlnas.tasks import Evaluation, Metric
from rlnas.training.objective.records import FailureKind, RecordFolder, TrainingRecord
from rlnas.training.objective.worker import (
    WEIGHTS,
    ArchitectureTraining,
    TrainFunction,
    pack_data,
)
from rlnas.training.presets import recipe_for
from rlnas.training.recipe import Recipe
from rlnas.training.single import train_network

# What a worker would otherwise import again for every architecture: building on the meta device
# needs SymPy, the first optimiser PyTorch's compiler, together more than a second.
_IMPORTED_ONCE = (
    "rlnas.training.objective.worker",
    "rlnas.training.single",
    "sympy",
    "torch._dynamo",
    "tensorboard.compat.proto.event_pb2",
    "tensorboard.compat.proto.summary_pb2",
)


class TrainingObjective:
    """Scores an architecture by training its network and measuring it on the validation examples.

    Each architecture is trained in a process of its own. One that raises, runs out of memory, is
    killed, diverges or takes too long is a failed evaluation with the cause in its error, and all
    others go on. On a CUDA device the trainings in flight share it.

    Test metrics are measured too, but no evaluation carries them: they are in the records, which
    reports read.

    Args:
        space: The search space, or the name of a registered one.
        data: The data of the task.
        recipe: How networks are trained, or the name of a preset, see `recipe_for`.
        config: The skeleton; None: `suitable_config` of the space and the size of the images.
        seed: Of first weights and the order of examples; the same for every architecture.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        folder: Keeps, for each architecture, its record, its trained weights and, while it is
            trained, a checkpoint: what is recorded there is not trained again, and an interrupted
            training goes on after its last epoch. None keeps records in memory only.
        workers: Trainings at once, 1 or more.
        timeout: Seconds after which a training is killed and has failed, or None.
        isolate: Whether each training has a process of its own. Without, there is one worker and
            no time-out, and a crash of the training is a crash of the search.
        retry_failed: Whether architectures that failed before are trained again.
        executor: Where trainings run; None for processes of this machine, or this process without
            ``isolate``. Other machines have to see ``folder`` under the same path.
        train: What trains a network: a function with the signature of `train_network`; with
            ``isolate`` one that can be imported in another process.

    Attributes:
        space: The search space.
        data: The data.
        metric: Meaning of the validation score.
        recipe: The recipe.
        config: The skeleton.

    Raises:
        InvalidArgumentError: If an argument is outside its range, the device is not there, or the
            skeleton fits neither the space nor the images.
        UnknownNameError: If no space or preset has the name.
        RunError: If ``folder`` holds records that were made with other settings.
    """

    def __init__(
        self,
        space: SearchSpace | str,
        data: TaskData,
        recipe: Recipe | str = "short",
        *,
        config: SkeletonConfig | None = None,
        seed: int = 0,
        device: str = "auto",
        folder: str | Path | None = None,
        workers: int = 1,
        timeout: float | None = None,
        isolate: bool = True,
        retry_failed: bool = False,
        executor: Executor | None = None,
        train: TrainFunction = train_network,
    ) -> None:
        if workers != int(workers) or workers < 1:
            raise InvalidArgumentError(f"workers is {workers}; expected an integer of 1 or more.")
        if timeout is not None and not timeout > 0:
            raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
        if executor is None:
            executor = Processes() if isolate else InProcess()
        isolate = executor.apart
        if not isolate and (workers > 1 or timeout is not None):
            raise InvalidArgumentError(
                "Several workers and a timeout need a process for each training; leave isolate on, "
                "or take another executor than this process."
            )
        self.space = get_space(space) if isinstance(space, str) else space
        self.data = data
        self.metric: Metric = data.spec.metric
        self.recipe = recipe_for(recipe, data.spec.name) if isinstance(recipe, str) else recipe
        self.config = suitable_config(self.space, data.spec) if config is None else config
        if executor.here:
            choose_device(device)
        elif device != "auto":
            check_device(device, here=False)
        # What does not fit is said now, not by every single architecture.
        network_statistics(self.space, self.space.from_example(), data.spec, self.config)
        self._records: dict[str, TrainingRecord] = {}
        if folder is not None and not executor.here:
            folder = Path(folder).absolute()  # workers may be anywhere
        self._folder = None if folder is None else RecordFolder(folder, self._settings(seed))
        self._workers = int(workers)
        self._timeout = timeout
        self._retry = retry_failed
        self._tried: set[str] = set()
        self._work = ArchitectureTraining(
            space=self.space,
            config=self.config,
            recipe=self.recipe,
            seed=seed,
            device=device,
            data=pack_data(data) if isolate else data,
            folder=self._folder,
            train=train,
        )
        self._calls = executor.calls(self._work, modules=_IMPORTED_ONCE)

    def _settings(self, seed: int) -> Mapping[str, Any]:
        data = self.data
        return {
            "space": self.space.name,
            **network_of(self.space),
            "dataset": data.dataset,
            "task": data.spec.name,
            "data": data.fingerprint,
            **metric_of(data),
            "recipe": self.recipe.to_dict(),
            "config": asdict(self.config),
            "seed": seed,
        }

    @property
    def in_flight(self) -> int:
        """Number of workers."""
        return self._workers

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Train one architecture ``(num_positions,)``, or answer from its record."""
        (evaluation,) = self.evaluate_many([architecture])
        return evaluation

    def evaluate_many(self, architectures: Sequence[Architecture]) -> Iterator[Evaluation]:
        """Train architectures, as many at once as there are workers; yield in their order."""
        for record in self.train_many([self.space.format(a) for a in architectures]):
            yield Evaluation(record.score, record.seconds, record.error)

    def train_many(self, architectures: Sequence[str]) -> Iterator[TrainingRecord]:
        """Train architectures, given as official strings, and yield their records in order.

        For reports: records carry test metrics.
        """
        known = {name: self._reusable(name) for name in architectures}
        missing = [name for name, record in known.items() if record is None]
        waiting = iter(architectures)
        following = next(waiting, None)
        with closing(self._train(missing)) as trained:
            while following is not None:
                while (record := known[following]) is None:
                    fresh = next(trained)
                    known[fresh.architecture] = fresh
                yield record
                following = next(waiting, None)

    def _reusable(self, architecture: str) -> TrainingRecord | None:
        record = self.record(architecture)
        if record is None or record.failure is None:
            return record
        return None if self._retry and architecture not in self._tried else record

    def _train(self, architectures: Sequence[str]) -> Generator[TrainingRecord, None, None]:
        """Yield records as trainings end."""
        for name in architectures:
            self._tried.add(name)
            if self._folder is not None and self._folder.read(name) is not None:
                self._folder.forget(name)  # a failure: begin anew, not at what led to it
        outcomes = self._calls.calls(architectures, workers=self._workers, timeout=self._timeout)
        with closing(outcomes):
            for number, outcome in outcomes:
                if isinstance(outcome, Failure):
                    yield self._remember(self._lost(architectures[number], outcome))
                else:
                    yield self._remember(outcome)

    def _lost(self, architecture: str, failure: Failure) -> TrainingRecord:
        """Return and keep the record of a training whose process could not write it.

        Raises:
            UnwritableError: If the disk was full or read-only: that is no result.
        """
        if failure.kind == "error" and failure.message.startswith(UnwritableError.__name__):
            raise UnwritableError(failure.message.partition(": ")[2])
        kinds: dict[str, FailureKind] = {"died": "killed", "timeout": "timeout", "error": "error"}
        record = TrainingRecord.failed(
            architecture, kinds[failure.kind], failure.message, failure.seconds
        )
        if self._folder is not None:
            self._folder.write(record)
        return record

    def _remember(self, record: TrainingRecord) -> TrainingRecord:
        self._records[record.architecture] = record
        return record

    def record(self, architecture: str) -> TrainingRecord | None:
        """Return what became of an architecture, None if it was not trained. For reports."""
        if architecture not in self._records and self._folder is not None:
            record = self._folder.read(architecture)
            if record is not None:
                self._records[architecture] = record
        return self._records.get(architecture)

    def records(self) -> list[TrainingRecord]:
        """Return what became of every architecture trained so far. For reports."""
        if self._folder is not None:
            return list(self._folder)
        return list(self._records.values())

    def network(self, architecture: str) -> SearchedNetwork | DenseNetwork:
        """Return an architecture's network with its trained weights, on the CPU.

        Raises:
            RunError: If the objective keeps no folder, or none of the architecture's weights.
        CheckpointError: If they are damaged.
        """
        path = None if self._folder is None else self._folder.path(architecture) / WEIGHTS
        if path is None or not path.exists():
            raise RunError(
                f"There are no trained weights of {architecture}; expected them in "
                f"{path or 'the folder of the objective, which has none'}."
            )
        network = self._work.build(architecture, self.data)
        network.load_state_dict(read_tensors(path)[0])
        return network.eval()


def metric_of(data: TaskData) -> dict[str, str]:
    """Return the setting that says by what classes of a table are judged; none for the usual."""
    usual = not data.spec.features or data.spec.metric.name in ("valid_top1", "valid_loss")
    return {} if usual else {"metric": data.spec.metric.name}


def network_of(space: SearchSpace) -> dict[str, str]:
    """Return the setting that says which network a space of schedules trains; none of others."""
    return {"network": space.network} if isinstance(space, ScheduleSpace) else {}
