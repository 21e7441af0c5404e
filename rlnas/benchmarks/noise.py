"""The noise of a suite: how far a score would move in another training, and what that hides.

What is here is for reports. Every number comes from whole tables, so none can be had while a search
runs on its task.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.atomic import atomic_file
from rlnas.benchmarks.cache import cache_root
from rlnas.benchmarks.repeats import Repeats, RepeatSource, find_repeats
from rlnas.seeding import generator
from rlnas.statistics.bootstrap import Interval
from rlnas.statistics.deconvolution import (
    Deconvolution,
    MeasurementNoise,
    deconvolve,
    fit_noise,
    spread_within,
)
from rlnas.statistics.reliability import Reliability, reliability
from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

ORACLE_QUERIES = (10, 20, 50)
"""Queries at which the oracle line is given."""
_DRAWS = 400
_VERSION = 3
"""Of what is kept on disk: raise it when a formula changes."""

_NOTES: dict[RepeatSource, str] = {
    "seeds": "several seeds of each training",
    "twins": "isomorphic networks that were each trained",
    "test": "the same trainings read on test data: noise of the images alone, so a lower bound",
    "none": "one training of each network and no test data: the noise cannot be known",
}


@dataclass(frozen=True, eq=False)
class TaskNoise:
    """What is known of the noise of one task's scores.

    Attributes:
        task: The task.
        repeats: The trainings behind its scores.
        source: Where its numbers come from; ``none`` where the noise cannot be known.
        repeated: What repeated measurements say of one another, over the whole table; None without
            any.
        head: Standard deviation within a network, of networks above the median of the table, each
            counted once; NaN where it cannot be known.
        top: Standard deviation between the scores of the best tenth of the architectures.
        model: The noise as it is fitted to networks above the median; None without repeated
            trainings.
    """

    task: TabularTask
    repeats: Repeats
    source: RepeatSource
    repeated: Reliability | None
    head: float
    top: float
    model: MeasurementNoise | None
    _values: Deconvolution | None
    _test: Floats | None = None

    @property
    def note(self) -> str:
        """Where the numbers come from, in words."""
        return _NOTES[self.source]

    @property
    def between(self) -> float:
        """Standard deviation of the noise-free scores of all networks; NaN where not known."""
        return float("nan") if self._values is None else self._values.between

    @property
    def denoised(self) -> Floats | None:
        """Expected noise-free score of every architecture, ``(space.size,)``.

        NaN where nothing was measured; None where the noise cannot be known.

        Raises:
            LeakageError: While a search runs on the task.
        """
        seen = self.task.scores  # refused while a search runs
        if self._values is None:
            return None
        known = self.repeats.unit_of >= 0
        return np.where(known, self._values.mean[self.repeats.unit_of], np.nan * seen)

    def denoised_regret(self, architecture: ArrayLike) -> float:
        """Return how far an architecture's noise-free score is expected to be below the best one.

        The best one is that with the highest expected noise-free score. NaN where not known.

        Raises:
            LeakageError: While a search runs on the task.
        """
        denoised = self.denoised
        if denoised is None:
            return float("nan")
        return float(np.nanmax(denoised) - denoised[self._place(architecture)])

    def twins_rank(self, architecture: ArrayLike) -> float:
        """Return the mean rank of the other trainings of an architecture's network.

        Each rank is among the scores of its own seed. NaN where there is no other training.

        Raises:
            LeakageError: While a search runs on the task.
        """
        _ = self.task.scores  # refused while a search runs
        return float(self._other_ranks[self._place(architecture)])

    def test_score(self, architecture: ArrayLike) -> float:
        """Return an architecture's test score, NaN where there is none.

        It is the task's own, or that of a table which is kept apart from what searches see.

        Raises:
            LeakageError: While a search runs on the task.
        """
        own = self.task.test_score(architecture)  # refused while a search runs
        if self._test is None or np.isfinite(own):
            return own
        return float(self._test[self._place(architecture)])

    @cached_property
    def _other_ranks(self) -> Floats:
        return self.repeats.other_ranks()

    def with_normal_noise(self) -> TaskNoise:
        """Return the same under noise without a tail, to see what the tail is worth."""
        if self.model is None:
            return self
        model = MeasurementNoise(self.model.sd)
        values = deconvolve(self.repeats.score, self.repeats.unit, model)
        return replace(self, model=model, _values=values)

    def _place(self, architecture: ArrayLike) -> int:
        space = self.task.space
        return int(space.index(space.check(architecture)[None])[0])

    def oracle(
        self,
        queries: Sequence[int] = ORACLE_QUERIES,
        *,
        best_of_twins: bool = False,
        draws: int = _DRAWS,
        seed: int = 0,
    ) -> Floats:
        """Return the oracle line: what a searcher that knows noise-free scores may expect.

        Noise-free scores of all networks are drawn from what they may be given the table, the best
        networks are queried in order, one architecture of each, drawn at random, and the table is
        read. Whoever ends below this line owes it to the luck of this one table.

        Args:
            queries: Numbers of queries, each 1 or more.
            best_of_twins: Whether the luckiest training of each network is read instead, which no
                search could know.
            draws: Over how many draws the expectation is a mean.
            seed: Seed of the draws.

        Returns:
            ``(len(queries),)`` expected rank of the best found; NaN where the noise is not known.

        Raises:
            LeakageError: While a search runs on the task.
        """
        fair, lucky = self._lines(queries, draws, seed)
        return lucky if best_of_twins else fair

    def _lines(self, queries: Sequence[int], draws: int, seed: int) -> tuple[Floats, Floats]:
        """Return the line of one training of each network, and that of its luckiest one."""
        _ = self.task.scores  # refused while a search runs
        if self._values is None:
            nothing = np.full(len(queries), np.nan)
            return nothing, nothing
        rng = generator(seed, "oracle", self.task.name)
        measured = np.flatnonzero(self.repeats.unit_of >= 0)
        members = measured[np.argsort(self.repeats.unit_of[measured], kind="stable")]
        sizes = np.bincount(self.repeats.unit_of[measured])
        starts = np.cumsum(sizes) - sizes
        ranks = self.repeats.rank[self.repeats.training_of[members]]
        luckiest = np.minimum.reduceat(ranks, starts)
        most = min(max(queries), len(sizes))
        total = np.zeros((2, most))
        for _ in range(draws):
            values = self._values.draw(rng)
            # Values come from a grid and tie, so that chance is to order those of one value.
            order = np.lexsort((rng.random(len(values)), -values))[:most]
            chosen = starts[order] + (rng.random(most) * sizes[order]).astype(np.int64)
            total += np.minimum.accumulate([ranks[chosen], luckiest[order]], axis=1)
        fair, lucky = total[:, np.minimum(np.asarray(queries), most) - 1] / draws
        return fair, lucky

    def row(self, queries: Sequence[int] = ORACLE_QUERIES) -> dict[str, Any]:
        """Return what is known as one row of a table."""
        repeated, model = self.repeated, self.model
        found = Interval(np.nan, np.nan, np.nan) if repeated is None else repeated.spearman
        row: dict[str, Any] = {
            "task": self.task.name.rsplit("/", 1)[-1],
            "source": self.source,
            "networks": self.repeats.num_units,
            "repeated": 0 if repeated is None else repeated.groups,
            "within": self.head,
            "top": self.top,
            "between": self.between,
            "tail": float("nan") if model is None else model.tail,
            "reliability": float("nan") if repeated is None else repeated.share,
            **found.columns("spearman"),
        }
        line, lucky = self._lines(queries, _DRAWS, 0)
        row |= {f"oracle_at_{q}": value for q, value in zip(queries, line, strict=True)}
        return row | {f"lucky_at_{q}": value for q, value in zip(queries, lucky, strict=True)}


class SuiteNoise(Mapping[str, TaskNoise]):
    """The noise of each task of a suite, each measured when it is first asked for.

    What takes more than a moment is kept in the cache folder.

    Args:
        name: Name of the suite.
        tasks: Its tasks.
        other_seeds: Returns a task's scores in the seeds that searches do not see.
        judge: Returns its test scores from a table of their own; see `MeasuredSuite`.
    """

    def __init__(
        self,
        name: str,
        tasks: Mapping[str, TabularTask],
        other_seeds: Callable[[str], Sequence[Floats]] | None = None,
        judge: Callable[[str], Floats | None] | None = None,
    ) -> None:
        self.name = name
        self._tasks = dict(tasks)
        self._other_seeds = other_seeds
        self._judge = judge
        self._known: dict[str, TaskNoise] = {}

    def __getitem__(self, task: str) -> TaskNoise:
        if task not in self._known:
            others = () if self._other_seeds is None else self._other_seeds(task)
            # Shared by all tasks, and so also refused while a search runs on any of them.
            shared = np.column_stack([t.scores for t in self._tasks.values()])
            found = _measure(self._tasks[task], shared, others)
            if self._judge is not None:
                found = replace(found, _test=self._judge(task))
            self._known[task] = found
        return self._known[task]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __repr__(self) -> str:
        return f"SuiteNoise({self.name!r}, tasks={list(self)})"

    def oracle(self, queries: Sequence[int] = ORACLE_QUERIES, **options: Any) -> Floats:
        """Return the mean over tasks of `TaskNoise.oracle`, NaN where one is not known."""
        lines = [noise.oracle(queries, **options) for noise in self.values()]
        return np.asarray(np.mean(lines, axis=0))

    def to_frame(self, queries: Sequence[int] = ORACLE_QUERIES) -> pd.DataFrame:
        """Return one row a task.

        Args:
            queries: Numbers of queries of the oracle line.

        Returns:
            task, source, networks (with a score), repeated (networks trained more than once),
            within (standard deviation between trainings of a network above the median), top
            (between the best tenth), between (of all noise-free scores), tail (of the noise, 0 is
            normal), reliability, spearman with spearman_low and spearman_high (between repeats),
            ``oracle_at_<queries>``, and ``lucky_at_<queries>`` (the oracle that also knows each
            network's luckiest training).
        """
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame([noise.row(queries) for noise in self.values()])
        return frame


def _measure(task: TabularTask, shared: Floats, others: Sequence[Floats]) -> TaskNoise:
    scores = task.scores
    repeats = find_repeats(task.space, scores, shared, others)
    best = np.sort(scores[np.isfinite(scores)])
    top = float(best[-max(len(best) // 10, 2) :].std())
    median = float(np.median(best))
    groups, source = repeats.groups(), repeats.source
    upper = repeats.groups(least=median)
    if source == "none":
        groups, upper = _read_twice(task, repeats, median)
        source = "test" if groups else "none"
    if source == "none":
        return TaskNoise(task, repeats, source, None, float("nan"), top, None, None)
    head = spread_within(upper)
    trainings = source != "test" and head > 0
    key = _key(source, repeats.unit, repeats.score, *groups, *upper)
    found = _load(key)
    if found is None:
        values = model = None
        if trainings:
            model = fit_noise(upper)
            values = deconvolve(repeats.score, repeats.unit, model)
        found = (reliability(groups), model, values)
        _save(key, *found)
    return TaskNoise(task, repeats, source, found[0], head, top, *found[1:])


def _read_twice(
    task: TabularTask, repeats: Repeats, median: float
) -> tuple[list[Floats], list[Floats]]:
    """Return validation and test score of each network, all of them and those above the median."""
    test = task.test_scores
    if test is None:
        return [], []
    first = np.unique(repeats.training_of, return_index=True)[1]
    first = first[(repeats.training_of[first] >= 0) & np.isfinite(test[first])]
    pairs = np.column_stack([task.scores[first], test[first]])
    if len(pairs) < 2:
        return [], []
    pairs[:, 1] -= np.mean(pairs[:, 1] - pairs[:, 0])
    return list(pairs), list(pairs[pairs.mean(axis=1) >= median])


# -- on disk ---------------------------------------------------------------------------------


def _key(source: str, *arrays: NDArray[Any]) -> str:
    """Return a name that changes whenever anything that a result follows from does."""
    digest = hashlib.sha256(f"{_VERSION} {source}".encode())
    for array in arrays:
        digest.update(str((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


_Found = tuple[Reliability, MeasurementNoise | None, Deconvolution | None]


def _path(key: str) -> Path:
    return cache_root() / "noise" / f"{key}.npz"


def _save(
    key: str,
    repeated: Reliability,
    model: MeasurementNoise | None,
    values: Deconvolution | None,
) -> None:
    numbers = {f.name: getattr(repeated, f.name) for f in fields(repeated) if f.name != "spearman"}
    numbers["spearman"] = list(astuple(repeated.spearman))
    numbers["model"] = None if model is None else [model.sd, model.tail]
    arrays = {} if values is None else {f.name: getattr(values, f.name) for f in fields(values)}
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, numbers=np.array(json.dumps(numbers)), **arrays)
    except OSError:
        return  # a cache that cannot be written costs seconds, no result


def _load(key: str) -> _Found | None:
    try:
        with np.load(_path(key), allow_pickle=False) as held:
            numbers = json.loads(str(held["numbers"]))
            arrays = {name: held[name] for name in held.files if name != "numbers"}
        spearman, model = Interval(*numbers.pop("spearman")), numbers.pop("model")
        return (
            Reliability(**numbers, spearman=spearman),
            None if model is None else MeasurementNoise(*model),
            Deconvolution(**arrays) if arrays else None,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None  # not there, or damaged: it is measured again
