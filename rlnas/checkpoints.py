"""Checkpoints: a folder of JSON and safetensors. Nothing that is loaded can run code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from rlnas.atomic import atomic_directory, atomic_file, foreign, json_text, mend
from rlnas.damage import guarded, parse_json, read_json
from rlnas.errors import CheckpointError
from rlnas.seal import BLANK, check_seal, checksum, sealed_pieces

FORMAT = 1
CONFIG, WEIGHTS = "config.json", "weights.safetensors"
_STATE_TENSORS, _STATE_VALUES = "training_state.safetensors", "training_state.json"
_VALUES_KEY, _SEAL_KEY = "values", "checksum"
_LENGTH = 8
"""Bytes at the beginning of a safetensors file that say how long its header is, in JSON."""
_PIECE = 1 << 16
"""Bytes that are read at a time: more would take fresh memory each time."""
_NEVER_NEGATIVE = ("step", "exp_avg_sq")
_OWN = {CONFIG, WEIGHTS, _STATE_TENSORS, _STATE_VALUES}
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
        folder: Where; an existing checkpoint there is replaced, anything else is not.
        config: JSON-able description.
        network: Its parameters are the weights.
        training_state: Tensors and values to resume from, if wanted.

    Raises:
        CheckpointError: If the folder exists and holds something else than a checkpoint.
        UnwritableError: If it cannot be written; a checkpoint there is as it was.
    """
    folder = Path(folder)
    _check_own(folder)
    with atomic_directory(folder, _OWN) as partial:
        text = json_text({"format": FORMAT, **config}, indent=2, keep_nan=True)
        (partial / CONFIG).write_text(text, encoding="utf-8")
        write_tensors(partial / WEIGHTS, network.state_dict())
        if training_state is not None:
            tensors, values = training_state
            said = json_text(values, keep_nan=True).encode()
            (partial / _STATE_VALUES).write_bytes(said)
            # The two files are one state: the tensors know which values are theirs.
            write_tensors(partial / _STATE_TENSORS, tensors, {_STATE_VALUES: checksum(said)})
    return folder


def _check_own(folder: Path) -> None:
    """Refuse to replace what is not known to be a checkpoint."""
    if not folder.exists():
        return
    try:
        if others := foreign(folder, _OWN):
            raise CheckpointError(f"it holds {', '.join(others[:3])}")
        if any(folder.iterdir()):
            read_config(folder, "rlnas")
    except (CheckpointError, OSError) as error:
        raise CheckpointError(
            f"{folder} exists and is no checkpoint; choose another folder or remove it ({error})."
        ) from error


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors as a safetensors file with its checksum; not atomically.

    Args:
        path: The file.
        tensors: By name; on any device.
        metadata: Texts to keep with them.
    """
    # By Python and not by safetensors' own writer, whose errors name no cause and no path.
    content = save(stored(tensors), {**(metadata or {}), _SEAL_KEY: BLANK})
    with path.open("wb") as file:
        for piece in sealed_pieces(content, _LENGTH):
            file.write(piece)


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
        mend(folder)  # killed while one checkpoint took the place of another
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
    return read_tensors(Path(folder) / WEIGHTS)[0]


def has_training_state(folder: str | Path) -> bool:
    """Return whether a checkpoint was saved with what a training goes on from."""
    return (Path(folder) / _STATE_VALUES).exists()


def read_training_state(folder: str | Path) -> TrainingState:
    """Return the training state that `write_checkpoint` was given.

    Raises:
        CheckpointError: If the checkpoint was saved without it, or it is damaged.
    """
    tensors, metadata = read_tensors(Path(folder) / _STATE_TENSORS)
    path = Path(folder) / _STATE_VALUES
    values = read_json(path, "training state", CheckpointError)
    with guarded(path, "training state", CheckpointError):
        said = checksum(path.read_bytes())
        if metadata.get(_STATE_VALUES, said) != said:
            raise ValueError("it differs from its checksum")
    if not isinstance(values, dict):
        raise CheckpointError(f"{folder}: the training state is damaged: it is no JSON object.")
    return tensors, values


def write_state_file(path: Path, state: TrainingState) -> None:
    """Write tensors and values as one file, atomically: a reader never sees half a state."""
    tensors, values = state
    with atomic_file(path) as partial:
        write_tensors(partial, tensors, {_VALUES_KEY: json_text(values, keep_nan=True)})


def read_state_file(path: Path) -> TrainingState:
    """Return what `write_state_file` wrote.

    Raises:
        CheckpointError: If the file is missing or damaged.
    """
    tensors, metadata = read_tensors(path)
    with guarded(path, "training state", CheckpointError):
        values = parse_json(metadata[_VALUES_KEY].encode())
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


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file, and the texts in it.

    Raises:
        CheckpointError: If it is missing, damaged, or not what `write_tensors` wrote.
    """
    if not path.exists():
        raise CheckpointError(f"{path} is missing; the checkpoint is incomplete.")
    with guarded(path, "file of tensors", CheckpointError):
        if not path.is_file():
            raise CheckpointError(f"{path} is no plain file.")
        with path.open("rb") as file:
            length = file.read(_LENGTH)
            header = file.read(min(int.from_bytes(length, "little"), path.stat().st_size))
            metadata = dict(parse_json(header).get("__metadata__") or {})
            # By pieces, for memory is had faster than it is filled, and `load_file` maps the file.
            rest = iter(partial(file.read, _PIECE), b"")
            check_seal(length + header, _LENGTH, expected=_SEAL_KEY in metadata, rest=rest)
        return load_file(path), metadata
