"""What the checkpoint of a controller says of its kind and of its search space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlnas import checkpoints
from rlnas.errors import CheckpointError, UnknownNameError
from rlnas.spaces import SearchSpace, get_space


def read_config(folder: str | Path) -> dict[str, Any]:
    """Return the description of a controller's checkpoint.

    Raises:
        CheckpointError: If it is missing, damaged or of another format.
    """
    return checkpoints.read_config(folder, "PPOController.save or `rlnas train --out`")


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
