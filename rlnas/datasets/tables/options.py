"""What is asked of a table: the columns to predict, and how its rows are split. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from rlnas.datasets.spec import TABLE_METRICS
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.plain import make_plain

if TYPE_CHECKING:
    import pandas as pd

TableTask = Literal["auto", "classification", "regression"]


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """What is asked of a table; see `rlnas.datasets.tables.load_table_data`.

    Attributes:
        table: A file (CSV, TSV or Parquet, by its ending) or a name of
            `rlnas.datasets.tables.table_names`; of a frame, what it is called.
        target: The columns to predict. A table of scikit-learn's has its own, if there are none.
        task: ``classification`` (one target), ``regression``, or ``auto``: classes where the only
            target has words, or whole numbers of at most 20 values.
        metric: By what a search judges classes: ``accuracy``, ``balanced-accuracy``,
            ``average-precision`` or ``cross-entropy``. All are measured.
        group: Column whose equal values stay in one part, e.g. a patient; not an input.
        time: Column by which rows are ordered: the newest are tested, those before validated; not
            an input.
        leave_out: Columns that are no inputs.
        seed: Of the split, 0 or more.
        valid_share: Share of the rows for validation, above 0.
        test_share: Share of the rows for the test, above 0; both together below 1.
        train_size: Rows to train on, drawn from the training part, of each class its share or group
            by group; None for all of them.
        valid_size: Validation rows, likewise.
        test_size: Test rows, likewise.
        memory_limit: Bytes up to which a file is read.
        frame: The table itself, instead of a file.

    Raises:
        InvalidArgumentError: If a value is outside its range.
    """

    table: str
    target: tuple[str, ...] = ()
    task: TableTask = "auto"
    metric: str = "accuracy"
    group: str | None = None
    time: str | None = None
    leave_out: tuple[str, ...] = ()
    seed: int = 0
    valid_share: float = 0.15
    test_share: float = 0.15
    train_size: int | None = None
    valid_size: int | None = None
    test_size: int | None = None
    memory_limit: int = 2**30
    frame: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("target", "leave_out"):  # one name, or a list as JSON has it
            object.__setattr__(self, name, _names(getattr(self, name)))
        object.__setattr__(self, "table", str(self.table))
        make_plain(self)
        if self.task not in get_args(TableTask):
            raise InvalidArgumentError(
                f"task is {self.task!r}; expected one of {', '.join(get_args(TableTask))}."
            )
        if self.metric not in TABLE_METRICS:
            raise UnknownNameError("metric of a table's classes", self.metric, TABLE_METRICS)
        if self.seed < 0:
            raise InvalidArgumentError(f"seed is {self.seed}; expected 0 or more.")
        for name in ("train_size", "valid_size", "test_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidArgumentError(f"{name} is {value}; expected 1 or more, or None.")
        shares = (self.valid_share, self.test_share)
        if not (min(shares) > 0 and sum(shares) < 1):
            raise InvalidArgumentError(
                f"valid_share and test_share are {self.valid_share} and {self.test_share}; "
                "expected more than 0 each, and less than 1 together."
            )
        if self.group is not None and self.time is not None:
            raise InvalidArgumentError("A split is by group or by time, not by both; give one.")

    @classmethod
    def of(
        cls, table: str | Path | pd.DataFrame | TableOptions, target: Any = (), **options: Any
    ) -> TableOptions:
        """Return the options that a call means.

        Args:
            table: A file, a name, a frame, or the options themselves.
            target: The column or columns to predict; of options, none leaves theirs.
            options: Other fields.

        Raises:
            InvalidArgumentError: If a value is outside its range.
        """
        from dataclasses import replace

        if isinstance(table, TableOptions):
            return replace(table, **options, **({"target": target} if target else {}))
        if isinstance(table, str | Path):
            return cls(table=str(table), target=target, **options)
        return cls(**{"table": "frame", **options}, target=target, frame=table)


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(map(str, given))
