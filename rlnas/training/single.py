"""Train one network, with checkpoints, exact resume, early stopping and curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import torch
from torch import nn

from rlnas.checkpoints import TrainingState, damage_reported
from rlnas.datasets.task_data import TaskData
from rlnas.devices import choose_device, describe_device
from rlnas.errors import DivergedError, InvalidArgumentError
from rlnas.events import EventFile
from rlnas.networks.dense import DenseNetwork
from rlnas.networks.network import TaskNetwork
from rlnas.run_folder import only_writer
from rlnas.training.distillation import Distillation
from rlnas.training.folder import TrainingFolder, describe_training
from rlnas.training.loop import Loop
from rlnas.training.precision import arrange
from rlnas.training.recipe import Recipe
from rlnas.training.result import EpochRecord, TrainingResult
from rlnas.training.stopping import EarlyStopping


def train_network(
    network: nn.Module,
    data: TaskData,
    recipe: Recipe,
    *,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    resume: bool = False,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    train_metrics: bool = True,
    distillation: Distillation | None = None,
) -> TrainingResult:
    """Train a network on the data of a task.

    On one device the weights and measurements depend on the arguments alone, also where a training
    was interrupted and resumed; on CUDA as far as its kernels are deterministic. Afterwards the
    network has the trained weights, in evaluation mode, on the device where it was.

    Args:
        network: A `build_network`, or another module with the inputs and outputs of
            ``data.spec``; its weights are where the training begins.
        data: The data, see `rlnas.datasets.load_task_data`.
        recipe: How to train, see `recipe_for`.
        seed: Decides the order of the examples, their augmentation, and the first weights of a
            discriminator. The first weights of the network are `build_network`'s.
        device: ``auto`` (CUDA where there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.
        folder: Folder of the checkpoint after every epoch, the history, the final weights and
            TensorBoard's events; None to keep nothing. See docs/real-training.md.
        resume: Go on with the training in ``folder`` if there is one. A finished one returns its
            result, and the network gets its weights.
        on_epoch: Called with the record of each epoch, after its checkpoint. If it raises, the
            folder can be resumed, as after Ctrl-C or a killed process.
        train_metrics: Whether to measure the metric on the training batches too.
        distillation: What the network learns from a teacher beside the task, or None.

    Returns:
        The result: curves, scores, seconds.

    Raises:
        InvalidArgumentError: If network, data and recipe do not fit together, or there is no such
            device.
        DivergedError: If a loss or validation metric is not finite, at the end of its epoch. The
            network then has unusable weights.
        RunError: If the folder holds a training and ``resume`` is false, or another training.
        CheckpointError: If a file in the folder is damaged.

    Example:
        >>> from rlnas.datasets import load_task_data
        >>> from rlnas.networks import SkeletonConfig, build_network
        >>> data = load_task_data("digits", "class", train_size=256)
        >>> config = SkeletonConfig(width=8, stem_strides=(1, 2), modules="41", cells_per_module=1)
        >>> network = build_network("transnas-micro", "64-41414-3_33_132", data.spec, config)
        >>> recipe = Recipe(epochs=2, batch_size=32, learning_rate=0.05)
        >>> result = train_network(network, data, recipe, device="cpu")
        >>> len(result.history), result.score > 20
        (2, True)
    """
    if isinstance(network, TaskNetwork):
        _check_fit(network, data)
    where = choose_device(device)
    origin = next((p.device for p in network.parameters()), torch.device("cpu"))
    small = isinstance(network, DenseNetwork) and where.type == "cpu"
    with (
        nullcontext() if folder is None else only_writer(folder),
        _one_thread() if small else nullcontext(),
    ):
        run = None if folder is None else TrainingFolder(folder)
        begun = False
        if run is not None:
            described = describe_training(network, data, recipe, seed)
            if distillation is not None:
                described["distillation"] = distillation.describe()
            begun = run.begin(described, resume=resume)
            if begun and (result := run.finished(network, data)) is not None:
                network.eval()
                return result
        loop = Loop(
            network,
            [data],
            recipe,
            seed=seed,
            device=where,
            train_metrics=train_metrics,
            distillation=distillation,
        )
        stopping = EarlyStopping(recipe.patience, data.spec.metric.sign)
        history: list[EpochRecord] = []
        if run is not None and begun:
            state, history = run.load_state()
            with damage_reported(run.path):
                loop.restore(state)
                stopping.restore(state[0], history)
        elif run is not None:
            # The first weights too, so that a training killed in its first epoch resumes exactly.
            run.save_state(_state(loop, stopping), history)
        try:
            with ExitStack() as stack:
                events = None
                if run is not None:
                    events = stack.enter_context(EventFile(run.path, after=len(history)))
                while len(history) < recipe.epochs and not stopping.stops:
                    record = loop.epoch(len(history) + 1)[0]
                    _check_finite(record, recipe)
                    history.append(record)
                    stopping.update(record, network)
                    if events is not None and run is not None:
                        events.add(record.epoch, _scalars(record))
                        events.flush()
                        run.save_state(_state(loop, stopping), history)
                    if on_epoch is not None:
                        on_epoch(record)
            stopping.load_best(network)
        finally:
            arrange(network.to(origin).eval(), torch.contiguous_format)
            network.zero_grad()
        result = TrainingResult(
            spec=data.spec,
            history=tuple(history),
            best_epoch=stopping.best_epoch,
            device=describe_device(where),
        )
        if run is not None:
            run.finish(network, result)
    return result


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: of a small network others take longer to begin than to help.

    On a machine with other work they wait for each other besides, which has made trainings of a
    second take half a minute.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _check_fit(network: TaskNetwork, data: TaskData) -> None:
    """Refuse a network that was built for other inputs or outputs."""
    for field in ("kind", "outputs", "channels", "tiles", "image_size", "features"):
        own, wanted = getattr(network.spec, field), getattr(data.spec, field)
        if own != wanted:
            raise InvalidArgumentError(
                f"The network was built for {field} {own!r}, the data have {wanted!r}; build it "
                "with data.spec."
            )


def _state(loop: Loop, stopping: EarlyStopping) -> TrainingState:
    tensors, values = loop.state()
    return tensors | stopping.tensors(), values


def _check_finite(record: EpochRecord, recipe: Recipe) -> None:
    """Refuse to go on with an epoch that came to no number."""
    for part, name, value in (
        ("training", "loss", record.train["loss"]),
        ("validation", "metric", record.valid.get("metric", 0.0)),
        ("validation", "loss", record.valid.get("loss", 0.0)),  # an accuracy counts NaN as wrong
    ):
        if not math.isfinite(value):
            raise DivergedError(
                f"The {part} {name} is {value} in epoch {record.epoch} of {recipe.epochs}, at the "
                f"learning rate {record.learning_rate:g} ({recipe.optimizer}, highest "
                f"{recipe.learning_rate:g}, {recipe.precision}). Try a smaller learning_rate, a "
                "warmup or a gradient_clip; with float16, bfloat16 or float32."
            )


def _scalars(record: EpochRecord) -> dict[str, float]:
    """Return what TensorBoard shows of an epoch, by tag."""
    parts = {"train": record.train, "valid": record.valid, "test": record.test}
    values = {f"{part}/{name}": value for part, ms in parts.items() for name, value in ms.items()}
    return values | {"train/learning_rate": record.learning_rate}
