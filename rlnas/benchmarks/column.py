"""Columns: one metric of one task, measured for every row of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.names import check_name
from rlnas.plain import whole
from rlnas.tasks import Metric

SeedChoice = int | Literal["mean", "first"]
"""A seed's own run, the mean over the seeds that were measured, or each row's first one."""


def seed_choice(value: object, name: str) -> SeedChoice:
    """Return a choice of a table's seed as Python's own.

    Args:
        value: What was given.
        name: Its name, for the error.

    Raises:
        InvalidArgumentError: If it is none.
    """
    if isinstance(value, str):
        if value in ("mean", "first"):
            return cast("SeedChoice", value)
        raise InvalidArgumentError(
            f"{name} is {value!r}; expected 'first', 'mean', or the number of a seed."
        )
    return whole(value, name)


EpochChoice = int | Literal["final", "best"] | None
"""An epoch from 0, the last, the best one in the metric's direction, or None: what is held."""

AXES: frozenset[tuple[str, ...]] = frozenset(
    {
        ("architecture",),
        ("architecture", "epoch"),
        ("architecture", "seed"),
        ("architecture", "seed", "epoch"),
    }
)


@dataclass(frozen=True, eq=False)
class Column:
    """Raw numbers of one metric on one task.

    Attributes:
        task: Short name of the task, e.g. ``jigsaw``.
        metric: What the numbers mean. Its epoch policy is ``all`` exactly where there is an epoch
            axis.
        values: Floating-point array with the axes below, in the metric's own unit and direction;
            NaN where nothing was measured.
        axes: ``("architecture",)``, optionally followed by ``"seed"`` and ``"epoch"``.
        seeds: The seeds along the seed axis, e.g. ``(777, 888, 999)``.

    Raises:
        InvalidArgumentError: If these do not fit together.
    """

    task: str
    metric: Metric
    values: NDArray[np.floating]
    axes: tuple[str, ...] = ("architecture",)
    seeds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.task, "task")
        check_name(self.metric.name, "metric")
        what = f"Column {self.task}/{self.metric.name}"
        if self.axes not in AXES:
            raise InvalidArgumentError(
                f"{what} has axes {self.axes}; expected one of {sorted(AXES)}."
            )
        if self.values.ndim != len(self.axes) or self.values.dtype.kind != "f":
            raise InvalidArgumentError(
                f"{what} holds {self.values.dtype} of shape {self.values.shape}; expected floats "
                f"with the axes {self.axes}."
            )
        if 0 in self.values.shape[1:]:
            raise InvalidArgumentError(f"{what} has an empty axis: shape {self.values.shape}.")
        if len(self.seeds) != (self.values.shape[1] if "seed" in self.axes else 0):
            raise InvalidArgumentError(
                f"{what} names the seeds {self.seeds}; its shape is {self.values.shape} with axes "
                f"{self.axes}."
            )
        if len(set(self.seeds)) != len(self.seeds):
            raise InvalidArgumentError(f"{what} names a seed twice: {self.seeds}.")
        if ("epoch" in self.axes) != (self.metric.epoch_policy == "all"):
            raise InvalidArgumentError(
                f"{what} has epoch policy {self.metric.epoch_policy!r} and axes {self.axes}; "
                "'all' goes with an epoch axis and with nothing else."
            )

    @property
    def num_epochs(self) -> int | None:
        """Length of the epoch axis, or None where there is none."""
        return int(self.values.shape[-1]) if "epoch" in self.axes else None

    def select(self, seed: SeedChoice = "mean", epoch: EpochChoice = None) -> NDArray[np.float64]:
        """Return one raw number for each row, ``(rows,)`` float64, NaN where there is none.

        The epoch is chosen within each run first, then runs are averaged over the seeds that were
        measured, as the official interfaces do. ``best`` takes the largest value of a ``max``
        metric and the smallest of a ``min`` metric. A run that ended early has no final value.

        Args:
            seed: One seed, the mean over seeds, or each row's first measured one. A column without
                a seed axis takes ``mean`` or ``first``.
            epoch: An epoch from 0, ``final``, ``best``, or None for what the column holds: the
                final epoch where it has all.

        Raises:
            InvalidArgumentError: If the column does not hold what is asked for, for instance the
                final epoch of a column of best epochs.
        """
        values = np.asarray(self.values, dtype=np.float64)
        if "epoch" in self.axes:
            values = self._one_epoch(values, epoch)
        else:
            self._check_policy(epoch)
        if "seed" not in self.axes:
            if seed not in ("mean", "first"):
                raise InvalidArgumentError(
                    f"{self.task}/{self.metric.name} has no seed axis; seed {seed!r} cannot be "
                    "chosen: use 'first' or 'mean'."
                )
            return values
        measured = np.isfinite(values)
        if seed == "first":
            first = np.take_along_axis(values, measured.argmax(axis=1)[:, None], axis=1)[:, 0]
            return np.where(measured.any(axis=1), first, np.nan)
        if seed != "mean":
            if seed not in self.seeds:
                raise InvalidArgumentError(
                    f"{self.task}/{self.metric.name} has the seeds {self.seeds}, not {seed!r}."
                )
            return values[:, self.seeds.index(seed)]
        count = measured.sum(axis=1)
        total = np.where(measured, values, 0.0).sum(axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def _one_epoch(self, values: NDArray[np.float64], epoch: EpochChoice) -> NDArray[np.float64]:
        if epoch == "best":
            # fmax and fmin skip NaN, and give NaN where there is nothing else.
            pick = np.fmax if self.metric.direction == "max" else np.fmin
            return np.asarray(pick.reduce(values, axis=-1), dtype=np.float64)
        if epoch is None or epoch == "final":
            return values[..., -1]
        last = values.shape[-1] - 1
        if isinstance(epoch, bool) or not isinstance(epoch, int) or not 0 <= epoch <= last:
            raise InvalidArgumentError(
                f"{self.task}/{self.metric.name} has epochs 0…{last}; expected one of them, "
                f"'final' or 'best', got {epoch!r}."
            )
        return values[..., epoch]

    def _check_policy(self, epoch: EpochChoice) -> None:
        held = self.metric.epoch_policy
        if epoch is None or epoch == held or self.metric.split == "none":
            return
        raise InvalidArgumentError(
            f"{self.task}/{self.metric.name} holds one number for each architecture with epoch "
            f"policy {held!r}, so epoch={epoch!r} cannot be had from it. Leave epoch out to take "
            "what it holds, or use a table with an epoch axis."
        )

    def other_seeds(
        self, seed: SeedChoice = "mean", epoch: EpochChoice = None
    ) -> list[NDArray[np.float64]]:
        """Return the numbers that `select` leaves out: of each other seed, ``(rows,)``.

        With ``first`` a row's first seed is NaN in it. There are none of the mean, which has all.
        """
        if "seed" not in self.axes or seed == "mean":
            return []
        seen = self.select(seed, epoch)
        columns = {number: self.select(number, epoch) for number in self.seeds}
        if seed != "first":
            return [values for number, values in columns.items() if number != seed]
        taken = np.zeros(len(seen), dtype=np.bool_)
        left = []
        for values in columns.values():
            first = ~taken & np.isfinite(values)
            left.append(np.where(first, np.nan, values))
            taken |= first
        return [values for values in left if np.isfinite(values).any()]

    def selected_metric(self, seed: SeedChoice = "mean", epoch: EpochChoice = None) -> Metric:
        """Return the meaning of what `select` gives: its epoch policy, and a note on the seeds."""
        metric, said = self.metric, []
        if "epoch" in self.axes:
            if isinstance(epoch, int):
                metric = replace(metric, epoch_policy="unknown")
                said.append(f"epoch {epoch} of 0…{self.values.shape[-1] - 1}")
            else:
                metric = replace(metric, epoch_policy="best" if epoch == "best" else "final")
        if "seed" in self.axes:
            which = {
                "mean": f"mean over the measured of seeds {self.seeds}",
                "first": f"the first measured of seeds {self.seeds}",
            }
            said.append(which[seed] if isinstance(seed, str) else f"seed {seed}")
        return replace(metric, note="; ".join(filter(None, [metric.note, *said])))
