"""Checkpoints: a folder of JSON and safetensors. Nothing that is loaded can run code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rlnas.atomic import atomic_directory, atomic_file, json_text
from rlnas.damage import guarded, parse_json, read_json
from rlnas.errors import CheckpointError

FORMAT = 1
CONFIG, WEIGHTS = "config.json", "weights.safetensors"
_STATE_TENSORS, _STATE_VALUES = "training_state.safetensors", "training_state.json"
_VALUES_KEY = "values"
_NEVER_NEGATIVE = ("step", "exp_avg_sq")
TrainingState = tuple[dict[str, Tensor], dict[str, Any]]
"""Tensors and JSON-able values from which a training goes on."""


def write_checkpoint(
    folder: str | Path,
    config: Mapping[str, Any],
    network: nn.Module,
    training_state: TrainingState | None = None,
) -> Path:
    """Write a checkpoint folder atomically and return its path.

    Args:
        folder: Where; an existing checkpoint there is replaced.
        config: JSON-able description.
        network: Its parameters are the weights.
        training_state: Tensors and values to resume from, if wanted.

    Raises:
        CheckpointError: If the folder exists and holds something else than a checkpoint.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / CONFIG).exists() and any(folder.iterdir()):
        raise CheckpointError(
            f"{folder} exists and is no checkpoint; choose another folder or remove it."
        )
    with atomic_directory(folder) as partial:
        text = json_text({"format": FORMAT, **config}, indent=2, keep_nan=True)
        (partial / CONFIG).write_text(text, encoding="utf-8")
        save_file(stored(network.state_dict()), partial / WEIGHTS)
        if training_state is not None:
            tensors, values = training_state
            save_file(stored(tensors), partial / _STATE_TENSORS)
            text = json_text(values, keep_nan=True)
            (partial / _STATE_VALUES).write_text(text, encoding="utf-8")
    return folder


def read_config(folder: str | Path, made_by: str) -> dict[str, Any]:
    """Return the description of a checkpoint.

    Args:
        folder: The checkpoint.
        made_by: What writes such folders, for the message if it is none.

    Raises:
        CheckpointError: If it is missing, damaged or of another format.
    """
    path = Path(folder) / CONFIG
    if not path.exists():
        raise CheckpointError(
            f"{folder} holds no checkpoint ({CONFIG} is missing); expected a folder that "
            f"{made_by} wrote."
        )
    config: dict[str, Any] = read_json(path, "description of a checkpoint", CheckpointError)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no rlnas checkpoint of format {FORMAT}.")
    return config


def read_weights(folder: str | Path) -> dict[str, Tensor]:
    """Return the weights of a checkpoint.

    Raises:
        CheckpointError: If they are missing or damaged.
    """
    return _read_tensors(Path(folder) / WEIGHTS)


def has_training_state(folder: str | Path) -> bool:
    """Return whether a checkpoint was saved with what a training goes on from."""
    return (Path(folder) / _STATE_VALUES).exists()


def read_training_state(folder: str | Path) -> TrainingState:
    """Return the training state that `write_checkpoint` was given.

    Raises:
        CheckpointError: If the checkpoint was saved without it, or it is damaged.
    """
    tensors = _read_tensors(Path(folder) / _STATE_TENSORS)
    values = read_json(Path(folder) / _STATE_VALUES, "training state", CheckpointError)
    if not isinstance(values, dict):
        raise CheckpointError(f"{folder}: the training state is damaged: it is no JSON object.")
    return tensors, values


def write_state_file(path: Path, state: TrainingState) -> None:
    """Write tensors and values as one file, atomically: a reader never sees half a state."""
    tensors, values = state
    with atomic_file(path) as partial:
        save_file(
            stored(tensors), partial, metadata={_VALUES_KEY: json_text(values, keep_nan=True)}
        )


def read_state_file(path: Path) -> TrainingState:
    """Return what `write_state_file` wrote.

    Raises:
        CheckpointError: If the file is missing or damaged.
    """
    tensors = _read_tensors(path)
    with guarded(path, "training state", CheckpointError), safe_open(path, "pt") as file:
        values = parse_json((file.metadata() or {})[_VALUES_KEY].encode())
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} is damaged: its values are no JSON object.")
    return tensors, values


def stored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors as a file takes them: on the CPU, contiguous, without gradients."""
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def optimizer_tensors(optimizer: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """Return copies of an optimiser's moments, named ``<prefix>.<parameter number>.<moment>``."""
    return {
        f"{prefix}.{number}.{name}": value.detach().cpu().clone()
        for number, slots in optimizer.state_dict()["state"].items()
        for name, value in slots.items()
        if value is not None  # the momentum buffer of an SGD without momentum
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], prefix: str
) -> None:
    """Give an optimiser the moments that `optimizer_tensors` returned.

    Args:
        optimizer: Over the same parameters, in the same order.
        tensors: May hold others too.
        prefix: As it was given to `optimizer_tensors`.

    Raises:
        ValueError: If a moment is missing, or has another shape than its parameter or values that
            none has, which PyTorch would only
            notice in the middle of an update.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if not name.startswith(f"{prefix}."):
            continue
        number, slot = name.removeprefix(f"{prefix}.").split(".")
        own = parameters[int(number)] if int(number) < len(parameters) else None
        expected = () if slot == "step" else None if own is None else tuple(own.shape)
        if expected != tuple(tensor.shape):
            raise ValueError(f"{name} has the shape {tuple(tensor.shape)}, not {expected}")
        if not tensor.isfinite().all() or (slot in _NEVER_NEGATIVE and (tensor < 0).any()):
            raise ValueError(f"{name} holds what no optimizer has")
        # Fused updates walk through memory: a moment has to lie as its parameter does.
        lying = tensor if slot == "step" or own is None else torch.empty_like(own).copy_(tensor)
        slots.setdefault(int(number), {})[slot] = lying
    if len({frozenset(own) for own in slots.values()}) > 1:
        raise ValueError(f"{prefix} has other moments of one parameter than of another")
    tree = optimizer.state_dict()
    tree["state"] = slots
    optimizer.load_state_dict(tree)


@contextlib.contextmanager
def damage_reported(folder: str | Path) -> Iterator[None]:
    """Raise CheckpointError where what was read does not make what was saved."""
    with guarded(folder, "checkpoint", CheckpointError):
        yield


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.exists():
        raise CheckpointError(f"{path} is missing; the checkpoint is incomplete.")
    with guarded(path, "file of tensors", CheckpointError):
        return dict(load_file(path))
