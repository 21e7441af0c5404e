"""The frame of a search on shared weights: train a super-network, then query what it leads to."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.one_shot.training import OneShotTraining, train_one_shot
from rlnas.plain import whole
from rlnas.search.base import Searcher
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.training.objective.examples import SearchExamples

OneShotPrecision = Literal["auto", "float32", "bfloat16"]
"""Without float16, whose gradients would have to be scaled."""


@dataclass(frozen=True)
class Candidate:
    """An architecture that a super-network led to.

    Attributes:
        vector: The architecture ``(edges,)``.
        notes: What is known of it, by name; see `QueryRecord.notes`.
    """

    vector: Architecture
    notes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OneShotSearch(Searcher):
    """Trains a super-network on the task's training examples, then queries what it leads to.

    Its objective is a data set: the task has to have `Task.examples`, as every task does that
    trains. The validation examples are not looked at but by queries, each of which trains an
    architecture for real, or looks it up; as many candidates as the budget allows are queried, the
    best founded first. The seconds of the super-network stand in the cost of the first query.

    Attributes:
        steps: Steps of training, 1 or more.
        batch_size: Examples in a batch, 2 or more.
        precision: Arithmetic of the forward passes: ``float32``, ``bfloat16``, or ``auto``, which
            is bfloat16 on a CUDA device that computes in it.
        save_every: Steps between two states to go on from, 1 or more.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    by_name = True
    trains = True
    imitates: ClassVar[bool] = False
    """Whether its super-network can learn from a teacher, `SearchExamples.distillation`."""

    steps: int = 3000
    batch_size: int = 64
    precision: OneShotPrecision = "auto"
    save_every: int = 200

    def __post_init__(self) -> None:
        for option, least in (("steps", 1), ("batch_size", 2), ("save_every", 1)):
            object.__setattr__(self, option, whole(getattr(self, option), option, least))
        if self.precision not in get_args(OneShotPrecision):
            raise InvalidArgumentError(
                f"precision is {self.precision!r}; expected one of {get_args(OneShotPrecision)}."
            )

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return asdict(self)

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        examples = ledger.examples
        if not isinstance(examples, SearchExamples):
            raise InvalidArgumentError(
                f"{self.name} trains a super-network, and this task has no examples to train on. "
                "Search a data set (`rlnas search --dataset`), or set task.examples."
            )
        training, seconds = self.train(ledger.space, examples, int(rng.integers(2**31)))
        ledger.charge(seconds)
        candidates = self.candidates(training, ledger, rng)
        for candidate in candidates:
            if ledger.exhausted:
                return
            ledger.note(candidate.vector, candidate.notes)
            ledger.query(candidate.vector)

    def train(
        self, space: SearchSpace, examples: SearchExamples, seed: int
    ) -> tuple[OneShotTraining, float]:
        """Return the super-network at the end of its training, and the seconds it took.

        With ``examples.folder`` an interrupted training is gone on with, see `train_one_shot`.

        Args:
            space: The cell space.
            examples: What it is trained on.
            seed: Of first weights, the order of examples and all draws.

        Raises:
            RlnasError: As `train_one_shot`, and if the teacher does not fit.
        """
        training = self.begin(space, examples, seed)
        settings = {
            "searcher": self.name,
            "space": space.name,
            "data": examples.fingerprint,
            "task": examples.spec.name,
            "skeleton": asdict(examples.config),
            "seed": seed,
            # More steps continue a training, see `train_one_shot`.
            **{k: v for k, v in self.options().items() if k not in ("save_every", *self.endless())},
        }
        if examples.distillation is not None:
            if not self.imitates:
                raise InvalidArgumentError(
                    f"{self.name} learns from no teacher; leave distillation out, or take snps."
                )
            settings["distillation"] = examples.distillation.describe()
        with training.teach(getattr(self, "learning_rate", 5e-4)):
            _, seconds = train_one_shot(training, self.steps, settings, save_every=self.save_every)
        return training, seconds

    def endless(self) -> Sequence[str]:
        """Return options that may grow when a search is gone on with."""
        return ()

    @abc.abstractmethod
    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> OneShotTraining:
        """Return the training, not begun."""

    @abc.abstractmethod
    def candidates(
        self, training: OneShotTraining, ledger: QueryLedger, rng: np.random.Generator
    ) -> Sequence[Candidate]:
        """Return what a finished training leads to, the best founded first.

        What the result shall say beside goes to ``ledger.said``.
        """
