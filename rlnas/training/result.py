"""What a training came to."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import shown

if TYPE_CHECKING:
    import pandas as pd

_PARTS = ("train", "valid", "test")


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """The measurements after an epoch; metrics are raw, in the direction of ``spec.metric``.

    Attributes:
        epoch: Number of the epoch, from 1.
        train: Means over the epoch's training batches, while the weights moved: ``loss``, and where
            it was asked for, ``metric`` …; with a discriminator its ``discriminator_loss`` and the
            network's ``adversarial_loss``, the cross-entropy of passing for real.
        valid: ``metric``, ``loss`` … on the validation examples.
        test: Likewise on the test examples. For reports; no search may read it.
        learning_rate: At the last step.
        seconds: Wall-clock seconds of the epoch's training, without the evaluations.
        evaluation_seconds: Wall-clock seconds of its evaluations.
        cpu_seconds: Seconds of the processor for both, over all threads of the process.
    """

    epoch: int
    train: dict[str, float] = field(default_factory=dict)
    valid: dict[str, float] = field(default_factory=dict)
    test: dict[str, float] = field(default_factory=dict)
    learning_rate: float = 0.0
    seconds: float = 0.0
    evaluation_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def row(self) -> dict[str, Any]:
        """Return one flat mapping, e.g. with ``valid_metric`` and ``train_loss``."""
        values = asdict(self)
        parts = {part: values.pop(part) for part in _PARTS}
        return values | {
            f"{part}_{name}": value for part, ms in parts.items() for name, value in ms.items()
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> EpochRecord:
        """Return the record that `row` flattened.

        Raises:
            TypeError: If the row has keys that no record has, or something else than numbers.
            KeyError: If it lacks what every training measures.
        """
        values: dict[str, Any] = {part: {} for part in _PARTS}
        for name, value in row.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{shown(name)} is {shown(value)}, no number")
            part, _, rest = name.partition("_")
            if part in _PARTS:
                values[part][rest] = value
            else:
                values[name] = value
        for part in ("train_loss", "valid_metric"):
            row[part]
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """A finished training.

    Attributes:
        spec: The task.
        history: One record for each epoch.
        best_epoch: Epoch whose weights the network has: the last, or with early stopping the best.
        device: Where it was trained, e.g. ``cpu`` or ``cuda: NVIDIA H200``.
        error: Why there is no usable score, or None.
    """

    spec: TaskSpec
    history: tuple[EpochRecord, ...]
    best_epoch: int
    device: str
    error: str | None = None

    def __repr__(self) -> str:
        outcome = f"error={self.error!r}" if self.error else f"score={self.score:.6g}"
        return (
            f"TrainingResult({self.spec.name!r}, {outcome}, epochs={len(self.history)}, "
            f"seconds={self.seconds:.4g}, device={self.device!r})"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the line, and the epochs."""
        return f"<p>{html.escape(repr(self))}</p>{self.to_frame().to_html(max_rows=10)}"

    @property
    def _final(self) -> EpochRecord:
        return self.history[self.best_epoch - 1]

    @property
    def score(self) -> float:
        """Validation score, larger is better; NaN if the training failed."""
        if self.error is not None or not self.history:
            return float("nan")
        return self.spec.metric.sign * self._final.valid["metric"]

    @property
    def test_score(self) -> float:
        """Test score, likewise. For reports; no search may read it."""
        if self.error is not None or not self.history:
            return float("nan")
        return self.spec.metric.sign * self._final.test.get("metric", float("nan"))

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of training and evaluation."""
        return sum(record.seconds + record.evaluation_seconds for record in self.history)

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat mapping for each epoch, e.g. with ``valid_metric`` and ``train_loss``."""
        return [record.row() for record in self.history]

    def to_frame(self) -> pd.DataFrame:
        """Return the learning curves, one row for each epoch."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(self.rows())
        return frame
