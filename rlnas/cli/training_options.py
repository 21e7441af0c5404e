"""What every command that trains architectures is told about the training and its table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from rlnas.cli.options import Flag, Number, OptionalNames, Text, split_names
from rlnas.errors import InvalidArgumentError

_Seconds = Annotated[float | None, tyro.conf.arg(metavar="SECONDS", help_behavior_hint="")]


# Each field is an argument of `rlnas.training.prepare_training`.
@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How architectures are trained on `--dataset` or `--table`."""

    space: Text = None
    """Search space: transnas-micro (the default), transnas-macro, nasbench-201; of a table dense
    (the default), attn."""

    recipe: Text = None
    """Recipe: short (the default), rooms, transnas, nasbench-201, nasbench-201-12; of a table
    table."""

    epochs: Number = None
    """Epochs; by default the recipe's."""

    schedule: Text = None
    """How training is regularised, by name: constant, strong-to-weak, weak-to-strong,
    layer-by-layer, sparse-late, autoencoder-first; or a JSON file; or auto, to search schedules of
    one --network of a --table. See docs/regularisation.md."""

    strength: Annotated[float | None, tyro.conf.arg(metavar="LAMBDA", help_behavior_hint="")] = None
    """Strength of a --schedule by name, at its strongest; by default its usual one."""

    network: Text = None
    """With --schedule auto: the network whose schedules are searched; by default three layers of 64
    units."""

    device: str = "auto"
    """Where to train: auto (CUDA where there is one), cpu, cuda or cuda:N."""

    workers: int = 1
    """Trainings at once, each in a process of its own."""

    timeout: _Seconds = None
    """Seconds after which a training is given up and counts as failed; by default never."""

    retry_failed: Flag = False
    """With --resume: train again what failed before."""

    image_size: Number = None
    """Side of the images in pixels; by default the data set's own (32 for a folder)."""

    train_size: Number = None
    """Training images or rows; by default all."""

    valid_size: Number = None
    """Validation images or rows; by default all."""

    test_size: Number = None
    """Test images or rows; by default all."""

    skeleton: Literal["auto", "published"] = "auto"
    """Network around the architecture: the published one of the space, or auto: a small one for
    images of up to 64 pixels, else the published one."""

    width: Number = None
    """Channels after the stem; by default the skeleton's (16 in the small one)."""

    modules: Text = None
    """What the modules of a cell network do, e.g. 414: 1 nothing, 2 doubles the channels, 3 halves
    the resolution, 4 both; by default the skeleton's."""

    cells: Number = None
    """Cells (or residual blocks) in a module or stage; by default the skeleton's."""


@dataclass(frozen=True, kw_only=True)
class TableChoice:
    """The table, if it is one that is trained on."""

    table: Text = None
    """Instead of images: a CSV, TSV or Parquet file, or breast-cancer, diabetes, digits-table,
    iris, linnerud, wine."""

    target: OptionalNames = None
    """The column of `--table` to predict, or several numbers; scikit-learn's tables have their
    own."""

    metric: Text = None
    """By what classes of `--table` are judged: accuracy (the default), balanced-accuracy,
    average-precision or cross-entropy."""

    group: Text = None
    """Column of `--table` whose equal values stay in one part of the data; no input."""

    time: Text = None
    """Column of `--table` by which rows are split: the newest are tested; no input."""

    leave_out: OptionalNames = None
    """Columns of `--table` that are no inputs."""


def chosen_data(choice: TableChoice, dataset: str | None, task: str | None) -> tuple[Any, str]:
    """Return what is trained on, and a name of it for a folder.

    Args:
        choice: What is said of a table.
        dataset: The data set, if it is none.
        task: The task; of a table ``classification`` or ``regression``.

    Raises:
        InvalidArgumentError: If there are both or neither, columns of no table, or no such task.
    """
    if choice.table is None:
        given = [name for name, value in vars(choice).items() if value is not None]
        if given:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise InvalidArgumentError(f"{flags}: this is about a table; give it a --table.")
        if dataset is None:
            raise InvalidArgumentError("What to train on is missing: give --dataset or --table.")
        return dataset, Path(dataset).name
    if dataset is not None:
        raise InvalidArgumentError("--table and --dataset are two; leave one of them out.")
    from rlnas.datasets.tables import TableOptions

    asked: dict[str, Any] = {} if task is None else {"task": task}
    if choice.metric is not None:
        asked["metric"] = choice.metric
    chosen = TableOptions(
        table=choice.table,
        target=split_names(choice.target or ()),
        group=choice.group,
        time=choice.time,
        leave_out=split_names(choice.leave_out or ()),
        **asked,
    )
    return chosen, Path(choice.table).stem
