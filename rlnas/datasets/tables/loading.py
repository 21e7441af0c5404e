"""The data of a table, from a file, a frame or a name to three parts that hand out batches."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rlnas.datasets.options import fingerprint
from rlnas.datasets.spec import table_spec
from rlnas.datasets.tables.builtin import builtin_table, table_names
from rlnas.datasets.tables.options import TableOptions
from rlnas.datasets.tables.parts import split_rows
from rlnas.datasets.tables.preparation import fit_preparation
from rlnas.datasets.tables.reading import read_table
from rlnas.datasets.tables.targets import copies, read_targets
from rlnas.datasets.task_data import TaskData
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd


class TableSplit:
    """Rows of a table, prepared, in memory.

    Args:
        inputs: Float32 ``(N, features)``.
        targets: Classes, int64 ``(N,)``; or standardised numbers, float32 ``(N, targets)``.
    """

    def __init__(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        self.inputs = inputs
        self.targets = targets

    def __len__(self) -> int:
        return len(self.inputs)

    def batch(
        self, indices: torch.Tensor, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets; see `Split.batch`. Rows are not augmented."""
        places = indices.to(self.inputs.device)
        return self.inputs.index_select(0, places), self.targets.index_select(0, places)

    def to(self, device: torch.device | str) -> TableSplit:
        """Return this split with its batches on ``device``."""
        return TableSplit(self.inputs.to(device), self.targets.to(device))


def load_table_data(
    table: str | Path | pd.DataFrame | TableOptions, target: Any = (), **options: Any
) -> TaskData:
    """Return the data of a table: three parts, what a network takes and gives, how rows get in.

    Missing values are filled and marked, numbers standardised, words become an input each; all of
    it is fitted on the training rows, and nothing is read of the others before they are split off
    but their targets. Needs scikit-learn.

    Args:
        table: A file, one of `rlnas.datasets.tables.table_names`, a frame; or `TableOptions`, which
            say all.
        target: The column or columns to predict; a table of scikit-learn's has its own.
        options: The other fields of `TableOptions`: task, group, time, leave_out, seed …

    Raises:
        DataError: If the file is no table, or its targets cannot be predicted.
        UnknownNameError: If there is no such column or table.
        InvalidArgumentError: If an option is outside its range, or does not suit the table.
        MissingDependencyError: If scikit-learn is not installed.

    Example:
        >>> data = load_table_data("breast-cancer")
        >>> len(data.train), data.spec.features, data.spec.classes
        (397, 30, ('benign', 'malignant'))
    """
    asked = TableOptions.of(table, target, **options)
    frame, names, notes = _open(asked)
    frame = frame.reset_index(drop=True)
    _check_columns(frame, asked, names)
    found = read_targets(frame, names, asked.task)
    frame = frame.loc[found.known].reset_index(drop=True)
    labels = found.values.astype(np.int64) if found.classes else None
    if labels is None and asked.metric != "accuracy":
        raise InvalidArgumentError(
            f"metric is {asked.metric!r}, one of classes; {', '.join(names)} "
            f"{'is' if len(names) == 1 else 'are'} a regression, judged by the mean squared error."
        )
    parts = split_rows(frame, labels, asked)
    aside = {*names, *asked.leave_out, asked.group, asked.time}
    inputs = frame[[name for name in frame.columns if name not in aside]]
    train = parts["train"]
    told = list(notes + found.notes)
    if same := copies(inputs, found, train):
        told.append(
            f"The target can be read off {', '.join(same[:5])}: is it known when one predicts? If "
            "not, leave it out."
        )
    outputs: dict[str, Any] = {"classes": found.classes}
    values = torch.from_numpy(found.values)
    if labels is None:
        mean, scale = found.values[train].mean(axis=0), found.values[train].std(axis=0)
        if not scale.all():
            raise DataError(
                f"A target is constant over the {len(train)} training rows; expected numbers that "
                "differ. Train on more rows."
            )
        values = torch.from_numpy(((found.values - mean) / scale).astype(np.float32))
        outputs |= {"target_mean": tuple(mean.tolist()), "target_scale": tuple(scale.tolist())}
    preparation, left_out = fit_preparation(inputs.iloc[train], names, **outputs)
    splits = {
        name: TableSplit(
            torch.from_numpy(preparation.inputs(inputs.iloc[rows])), values[torch.from_numpy(rows)]
        )
        for name, rows in parts.items()
    }
    return TaskData(
        dataset=asked.table,
        spec=table_spec(
            features=preparation.features,
            outputs=len(found.classes) or len(names),
            classes=found.classes,
            metric=asked.metric,
        ),
        **splits,
        mean=(),
        std=(),
        fingerprint=fingerprint(
            table=_digest(splits), preparation=preparation.to_dict(), seed=asked.seed
        ),
        notes=(*told, *left_out),
        preparation=preparation,
    )


def _open(asked: TableOptions) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Return the table, the names of its targets, and what a reader must know of it."""
    names = asked.target
    notes: tuple[str, ...] = ()
    if asked.frame is not None:
        frame = asked.frame.copy(deep=False)
        frame.columns = [str(name) for name in frame.columns]
        if repeated := frame.columns[frame.columns.duplicated()].tolist():
            raise DataError(f"The frame has more than one column called {repeated[0]!r}.")
        if frame.empty:
            raise DataError("The frame has no rows or columns; expected a row for each example.")
    elif asked.table in table_names():
        frame, own = builtin_table(asked.table)
        names = names or own
    elif Path(asked.table).suffix or Path(asked.table).exists():
        frame, notes = read_table(asked.table, asked.memory_limit)
    else:
        raise UnknownNameError("table or file", asked.table, table_names())
    if not names:
        shown = ", ".join(map(str, frame.columns[:12]))
        raise InvalidArgumentError(
            f"Which column of {asked.table} shall be predicted? Give a target, one of: {shown}"
            f"{' …' if len(frame.columns) > 12 else ''}."
        )
    return frame, names, notes


def _check_columns(frame: pd.DataFrame, asked: TableOptions, names: tuple[str, ...]) -> None:
    known = [str(name) for name in frame.columns]
    for name in (*names, *asked.leave_out, asked.group, asked.time):
        if name is not None and name not in known:
            raise UnknownNameError(f"column of {asked.table}", name, known)
    if len(set(names)) != len(names) or {asked.group, asked.time} & set(names):
        raise InvalidArgumentError(
            f"The targets {', '.join(names)} must differ from each other, from group and from time."
        )
    if not set(known) - {*names, *asked.leave_out, asked.group, asked.time}:
        raise InvalidArgumentError(f"{asked.table} has no column left to predict from.")


def _digest(splits: dict[str, TableSplit]) -> str:
    found = hashlib.blake2b(digest_size=16)
    for name in ("train", "valid", "test"):
        for tensor in (splits[name].inputs, splits[name].targets):
            found.update(str(tuple(tensor.shape)).encode() + tensor.numpy().tobytes())
    return found.hexdigest()
