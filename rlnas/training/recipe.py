"""Recipes: everything of a training that neither the network nor the data say."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from rlnas.errors import InvalidArgumentError
from rlnas.plain import at_most, make_plain
from rlnas.training.regularisation.experts import ExpertSchedule, schedule_from
from rlnas.training.regularisation.schedule import Schedule

OptimizerName = Literal["sgd", "adam", "adamw"]
ScheduleName = Literal["cosine", "constant"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
_CHOICES = (("optimizer", OptimizerName), ("schedule", ScheduleName), ("precision", Precision))
_INTEGERS = ("epochs", "epoch_examples", "batch_size", "patience")
_RANGES = (
    ("epochs", 1, float("inf")),
    ("batch_size", 2, float("inf")),
    ("momentum", 0, 1),
    ("weight_decay", 0, float("inf")),
    ("warmup", 0, 0.999),
    ("label_smoothing", 0, 1),
    ("adversarial", 0, 1),
)
_POSITIVE = ("learning_rate", "gradient_clip", "patience", "epoch_examples")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained; `recipe_for` gives known ones.

    The loss follows from the kind of the task: cross-entropy for classes, puzzles and pixels (also
    with soft labels), mean squared error for vectors, mean absolute error for images.

    Attributes:
        epochs: Passes over the training examples, or over ``epoch_examples`` of them.
        epoch_examples: Training examples an epoch, where it shall be shorter than a pass over all
            of them; measurements come at the end of an epoch.
        batch_size: Examples a step; what is left of an epoch after the last whole batch is dropped.
        optimizer: ``sgd`` (with momentum), ``adam`` or ``adamw``.
        learning_rate: The highest rate, reached after the warm-up.
        momentum: Of ``sgd``.
        nesterov: Whether the momentum of ``sgd`` is Nesterov's.
        betas: Of ``adam`` and ``adamw``.
        weight_decay: L2 penalty; decoupled for ``adamw``.
        schedule: ``cosine`` falls to 0 at the end; ``constant``.
        warmup: Share of all steps in which the rate rises linearly from 0; 0 ≤ warmup < 1.
        label_smoothing: Of the cross-entropy, 0…1.
        gradient_clip: Largest norm of a network's gradient, or None.
        adversarial: Weight w of a discriminator's loss on image tasks: the loss is (1 − w) · L1 +
            w · adversarial; 0 for none.
        precision: Arithmetic of the forward pass; ``auto``: bfloat16 on a CUDA device that has it,
            else float32.
        compile: Whether to run `torch.compile`; None decides by the device and the number of steps,
            see `rlnas.training.precision.compile_pays`.
        patience: Stop after as many epochs without a better validation metric, and go back to the
            best epoch's weights; None trains to the end and keeps the last.
        regularisation: Terms that are added to the loss by a schedule, see
            `rlnas.training.regularisation`; None for the task's loss alone.

    Raises:
        InvalidArgumentError: If a field has a value outside its range.

    Example:
        >>> Recipe.from_dict(Recipe(epochs=3).to_dict()) == Recipe(epochs=3)
        True
    """

    epochs: int
    epoch_examples: int | None = None
    batch_size: int = 128
    optimizer: OptimizerName = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 5e-4
    schedule: ScheduleName = "cosine"
    warmup: float = 0.0
    label_smoothing: float = 0.0
    gradient_clip: float | None = None
    adversarial: float = 0.0
    precision: Precision = "auto"
    compile: bool | None = None
    patience: int | None = None
    regularisation: Schedule | ExpertSchedule | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        object.__setattr__(self, "betas", tuple(self.betas))  # JSON gives a list
        if self.regularisation is not None:
            object.__setattr__(self, "regularisation", schedule_from(self.regularisation))
        for field, kind in _CHOICES:
            if getattr(self, field) not in get_args(kind):
                raise InvalidArgumentError(
                    f"Recipe.{field} is {getattr(self, field)!r}; expected one of {get_args(kind)}."
                )
        for field in _INTEGERS:
            self._check_integer(field)
        at_most(self, epochs=10**6, batch_size=1 << 24, epoch_examples=10**12, patience=10**6)
        for field, low, high in _RANGES:
            if not low <= (value := getattr(self, field)) <= high:
                raise InvalidArgumentError(f"Recipe.{field} is {value}; expected {low}…{high:g}.")
        for field in _POSITIVE:
            if (value := getattr(self, field)) is not None and not value > 0:
                raise InvalidArgumentError(f"Recipe.{field} is {value}; expected more than 0.")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise InvalidArgumentError(
                f"Recipe.betas is {self.betas}; expected two numbers, each 0 or more and below 1."
            )

    def _check_integer(self, field: str) -> None:
        value = getattr(self, field)
        try:
            object.__setattr__(self, field, None if value is None else operator.index(value))
        except TypeError:
            raise InvalidArgumentError(
                f"Recipe.{field} is {value!r}; expected a whole number."
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values, which `from_dict` takes."""
        values = asdict(self) | {"betas": list(self.betas)}
        # Left out where there is none, as it is in what was written before there was any.
        del values["regularisation"]
        if self.regularisation is not None:
            values["regularisation"] = self.regularisation.to_dict()
        return values

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Recipe:
        """Return the recipe of such fields; those left out have their defaults.

        Raises:
            InvalidArgumentError: If a field is unknown, ``epochs`` is missing, or a value is
                outside its range.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(tree) - set(known)):
            raise InvalidArgumentError(
                f"A recipe has no {', '.join(unknown)}; its fields are {', '.join(known)}."
            )
        if "epochs" not in tree:
            raise InvalidArgumentError("A recipe needs its number of epochs; give epochs.")
        return cls(**tree)

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of a step.

        Args:
            step: Number of the step, from 0.
            steps: Steps of the whole training.
        """
        warm = self.warmup * steps
        if step < warm:
            return self.learning_rate * (step + 1) / (warm + 1)
        if self.schedule == "constant":
            return self.learning_rate
        share = (step - warm) / max(steps - warm, 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
