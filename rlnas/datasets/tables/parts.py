"""Which rows of a table are trained on, validated and tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.tables.columns import column_kind, numbers_of, words_of
from rlnas.errors import DataError, InvalidArgumentError
from rlnas.seeding import derive_seed, generator

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.datasets.tables.options import TableOptions

Rows = NDArray[np.int64]


def split_rows(
    frame: pd.DataFrame, labels: NDArray[np.int64] | None, options: TableOptions
) -> dict[str, Rows]:
    """Return the rows of ``train``, ``valid`` and ``test``.

    By class, so that each part has its share of each; or whole groups; or in the order of time, the
    newest rows in the test. Rows of equal time stay together. Of a part that shall have fewer rows
    each class has its share too, and whole groups are taken.

    Args:
        frame: The rows that have targets.
        labels: Class of each, int64 ``(N,)``, or None for a regression.
        options: Shares, sizes, group, time and seed.

    Raises:
        InvalidArgumentError: If there are too few rows, groups or times; or a part holds fewer than
            asked for.
        DataError: If the times are neither numbers nor dates.
    """
    if len(frame) < 3:
        raise DataError(f"The table has {len(frame)} rows with a target; expected 3 or more.")
    if options.time is not None:
        parts = _by_time(frame[options.time], options)
    elif options.group is not None:
        parts = _by_group(words_of(frame[options.group]), options)
    else:
        parts = _at_random(len(frame), labels, options)
    for name, size in (
        ("train", options.train_size),
        ("valid", options.valid_size),
        ("test", options.test_size),
    ):
        rows = parts[name]
        if size is not None and size > len(rows):
            raise InvalidArgumentError(
                f"{name}_size is {size}; that part of the table has {len(rows)} rows. Ask for "
                f"{len(rows)} or fewer, or None for all."
            )
        if size is not None:
            rng = generator(options.seed, "table", "order", name)
            groups = None if options.group is None else words_of(frame[options.group].iloc[rows])
            own = None if labels is None else labels[rows]
            parts[name] = np.sort(rows[_order(len(rows), own, groups, rng)[:size]])
    return parts


def _order(
    count: int,
    labels: NDArray[np.int64] | None,
    groups: NDArray[np.object_] | None,
    rng: np.random.Generator,
) -> Rows:
    """Return the order in which the rows of a part are taken, so that fewer are of the more.

    Groups come one after another, whole but for the last. Without groups a row of each class comes
    first, and then rows of the class that is furthest behind its share (Sainte-Laguë's method).
    """
    order = rng.permutation(count)
    if groups is not None:
        first: dict[object, int] = {}
        for place, row in enumerate(order):
            first.setdefault(groups[row], place)
        places = [first[groups[row]] for row in order]
        return order[np.argsort(places, kind="stable")]
    if labels is None:
        return order
    turns = np.empty(count)
    for members in _members(labels[order]):
        turns[members] = (np.arange(len(members)) + 0.5) / len(members)
        turns[members[0]] = -len(members)  # of a class with many rows before one with few
    return order[np.argsort(turns, kind="stable")]


def _at_random(
    count: int, labels: NDArray[np.int64] | None, options: TableOptions
) -> dict[str, Rows]:
    """Return parts with the shares of each class, and one row of each class at least."""
    rng = generator(options.seed, "table", "split")
    shares = (options.valid_share, options.test_share)
    valid: list[Rows] = []
    test: list[Rows] = []
    train: list[Rows] = []
    groups = [np.arange(count)] if labels is None else _members(labels)
    for members in groups:
        order = rng.permutation(members)
        sizes = [max(1, round(share * len(members))) for share in shares]
        while sum(sizes) >= len(members) and max(sizes) > 1:
            sizes[int(np.argmax(sizes))] -= 1
        valid.append(order[: sizes[0]])
        test.append(order[sizes[0] : sum(sizes)])
        train.append(order[sum(sizes) :])
    found = {"train": train, "valid": valid, "test": test}
    return {name: np.sort(np.concatenate(rows)) for name, rows in found.items()}


def _members(labels: NDArray[np.int64]) -> list[Rows]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _by_group(groups: NDArray[np.object_], options: TableOptions) -> dict[str, Rows]:
    from sklearn.model_selection import GroupShuffleSplit

    rows = np.arange(len(groups))
    if len(set(groups.tolist())) < 3:
        raise InvalidArgumentError(
            f"The column {options.group} has {len(set(groups.tolist()))} groups; expected 3 or "
            "more, one for each part."
        )
    first = GroupShuffleSplit(
        1, test_size=options.test_share, random_state=derive_seed(options.seed, "table") % 2**32
    )
    rest, test = next(first.split(rows, groups=groups))
    share = options.valid_share / (1 - options.test_share)
    second = GroupShuffleSplit(
        1, test_size=share, random_state=derive_seed(options.seed, "table", "valid") % 2**32
    )
    train, valid = next(second.split(rest, groups=groups[rest]))
    return {"train": rest[train], "valid": rest[valid], "test": test}


def _by_time(column: pd.Series, options: TableOptions) -> dict[str, Rows]:
    kind = column_kind(column)
    if kind == "word":
        raise DataError(
            f"The column {options.time} holds words; expected dates of ISO 8601, such as "
            "2024-05-31, or numbers."
        )
    times, _ = numbers_of(column, kind)
    if np.isnan(times).any():
        raise DataError(
            f"The column {options.time} is empty in some rows; expected a time in each."
        )
    ends = np.quantile(
        times, [1 - options.test_share - options.valid_share, 1 - options.test_share]
    )
    part = np.searchsorted(ends, times, side="left")  # equal times fall into one part
    found = {name: np.flatnonzero(part == i) for i, name in enumerate(("train", "valid", "test"))}
    if not all(len(rows) for rows in found.values()):
        raise InvalidArgumentError(
            f"The column {options.time} has too few different times to part the rows by; leave "
            "time out."
        )
    return found
