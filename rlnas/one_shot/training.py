"""The training of a super-network, step by step: batches, what is kept, how it goes on."""

from __future__ import annotations

import abc
import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rlnas.checkpoints import (
    TrainingState,
    damage_reported,
    optimizer_tensors,
    read_state_file,
    restore_optimizer,
    write_state_file,
)
from rlnas.datasets.task_data import Split
from rlnas.devices import choose_device
from rlnas.errors import DivergedError, InvalidArgumentError
from rlnas.events import EventFile
from rlnas.networks.super_network.network import SuperNetwork, build_super_network, super_config
from rlnas.parquet import write_frame
from rlnas.run_folder import keep_settings, only_writer
from rlnas.seeding import torch_generator
from rlnas.spaces import SearchSpace
from rlnas.training.distillation import Distiller
from rlnas.training.losses import task_loss
from rlnas.training.objective.examples import SearchExamples
from rlnas.training.precision import autocast
from rlnas.training.recipe import Precision

SETTINGS, STATE, TRACE, EVENTS = (
    "one-shot.json",
    "state.safetensors",
    "trace.parquet",
    "tensorboard",
)


class StepBatches:
    """Training batches by the number of a step, so that any step can be the first.

    Args:
        split: The examples.
        rows: ``(n,)`` which of them to take.
        size: Examples in a batch; of fewer than that all.
        seed: Decides order and augmentation, which no other step changes.
        name: Tells batches with the same seed apart.
    """

    def __init__(self, split: Split, rows: Tensor, size: int, seed: int, name: str) -> None:
        self._split = split
        self._rows = rows
        self._size = min(size, len(rows))
        self._path = (seed, "one-shot", name)
        self._each = len(rows) // self._size
        self._order: tuple[int, Tensor] = (-1, rows)

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of a step, from 0."""
        turn, place = divmod(step, self._each)
        seed, *path = self._path
        if self._order[0] != turn:
            order = torch_generator(seed, *path, "order", turn)
            self._order = turn, torch.randperm(len(self._rows), generator=order)
        begin = place * self._size
        chosen = self._rows[self._order[1][begin : begin + self._size]]
        return self._split.batch(chosen, torch_generator(seed, *path, "batch", step))


class OneShotTraining(abc.ABC):
    """A super-network in training.

    A step depends on the state, the seed and its number alone: no generator lives from one step to
    the next.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights, the order of examples and all draws.
        precision: Arithmetic of the forward passes.
        present: ``(edges, operations)``, which operations are built; None for all.

    Attributes:
        space: The cell space.
        network: The super-network.
        alpha: ``(edges, operations)`` parameters of the architecture.
        device: Where it is trained.
        taken: Steps that were taken.

    Raises:
        InvalidArgumentError: If the space is no cell space, or there is nothing to tell apart.
    """

    def __init__(
        self,
        space: SearchSpace,
        examples: SearchExamples,
        seed: int,
        *,
        precision: Precision = "auto",
        present: NDArray[np.bool_] | None = None,
    ) -> None:
        spec = examples.spec
        if spec.kind in ("class", "pixels") and spec.outputs < 2:
            raise InvalidArgumentError(
                f"{examples.dataset} has a single class; there is nothing to tell apart. Give data "
                "of two classes or more."
            )
        self.examples = examples
        self.seed = seed
        self.taken = 0
        self.device = choose_device(examples.device)
        config = super_config(examples.config)
        network = build_super_network(space, spec, config, present=present, seed=seed)
        self.network: SuperNetwork = network.to(self.device)
        self.space = network.space
        self.alpha = nn.Parameter(torch.zeros(self.network.present.shape, device=self.device))
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        self._train = examples.train.to(self.device)
        self._precision = precision
        self._distiller: Distiller | None = None

    def teach(self, learning_rate: float) -> AbstractContextManager[object]:
        """Let the network learn from the examples' teacher too, while the result is entered.

        Call it when `optimizers` are made and before `restore`: the projections get one.

        Args:
            learning_rate: Of the projections, by Adam.

        Raises:
            InvalidArgumentError: If the teacher does not fit.
        """
        options = self.examples.distillation
        if options is None:
            return nullcontext()
        inputs, _ = self._train.batch(torch.arange(2))
        spec = self.examples.spec
        self._distiller = Distiller(options, self.network, spec, inputs, seed=self.seed)
        if options.features:
            projections = self._distiller.parameters()
            self.optimizers["projections"] = torch.optim.Adam(projections, lr=learning_rate)
        return self._distiller

    def batches(self, name: str, size: int, part: tuple[float, float] = (0.0, 1.0)) -> StepBatches:
        """Return batches of a part of the examples.

        Args:
            name: Tells them from others.
            size: Examples in a batch.
            part: From which share of the shuffled examples to which.

        Raises:
            InvalidArgumentError: If there are too few examples.
        """
        rows = self.rows(part)
        return StepBatches(self._train, rows, size, self.seed, name)

    def rows(self, part: tuple[float, float]) -> Tensor:
        """Return the numbers of a part of the shuffled examples ``(n,)``.

        Raises:
            InvalidArgumentError: If there are fewer than two.
        """
        count = len(self._train)
        order = torch.randperm(count, generator=torch_generator(self.seed, "one-shot", "part"))
        rows = order[round(part[0] * count) : round(part[1] * count)]
        if len(rows) < 2:
            raise InvalidArgumentError(
                f"{self.examples.dataset} has {count} training examples; expected four or more."
            )
        return rows

    def held(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of training examples ``(n,)``, without augmentation.

        Args:
            rows: Their numbers, see `rows`.
        """
        return self._train.batch(rows)

    def generator(self, name: str, step: int) -> torch.Generator:
        """Return a generator that is of one step alone."""
        return torch_generator(self.seed, "one-shot", name, step)

    def loss(self, inputs: Tensor, targets: Tensor, mix: Any) -> Tensor:
        """Return the task's loss of a batch, and what a teacher adds to it, a scalar."""
        with autocast(self._precision, self.device):
            outputs = self.network(inputs, mix)
            loss = task_loss(self.examples.spec.kind, outputs, targets)
            if self._distiller is None:
                return loss
            return loss + self._distiller.loss(inputs, outputs, targets)

    @abc.abstractmethod
    def step(self, number: int) -> dict[str, float]:
        """Train for a step, from 0, and return what happened; always the same names."""

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do before the last step."""
        return False

    def state(self) -> TrainingState:
        """Return tensors and JSON-able values from which `restore` goes on exactly."""
        tensors = {f"network.{n}": value for n, value in self.network.state_dict().items()}
        tensors["alpha"] = self.alpha.detach()
        if self._distiller is not None:
            own = self._distiller.state_dict()
            tensors |= {f"distiller.{name}": value for name, value in own.items()}
        for name, optimizer in self.optimizers.items():
            tensors |= optimizer_tensors(optimizer, name)
        return tensors, {"present": self.network.present.tolist()}

    def restore(self, state: TrainingState) -> None:
        """Go on where `state` was taken, with the same arguments.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: If the state does not fit.
        """
        tensors, values = state
        present = np.array(values["present"], dtype=np.bool_)
        self.delete(self.network.present & ~present)
        if (self.network.present != present).any():
            raise ValueError("its operations do not fit each other")
        start = "network."
        self.network.load_state_dict(
            {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
        )
        if self._distiller is not None:
            own = "distiller."
            self._distiller.load_state_dict(
                {n.removeprefix(own): t for n, t in tensors.items() if n.startswith(own)}
            )
        with torch.no_grad():
            self.alpha.copy_(tensors["alpha"])
        for name, optimizer in self.optimizers.items():
            restore_optimizer(optimizer, tensors, name)

    def delete(self, mask: NDArray[np.bool_]) -> int:
        """Delete operations for good, and what optimisers know of them; see `SuperNetwork`."""
        if not mask.any():
            return 0
        gone = self.network.delete(mask)
        taught = () if self._distiller is None else self._distiller.parameters()
        kept = {id(p) for p in (*self.network.parameters(), self.alpha, *taught)}
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    if id(parameter) not in kept:
                        optimizer.state.pop(parameter, None)
                group["params"] = [p for p in group["params"] if id(p) in kept]
        return gone


class Trace:
    """What happened in each step, by name."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._rows: list[list[float]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Mapping[str, float]) -> None:
        """Add a step."""
        self.names = self.names or list(row)
        self._rows.append([float(row[name]) for name in self.names])

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Return ``(steps,)`` values by name, the number of the step first."""
        table = np.array(self._rows, dtype=np.float64).reshape(len(self), len(self.names))
        columns = {"step": np.arange(1.0, len(self) + 1)}
        return columns | {name: table[:, c] for c, name in enumerate(self.names)}

    def tensor(self) -> Tensor:
        """Return the steps as ``(steps, names)``."""
        return torch.tensor(self._rows, dtype=torch.float64).reshape(len(self), len(self.names))

    def restore(self, names: list[str], table: Tensor) -> None:
        """Take the steps that `tensor` returned."""
        self.names, self._rows = [str(name) for name in names], table.tolist()


def train_one_shot(
    training: OneShotTraining, steps: int, settings: Mapping[str, Any], *, save_every: int
) -> tuple[Trace, float]:
    """Train a super-network to the end, and return what happened and the seconds it took.

    With a folder it is kept in there: a state to go on from, every quantity of every step for
    TensorBoard, and as ``trace.parquet``. An interrupted training goes on after the last state and
    comes to the same, bit for bit on a CPU. More steps continue a finished one where nothing in it
    depends on their number.

    Args:
        training: The training, not begun.
        steps: Most steps.
        settings: What a folder's training must share.
        save_every: Steps between two states.

    Raises:
        DivergedError: If the loss is not finite.
        RunError: If the folder holds a training with other settings.
        CheckpointError: If its state is damaged.
    """
    folder = training.examples.folder
    trace, seconds = Trace(), 0.0
    with ExitStack() as stack:
        events: EventFile | None = None
        if folder is not None:
            stack.enter_context(only_writer(folder, SETTINGS))
            keep_settings(folder / SETTINGS, settings)
            if (folder / STATE).exists():
                seconds = _restore(training, trace, folder)
            events = stack.enter_context(EventFile(folder / EVENTS, after=len(trace)))
        start = time.perf_counter()
        while len(trace) < steps and not training.done:
            row = training.step(len(trace))
            if not math.isfinite(row["loss"]):
                raise DivergedError(
                    f"The super-network's loss is {row['loss']} in step {len(trace) + 1}; try a "
                    "smaller learning_rate."
                )
            trace.add(row)
            training.taken = len(trace)
            if events is not None:
                events.add(len(trace), {f"one-shot/{name}": v for name, v in row.items()})
            if folder is not None and len(trace) % save_every == 0:
                _save(training, trace, seconds + time.perf_counter() - start, folder)
                if events is not None:
                    events.flush()
        seconds += time.perf_counter() - start
        if folder is not None:
            _save(training, trace, seconds, folder)
            import pandas as pd

            write_frame(folder / TRACE, pd.DataFrame(trace.columns()))
    return trace, seconds


def _save(training: OneShotTraining, trace: Trace, seconds: float, folder: Path) -> None:
    tensors, values = training.state()
    values = {**values, "names": trace.names, "seconds": seconds}
    write_state_file(folder / STATE, (tensors | {"trace": trace.tensor()}, values))


def _restore(training: OneShotTraining, trace: Trace, folder: Path) -> float:
    tensors, values = read_state_file(folder / STATE)
    with damage_reported(folder):
        trace.restore(values["names"], tensors["trace"])
        training.restore((tensors, values))
        training.taken = len(trace)
        return float(values["seconds"])
