"""Shared weights as an evaluator: an architecture's score by a super-network's weights."""

from __future__ import annotations

import abc
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from rlnas.networks import Genotype
from rlnas.networks.super_network import Mix
from rlnas.one_shot.base import Candidate, OneShotSearch
from rlnas.one_shot.training import OneShotTraining
from rlnas.plain import whole
from rlnas.search.base import Searcher
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import Evaluation, QueryLedger, Task
from rlnas.training.metrics import EVALUATION_BATCH, Meter
from rlnas.training.objective.examples import SearchExamples


class SharedWeightsObjective:
    """Scores an architecture in milliseconds, by the weights that it has in a super-network.

    These are **not** the scores of trained networks: weights that serve all architectures serve
    none of them best. What they are worth is how they order architectures. The examples are
    training examples that the weights did not learn from, all of them or the first ``most``.

    Args:
        training: A training whose weights are to be used.
        part: Which part of the shuffled training examples scores.
        most: Most examples, 1 or more; None for all of the part.

    Attributes:
        metric: Of the task, with a note that scores are not trained ones.
    """

    def __init__(
        self,
        training: OneShotTraining,
        part: tuple[float, float] = (0.5, 1.0),
        most: int | None = None,
    ) -> None:
        self._training = training
        rows = training.rows(part)[:most]
        self._batches = [training.held(some) for some in torch.split(rows, EVALUATION_BATCH)]
        spec = training.examples.spec
        note = "by shared weights, without training"
        self.metric = replace(spec.metric, name=f"shared_{spec.metric.name}", note=note)

    @torch.no_grad()
    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Score one architecture ``(edges,)``."""
        start = time.perf_counter()
        training = self._training
        mask = Genotype.of_architecture(training.space, architecture).mask
        training.network.eval()
        meter = Meter(training.examples.spec)
        for inputs, targets in self._batches:
            meter.update(training.network(inputs, Mix(mask)), targets)
        raw = meter.values()["metric"]
        return Evaluation(self.metric.sign * raw, time.perf_counter() - start)


@dataclass(frozen=True, kw_only=True)
class SharedWeightsSearch(OneShotSearch):
    """Trains a super-network by single random paths, then lets another searcher look at it.

    The paths are uniform (single-path one-shot: Guo et al., ECCV 2020, arXiv 1904.00420, §3), the
    weights learn from half of the training examples, and the other half scores what is looked at.
    The best looked at are queried.

    Attributes:
        learning_rate: First learning rate of the network's weights, by SGD with Nesterov's momentum
            .9; it falls linearly to 0.
        weight_decay: Of the network's weights.
        clip: Largest norm of the gradient.
        looks: Architectures that are scored by shared weights, 1 or more.
        held: Most examples that score one.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    learning_rate: float = 0.05
    weight_decay: float = 5e-4
    clip: float = 5.0
    looks: int = 300
    held: int = 512

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("looks", "held"):
            object.__setattr__(self, option, whole(getattr(self, option), option, 1))

    @abc.abstractmethod
    def looker(self) -> Searcher:
        """Return what searches on the shared weights."""

    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> OneShotTraining:
        """See `OneShotSearch.begin`."""
        return PathTraining(space, examples, seed, self)

    def candidates(
        self, training: OneShotTraining, ledger: QueryLedger, rng: np.random.Generator
    ) -> Sequence[Candidate]:
        """Return what was looked at, the best first."""
        start = time.perf_counter()
        objective = SharedWeightsObjective(training, most=self.held)
        task = Task("shared-weights", ledger.space, objective, canonical_free=True)
        task.limits = ledger.limits
        result = self.looker().search(task, self.looks, seed=int(rng.integers(2**31)))
        ledger.charge(time.perf_counter() - start)
        good = [record for record in result.records if not record.evaluation.failed]
        good.sort(key=lambda record: -record.score)
        ledger.said["looked_at"] = {
            "searcher": result.searcher,
            "queries": len(result.records),
            "metric": objective.metric.name,
            "note": objective.metric.note,
        }
        return [Candidate(record.vector, {"shared_score": record.score}) for record in good]


class PathTraining(OneShotTraining):
    """Trains one random architecture in each step.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights, the halves, the order of examples and the paths.
        options: How it is trained.
    """

    def __init__(
        self, space: SearchSpace, examples: SearchExamples, seed: int, options: SharedWeightsSearch
    ) -> None:
        super().__init__(space, examples, seed, precision=options.precision)
        self._options = options
        self._learn = self.batches("weights", options.batch_size, (0.0, 0.5))
        self.optimizers = {
            "weights": torch.optim.SGD(
                self.network.parameters(),
                lr=options.learning_rate,
                momentum=0.9,
                nesterov=True,
                weight_decay=options.weight_decay,
            )
        }

    def step(self, number: int) -> dict[str, float]:
        """See `OneShotTraining.step`."""
        own = self._options
        self.network.train()
        rng = np.random.default_rng([self.seed, number])
        path = self.space.sample(1, rng)[0]
        mix = Mix(Genotype.of_architecture(self.space, path).mask)
        loss = self.loss(*self._learn(number), mix)
        rate = own.learning_rate * (1 - number / own.steps)
        (optimizer,) = self.optimizers.values()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()  # what is not on the path has no gradient, and stays as it is
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), own.clip)
        optimizer.step()
        return {"loss": float(loss.detach()), "gradient": float(norm), "learning_rate": rate}
