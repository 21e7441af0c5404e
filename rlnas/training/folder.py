"""The folder of one training: what it is, how far it is, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from rlnas.atomic import atomic_file, mend, write_json, writing
from rlnas.checkpoints import (
    CONFIG,
    FORMAT,
    WEIGHTS,
    TrainingState,
    damage_reported,
    read_config,
    read_state_file,
    read_weights,
    write_state_file,
    write_tensors,
)
from rlnas.damage import guarded
from rlnas.datasets.task_data import TaskData
from rlnas.errors import CheckpointError, RunError
from rlnas.networks.network import TaskNetwork
from rlnas.run_folder import check_settings, refuse_begun, refuse_file, versions
from rlnas.sealed_json import read_sealed_json, write_sealed_json
from rlnas.training.recipe import Recipe
from rlnas.training.result import EpochRecord, TrainingResult

HISTORY = "history.json"
STATE = "training_state.safetensors"
_KIND = "training"
_COMPARED = ("recipe", "network", "data", "seed", "distillation")


def describe_training(
    network: nn.Module, data: TaskData, recipe: Recipe, seed: int
) -> dict[str, Any]:
    """Return what a training is, JSON-able: all that its result depends on, and the versions."""
    return {
        "kind": _KIND,
        "recipe": recipe.to_dict(),
        "network": _describe_network(network),
        "dataset": data.dataset,  # for a reader; a folder may move, the fingerprint counts
        "data": {"task": data.spec.name, "fingerprint": data.fingerprint},
        "seed": seed,
        "versions": versions(),
    }


def _describe_network(network: nn.Module) -> dict[str, Any]:
    if isinstance(network, TaskNetwork):
        return {
            "space": network.space.name,
            "architecture": network.architecture,
            "config": asdict(network.config),
        }
    shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
    return {"module": type(network).__qualname__, "tensors": shapes}


class TrainingFolder:
    """Reads and writes a training's folder. Every file is replaced whole or not at all.

    ``config.json`` says what is trained, ``history.json`` has a row for each epoch,
    ``weights.safetensors`` the network's weights at the end. While it is trained,
    ``training_state.safetensors`` holds all that going on needs, in one file, so that whenever the
    process is killed there is one consistent state.

    Args:
        path: The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def begin(self, description: Mapping[str, Any], *, resume: bool) -> bool:
        """Make the folder, or find the training to go on with; return whether there was one.

        Raises:
            RunError: If there is something and ``resume`` is false, or another training.
            CheckpointError: If it is damaged.
        """
        refuse_file(self.path)
        if (self.path / CONFIG).exists():
            if not resume:
                refuse_begun(self.path, "a training")
            self._compare(description)
            self._mend()
            if self._tree().get("finished") is True:
                self._forget_state()  # killed before that
                return True
            return (self.path / STATE).exists()
        if present := [n for n in (WEIGHTS, HISTORY, STATE) if (self.path / n).exists()]:
            raise RunError(
                f"{self.path} has {', '.join(present)} of something else, without {CONFIG}; "
                "choose another folder."
            )
        content = {"format": FORMAT, **description}
        write_json(self.path / CONFIG, content, indent=2, keep_nan=True)
        self._mend()
        return False

    def _mend(self) -> None:
        """Remove what a killed process left of this folder's files."""
        for name in (CONFIG, HISTORY, WEIGHTS, STATE):
            mend(self.path / name)

    def _compare(self, description: Mapping[str, Any]) -> None:
        tree = read_config(self.path, "train_network")
        if tree.get("kind") != _KIND:
            raise RunError(f"{self.path} holds something else than a training; choose another.")
        old, new = ({part: t.get(part) for part in _COMPARED} for t in (tree, description))
        check_settings(self.path, old, new)

    def save_state(self, state: TrainingState, history: Sequence[EpochRecord]) -> None:
        """Keep a state, and the epochs that led to it."""
        tensors, values = state
        rows = [record.row() for record in history]
        write_state_file(self.path / STATE, (tensors, {**values, "epochs": rows}))
        self._write_history({"finished": False, "epochs": rows})

    def load_state(self) -> tuple[TrainingState, list[EpochRecord]]:
        """Return what `save_state` was given.

        Raises:
            CheckpointError: If it is missing or damaged.
        """
        tensors, values = read_state_file(self.path / STATE)
        return (tensors, values), _records(self.path / STATE, values)

    def finish(self, network: nn.Module, result: TrainingResult) -> None:
        """Keep the result and the final weights; the state is needed no more."""
        with atomic_file(self.path / WEIGHTS) as partial:
            write_tensors(partial, network.state_dict())
        self._write_history(
            {
                "finished": True,
                "best_epoch": result.best_epoch,
                "device": result.device,
                "epochs": result.rows(),
            }
        )
        self._forget_state()

    def _forget_state(self) -> None:
        with writing(self.path / STATE):
            (self.path / STATE).unlink(missing_ok=True)

    def finished(self, network: nn.Module, data: TaskData) -> TrainingResult | None:
        """Return the result of a finished training and load its weights; None if it is not.

        Raises:
            CheckpointError: If a file is missing or damaged.
        """
        tree = self._tree()
        if tree.get("finished") is not True:
            return None
        with damage_reported(self.path):
            network.load_state_dict(read_weights(self.path))
            history = tuple(_records(self.path / HISTORY, tree))
            best_epoch = int(tree["best_epoch"])
            if not 1 <= best_epoch <= len(history):
                raise ValueError(f"it has {len(history)} epochs, the best is number {best_epoch}")
            return TrainingResult(
                spec=data.spec, history=history, best_epoch=best_epoch, device=str(tree["device"])
            )

    def _tree(self) -> dict[str, Any]:
        path = self.path / HISTORY
        if not path.exists():
            return {}
        return read_sealed_json(path, "history of a training", CheckpointError)

    def _write_history(self, tree: Mapping[str, Any]) -> None:
        write_sealed_json(self.path / HISTORY, tree, indent=1, keep_nan=True)


def _records(path: Path, tree: Mapping[str, Any]) -> list[EpochRecord]:
    """Return the epochs of a history."""
    with guarded(path, "history of a training", CheckpointError):
        records = [EpochRecord.from_row(row) for row in tree["epochs"]]
        if [record.epoch for record in records] != list(range(1, len(records) + 1)):
            raise ValueError("its epochs are not 1, 2, 3 …")
        return records
