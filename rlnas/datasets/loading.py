"""The data of a task, from a built-in data set or a user's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.datasets.options import DataOptions
from rlnas.datasets.spec import TRANSNAS_TASKS
from rlnas.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from rlnas.datasets.task_data import TaskData

FOLDER_TASKS = ("class", "jigsaw", "autoencoder")
"""The tasks of images whose only labels are the names of their folders."""
_BUILT_IN = ("rooms", "digits")
_TASKS = {
    "rooms": TRANSNAS_TASKS,
    "digits": FOLDER_TASKS,
    "taskonomy": TRANSNAS_TASKS,
    "images": FOLDER_TASKS,
}


def dataset_names() -> tuple[str, ...]:
    """Return the names of the built-in data sets."""
    return _BUILT_IN


def task_names(dataset: str | Path) -> tuple[str, ...]:
    """Return the tasks of a built-in data set or of a folder.

    Args:
        dataset: A name of `dataset_names`, or a folder.

    Raises:
        UnknownNameError: If it is neither.
        DataError: If a path was given and there is no folder.
    """
    return _TASKS[_source(dataset)]


def load_task_data(
    dataset: str | Path | DataOptions, task: str | None = None, **options: Any
) -> TaskData:
    """Return the data of a task: training, validation and test split, and what they ask for.

    Args:
        dataset: ``rooms``, ``digits``, or a folder of images; or `DataOptions`, which say all.
        task: A name of `task_names`.
        options: The other fields of `DataOptions`: image_size, seed, train_size, flip …

    Raises:
        UnknownNameError: If there is no such data set, folder or task.
        InvalidArgumentError: If an option is outside its range, or does not suit the task.
        DataError: If the folder's files are not what they should be.

    Example:
        >>> data = load_task_data("digits", "class", image_size=8)
        >>> len(data.train), data.spec.outputs
        (1259, 10)
    """
    asked = DataOptions.of(dataset, task, **options)
    source = _source(asked.dataset)
    if asked.task not in _TASKS[source]:
        raise UnknownNameError(f"task of {asked.dataset}", asked.task, _TASKS[source])
    return _loader(source)(asked)


def _source(dataset: str | Path) -> str:
    """Return where the data come from: a built-in data set, or the layout of a folder."""
    if dataset in _BUILT_IN:
        return str(dataset)
    folder = Path(dataset)
    if not folder.is_dir():
        if isinstance(dataset, str) and folder.name == dataset:  # a name rather than a path
            raise UnknownNameError("data set or folder", dataset, _BUILT_IN)
        raise DataError(
            f"There is no folder {folder}; expected a folder of images or one of the data sets "
            f"{', '.join(_BUILT_IN)}."
        )
    from rlnas.datasets.sources.taskonomy_files import is_taskonomy

    return "taskonomy" if is_taskonomy(folder) else "images"


def _loader(source: str) -> Callable[[DataOptions], TaskData]:
    """Return what loads the data; PyTorch and the renderer are imported only then."""
    if source == "rooms":
        from rlnas.datasets.sources.rooms import load_rooms_task

        return load_rooms_task
    if source == "digits":
        from rlnas.datasets.sources.digits import load_digits_task

        return load_digits_task
    if source == "taskonomy":
        from rlnas.datasets.sources.taskonomy import load_taskonomy

        return load_taskonomy
    from rlnas.datasets.sources.image_folder import load_image_folder

    return load_image_folder
