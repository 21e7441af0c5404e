"""Checkpoints: a folder of JSON and safetensors. Nothing that is loaded can run code."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rlnas.atomic import atomic_directory
from rlnas.errors import CheckpointError, UnknownNameError
from rlnas.spaces import SearchSpace, get_space

FORMAT = 1
_CONFIG, _WEIGHTS = "config.json", "weights.safetensors"
_STATE_TENSORS, _STATE_VALUES = "training_state.safetensors", "training_state.json"


def write_checkpoint(
    folder: str | Path,
    config: Mapping[str, Any],
    network: nn.Module,
    training_state: tuple[dict[str, Tensor], dict[str, Any]] | None = None,
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
    if folder.exists() and not (folder / _CONFIG).exists() and any(folder.iterdir()):
        raise CheckpointError(
            f"{folder} exists and is no checkpoint; choose another folder or remove it."
        )
    with atomic_directory(folder) as partial:
        text = json.dumps({"format": FORMAT, **config}, indent=2)
        (partial / _CONFIG).write_text(text, encoding="utf-8")
        weights = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
        save_file(weights, partial / _WEIGHTS)
        if training_state is not None:
            tensors, values = training_state
            save_file({k: v.contiguous() for k, v in tensors.items()}, partial / _STATE_TENSORS)
            (partial / _STATE_VALUES).write_text(json.dumps(values), encoding="utf-8")
    return folder


def read_config(folder: str | Path) -> dict[str, Any]:
    """Return the description of a checkpoint.

    Raises:
        CheckpointError: If it is missing, damaged or of another format.
    """
    path = Path(folder) / _CONFIG
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} holds no checkpoint ({_CONFIG} is missing); expected a folder that "
            "PPOController.save or `rlnas train --out` wrote."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no rlnas checkpoint of format {FORMAT}.")
    return config


def read_weights(folder: str | Path) -> dict[str, Tensor]:
    """Return the weights of a checkpoint.

    Raises:
        CheckpointError: If they are missing or damaged.
    """
    return _read_tensors(Path(folder) / _WEIGHTS)


def read_training_state(folder: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return what `PPOTrainer.restore` takes.

    Raises:
        CheckpointError: If the checkpoint was saved without it, or it is damaged.
    """
    tensors = _read_tensors(Path(folder) / _STATE_TENSORS)
    try:
        values = json.loads((Path(folder) / _STATE_VALUES).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{folder}: the training state is damaged: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{folder}: the training state is damaged: it is no JSON object.")
    return tensors, values


def describe_space(space: SearchSpace) -> dict[str, Any]:
    """Return what a checkpoint says of its search space, JSON-able."""
    return {"name": space.name, "operations": list(space.operations)}


def space_of(folder: str | Path, tree: Mapping[str, Any], given: SearchSpace | None) -> SearchSpace:
    """Return the search space of a checkpoint.

    Args:
        folder: The checkpoint.
        tree: Its description.
        given: The space if it is not a registered one.

    Raises:
        CheckpointError: If the space is unknown or has other operations than it had.
    """
    try:
        space = get_space(tree["space"]["name"]) if given is None else given
    except UnknownNameError as error:
        raise CheckpointError(
            f"{folder} is for the search space {error.name!r}, which is not registered; give it "
            "with space=…"
        ) from error
    if list(space.operations) != tree["space"]["operations"]:
        raise CheckpointError(
            f"{folder} was trained with the operations {tree['space']['operations']}; "
            f"{space.name} has {list(space.operations)}."
        )
    return space


def check_kind(folder: str | Path, tree: Mapping[str, Any], expected: str | None) -> None:
    """Raise CheckpointError if a checkpoint is of another kind of controller.

    Args:
        folder: The checkpoint.
        tree: Its description.
        expected: ``shared``, or None for a plain controller, which does not name its kind.
    """
    classes = {None: "PPOController", "shared": "SharedController"}
    if (kind := tree.get("kind")) != expected:
        found = classes.get(kind, f"the unknown kind {kind!r}")
        raise CheckpointError(
            f"{folder} holds a {found}, not a {classes[expected]}; load it with the class that "
            "saved it."
        )


@contextlib.contextmanager
def damage_reported(folder: str | Path) -> Iterator[None]:
    """Raise CheckpointError where what was read does not make a controller."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"{folder}: the checkpoint is damaged: {error}") from error


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(path))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; the checkpoint is incomplete.") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
