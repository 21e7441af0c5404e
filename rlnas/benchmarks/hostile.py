"""Hostile suites: targets that no source resembles, to see what a method costs where it is wrong.

A method that trusts its sources wins where targets are like them. What it loses where they are not
is its *harm*, and these targets measure that. They are made of a suite's own tables: their space is
the suite's, and its tasks are the sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.smooth_draw import smooth_draw
from rlnas.errors import InvalidArgumentError
from rlnas.registry import load
from rlnas.seeding import generator
from rlnas.spaces import SearchSpace
from rlnas.spaces.paths import longest_paths, path_features
from rlnas.statistics.score_scales import rank_gaussian
from rlnas.tasks import Metric, Suite, TabularTask

Floats = NDArray[np.float64]

PREFIX = "hostile-"
"""What the name of a hostile suite begins with; the name of the suite it is made of follows."""

OF_TASKS = ("negated", "permuted", "middling", "decoy")
"""Kinds of hostile targets that are made of one task each, which must not be among its sources."""

OF_NETWORKS = ("fewest-parameters", "fewest-macs", "latency")
"""Hostile targets that are made of the networks, without any measured score."""

KINDS = (*OF_TASKS, "draw", *OF_NETWORKS, "other")
"""All kinds, see `hostile_suite`."""

_DECOYS = 300
_DRAW_NOISE = 0.3
_LATENCY_NOISE = 0.03


def hostile_suite(
    suite: Suite[TabularTask],
    seed: int = 0,
    *,
    draws: int = 3,
    others: Mapping[str, TabularTask] | None = None,
) -> Suite[TabularTask]:
    """Return the hostile targets of a suite.

    ======================= ========================================================================
    target                  what it is
    ======================= ========================================================================
    ``negated-<task>``      the task's scores with the other sign: the best is the worst
    ``permuted-<task>``     its scores dealt out among the networks, equivalent ones together: noise
    ``middling-<task>``     best where the task is middling: minus the distance from its median rank
    ``decoy-<task>``        the task, but the 300 best by the mean of all other tasks (a tenth of a
                            smaller space) have scores from the worse half: right in the body, wrong
                            where everybody looks first
    ``draw-<n>``            a smooth function of the networks' structure that has nothing to do with
                            any task, see `rlnas.benchmarks.smooth_draw.smooth_draw`, with noise of
                            0.3 of its standard deviation
    ``fewest-parameters``   the fewer parameters the better
    ``fewest-macs``         the fewer multiply-accumulates the better
    ``latency``             minus the sum of MACs and of the longest path, each in units of its
                            mean, with 3 % noise
    ``other-<task>``        a task of another suite on the same architectures
    ======================= ========================================================================

    Counts are those of the published skeleton; on a space without networks the three are left out.
    Equivalent architectures have equal noise, and where they have one measurement in the suite they
    have one here. What a target is made of must not be among its sources, see `origin_of`.

    Args:
        suite: What they are made of; its tasks are the sources.
        seed: Seed of all that is drawn.
        draws: Number of smooth draws, 0 or more.
        others: Tasks of another suite on the same space, by short name.

    Returns:
        The suite ``hostile-<suite>``.

    Raises:
        InvalidArgumentError: If ``draws`` is negative, or another task is on another space.
    """
    if draws < 0:
        raise InvalidArgumentError(f"draws is {draws}; expected 0 or more.")
    name, space = f"{PREFIX}{suite.name}", suite.space
    free = any(task.canonical_free for task in suite.values())
    tasks: dict[str, TabularTask] = {}

    def add(short: str, scores: Floats, note: str, like: TabularTask | None = None) -> None:
        tasks[short] = TabularTask(
            f"{name}/{short}",
            space,
            scores,
            Metric(name="hostile_score", split="none", note=f"hostile: {note}"),
            costs=None if like is None else like.costs,
            canonical_free=free if like is None else like.canonical_free,
        )

    makers: dict[str, Callable[[str], Floats]] = {
        "negated": lambda task: -suite[task].scores,
        "permuted": lambda task: _permuted(suite[task], seed),
        "middling": lambda task: _middling(suite[task].scores),
        "decoy": lambda task: _decoy(suite, task, seed),
    }
    for kind in OF_TASKS:
        for task in suite:
            add(f"{kind}-{task}", makers[kind](task), f"{kind} {suite[task].name}", suite[task])
    features = path_features(space) if draws else np.zeros((space.size, 0))
    for number in range(draws):
        drawn = smooth_draw(features, seed, space.name, number)
        noise = _noise_of_networks(space, seed, "draw", number)
        scores = (drawn - drawn.mean()) / drawn.std() + _DRAW_NOISE * noise
        add(f"draw-{number}", _alike(space, scores, free), "a draw, not measured")
    for short, scores in _of_networks(space, seed).items():
        add(short, _alike(space, scores, free), f"{short} of the published networks")
    for short, other in (others or {}).items():
        if other.space.name != space.name:
            raise InvalidArgumentError(
                f"{other.name} is on {other.space.name}; expected a task on {space.name}."
            )
        add(f"other-{short}", other.scores, f"the task {other.name}", other)
    return Suite(
        name, tasks, description=f"Targets that are unlike the tasks of {suite.name}; see hostile."
    )


def base_of(suite: str) -> str | None:
    """Return the name of the suite that a hostile suite is made of; None for any other suite."""
    return suite.removeprefix(PREFIX) if suite.startswith(PREFIX) else None


def kind_of(target: str) -> str:
    """Return the kind of a hostile target, one of `KINDS`.

    Raises:
        InvalidArgumentError: If it is no name of one.
    """
    for kind in KINDS:
        if target == kind or target.startswith(f"{kind}-"):
            return kind
    raise InvalidArgumentError(f"{target!r} is no hostile target; expected one of {KINDS}.")


def origin_of(target: str) -> str | None:
    """Return the task that a hostile target is made of; None where it is made of none.

    To have it among the sources would give the target away: who knows a task knows its negation.
    """
    kind = kind_of(target)
    return target.removeprefix(f"{kind}-") if kind in OF_TASKS else None


def _permuted(task: TabularTask, seed: int) -> Floats:
    """Return the scores of networks dealt out anew; what tells equivalent ones apart stays."""
    classes, member = np.unique(task.space.canonical_index, return_inverse=True)
    known = np.isfinite(task.scores)
    counts = np.bincount(member[known], minlength=len(classes))
    sums = np.bincount(member[known], weights=task.scores[known], minlength=len(classes))
    measured = np.flatnonzero(counts)
    means = np.full(len(classes), np.nan)
    means[measured] = sums[measured] / counts[measured]
    dealt = means.copy()
    dealt[measured] = means[generator(seed, "permuted", task.name).permutation(measured)]
    # Equal scores stay equal to the last bit.
    within = np.where(task.scores == means[member], 0.0, task.scores - means[member])
    return np.asarray(within + dealt[member])


def _middling(scores: Floats) -> Floats:
    return np.asarray(-np.abs(_bell(scores)))


def _decoy(suite: Suite[TabularTask], task: str, seed: int) -> Floats:
    """Return a task in which the others' best have scores from the worse half."""
    scores, space = suite[task].scores, suite.space
    others = [_bell(suite[name].scores) for name in suite if name != task] or [_bell(scores)]
    classes, member = np.unique(space.canonical_index, return_inverse=True)
    told = np.nan_to_num(np.mean(others, axis=0), nan=-np.inf)
    promise = np.bincount(member, weights=told) / np.bincount(member)
    worse = np.sort(scores[np.isfinite(scores)])[: np.isfinite(scores).sum() // 2]
    rng = generator(seed, "decoy", suite[task].name)
    best = np.argsort(-promise, kind="stable")[: min(_DECOYS, max(1, len(classes) // 10))]
    lowered = np.full(len(classes), np.nan)
    lowered[best] = rng.choice(worse, len(best))
    change = np.isfinite(lowered[member]) & np.isfinite(scores)
    return np.where(change, lowered[member], scores)


def _bell(scores: Floats) -> Floats:
    """Return the quantiles of a normal distribution at the ranks of scores, NaN where unknown."""
    bell = np.full(len(scores), np.nan)
    known = np.isfinite(scores)
    bell[known] = rank_gaussian(scores[known])
    return bell


def _of_networks(space: SearchSpace, seed: int) -> dict[str, Floats]:
    """Return the targets that need the networks; none where the space has no networks."""
    # What a network costs is known above this layer only.
    counted: Callable[[SearchSpace, str], Floats]
    counted = load("rlnas.transfer.controls.counts:published_counts")
    try:
        parameters, macs = counted(space, "parameters"), counted(space, "macs")
    except InvalidArgumentError:
        return {}
    depth = longest_paths(space)
    time = macs / macs.mean() + depth / depth.mean()
    time *= np.exp(_LATENCY_NOISE * _noise_of_networks(space, seed, "latency"))
    return dict(zip(OF_NETWORKS, (-parameters, -macs, -time), strict=True))


def _noise_of_networks(space: SearchSpace, seed: int, *name: str | int) -> Floats:
    """Return normal noise ``(size,)``, the same for equivalent architectures."""
    noise = generator(seed, "hostile noise", space.name, *name).normal(size=space.size)
    return np.asarray(noise[space.canonical_index])


def _alike(space: SearchSpace, scores: Floats, free: bool) -> Floats:
    """Return scores of which equivalent architectures share one, where the suite's do."""
    return np.asarray(scores[space.canonical_index]) if free else scores
