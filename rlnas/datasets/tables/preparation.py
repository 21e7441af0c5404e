"""From the cells of a table to the inputs of a network, fitted on the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.tables.columns import ColumnKind, doubts, kinds_of, numbers_of, words_of
from rlnas.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    import pandas as pd

MOST_WORDS = 32
"""Inputs of a column of words; the rarer words share the last."""

FARTHEST = 10.0
"""Standard deviations to which an input is cut."""


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers or dates: filled, standardised, and an input for what was missing.

    Attributes:
        name: Its name.
        kind: ``number`` or ``date``; a date is days since 1970.
        fill: What stands for a missing value, the median.
        mean: Mean of the filled values.
        scale: Their standard deviation.
        missing: Mean and standard deviation of the input that is 1 where the value was missing;
            None where the training rows had all.
    """

    name: str
    kind: ColumnKind
    fill: float
    mean: float
    scale: float
    missing: tuple[float, float] | None = None


@dataclass(frozen=True)
class WordColumn:
    """A column of words: an input for each, 1 where the cell is that word.

    Attributes:
        name: Its name.
        words: The words, the empty one for a missing cell if there were any.
        other: Whether a last input is 1 for rarer words, and for those that no training row had.
    """

    name: str
    words: tuple[str, ...]
    other: bool = False


@dataclass(frozen=True)
class TablePreparation:
    """How a row becomes the input of a network, and an output what was asked for; plain data.

    Inputs come in this order: the numbers, what was missing of them, the words.

    Attributes:
        numbers: Columns of numbers and dates.
        words: Columns of words.
        targets: Names of what is predicted.
        classes: Names of the classes; empty for a regression.
        target_mean: Mean of each target of a regression over the training rows.
        target_scale: Standard deviation of each, likewise.
    """

    numbers: tuple[NumberColumn, ...]
    words: tuple[WordColumn, ...]
    targets: tuple[str, ...]
    classes: tuple[str, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_scale: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return (*(c.name for c in self.numbers), *(c.name for c in self.words))

    @property
    def features(self) -> int:
        """Number of inputs of a network."""
        flags = sum(column.missing is not None for column in self.numbers)
        words = sum(len(column.words) + column.other for column in self.words)
        return len(self.numbers) + flags + words

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)

    def inputs(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return the inputs ``(N, features)`` of rows.

        Args:
            frame: Rows that have all `columns`, and may have others.

        Raises:
            DataError: If a column is missing.
        """
        if absent := [name for name in self.columns if name not in frame.columns]:
            raise DataError(f"The rows have no column {absent[0]!r}; expected {self.columns}.")
        blocks: list[NDArray[np.float64]] = []
        flags: list[NDArray[np.float64]] = []
        for column in self.numbers:
            raw, _ = numbers_of(frame[column.name], column.kind)
            filled = np.where(np.isnan(raw), column.fill, raw)
            blocks.append((filled - column.mean) / column.scale)
            if column.missing is not None:
                mean, scale = column.missing
                flags.append((np.isnan(raw) - mean) / scale)
        blocks += flags
        for words in self.words:
            cells = words_of(frame[words.name])
            there = cells[:, None] == np.array(words.words, dtype=object)
            blocks += list(there.T.astype(np.float64))
            if words.other:
                blocks.append((~there.any(axis=1)).astype(np.float64))
        stacked = np.stack(blocks, axis=1) if blocks else np.zeros((len(frame), 0))
        return np.clip(stacked, -FARTHEST, FARTHEST).astype(np.float32)


def fit_preparation(
    train: pd.DataFrame, targets: Sequence[str], **outputs: Any
) -> tuple[TablePreparation, tuple[str, ...]]:
    """Fit scikit-learn's transformers on the training rows, and return what they found.

    Args:
        train: The training rows with the columns that are inputs, and no others.
        targets: Names of what is predicted.
        outputs: Further fields of `TablePreparation`.

    Returns:
        The preparation, and what a reader must know of it: columns that are left out.

    Raises:
        MissingDependencyError: If scikit-learn is not installed.
        DataError: If no column tells rows apart.
    """
    try:
        from sklearn.impute import SimpleImputer
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError as error:
        raise MissingDependencyError("scikit-learn", "datasets", "A table") from error
    kinds, notes = kinds_of(train), []
    useless = {name: why for name in kinds if (why := _useless(train[name], kinds[name]))}
    for why in dict.fromkeys(useless.values()):
        names = [name for name in kinds if useless.get(name) == why]
        notes.append(f"Left out, {why}: {_listed(names)}.")
    for name in (name for name in kinds if kinds[name] == "word"):
        if doubt := doubts(name, words_of(train[name])):
            notes.append(doubt)
    kept = [name for name in kinds if name not in useless]
    if not kept:
        raise DataError(
            "No column is left to predict from: each is constant, empty or another word in every "
            f"row. {' '.join(notes)}"
        )
    numeric = [name for name in kept if kinds[name] != "word"]
    numbers: list[NumberColumn] = []
    if numeric:
        raw = [numbers_of(train[name], kinds[name]) for name in numeric]
        for name, (_, large) in zip(numeric, raw, strict=True):
            if large:
                notes.append(f"{large} infinite or huge values of {name} count as missing.")
        values = np.stack([column for column, _ in raw], axis=1)
        imputer = SimpleImputer(strategy="median", add_indicator=True).fit(values)
        scaler = StandardScaler().fit(imputer.transform(values))
        flagged = imputer.indicator_.features_.tolist()
        for place, name in enumerate(numeric):
            flag = len(numeric) + flagged.index(place) if place in flagged else None
            numbers.append(
                NumberColumn(
                    name,
                    kinds[name],
                    float(imputer.statistics_[place]),
                    float(scaler.mean_[place]),
                    float(scaler.scale_[place]),
                    None
                    if flag is None
                    else (float(scaler.mean_[flag]), float(scaler.scale_[flag])),
                )
            )
    words: list[WordColumn] = []
    for name in (name for name in kept if kinds[name] == "word"):
        cells = words_of(train[name])[:, None]
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MOST_WORDS
        ).fit(cells)
        rare = encoder.infrequent_categories_[0]
        rare = set() if rare is None else set(rare.tolist())
        common = tuple(word for word in encoder.categories_[0].tolist() if word not in rare)
        words.append(WordColumn(name, common, bool(rare)))
    prepared = TablePreparation(tuple(numbers), tuple(words), tuple(targets), **outputs)
    return prepared, tuple(notes)


def _useless(values: pd.Series, kind: ColumnKind) -> str:
    """Return why a column of the training rows can tell nothing, empty if it can."""
    if kind != "word":
        numbers, _ = numbers_of(values, kind)
        if np.isnan(numbers).all():
            return "empty"
        known = numbers[~np.isnan(numbers)]
        same = known.max() == known.min()
        return "constant" if same and len(known) == len(numbers) else ""
    cells = words_of(values)
    distinct = len(set(cells.tolist()))
    if distinct == 1:
        return "constant"
    return "another word in every row" if distinct == len(cells) > MOST_WORDS else ""


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def preparation_of(tree: Mapping[str, Any]) -> TablePreparation:
    """Return the preparation that `TablePreparation.to_dict` wrote, also by way of JSON.

    Raises:
        TypeError, KeyError: If the tree is none.
    """
    numbers = [
        NumberColumn(**{**c, "missing": None if c["missing"] is None else tuple(c["missing"])})
        for c in tree["numbers"]
    ]
    words = [WordColumn(**{**c, "words": tuple(c["words"])}) for c in tree["words"]]
    rest = {k: tuple(v) for k, v in tree.items() if k not in ("numbers", "words")}
    return TablePreparation(numbers=tuple(numbers), words=tuple(words), **rest)
