"""Scales of scores, and the line between what a source and what a target may know."""

import numpy as np
import pytest
from scipy import stats

from rlnas.envs import (
    LedgerScorer,
    RunningTransform,
    TableScorer,
    normalise_table,
    normaliser_names,
)
from rlnas.errors import BudgetExhaustedError, LeakageError, UnknownNameError
from rlnas.spaces import CellSpace
from rlnas.tasks import Metric, TabularTask, make_task

SPACE = CellSpace("tiny", [(0, 1), (1, 2)], ["a", "b", "c"])
SCORES = np.array([3.0, 9.0, np.nan, 9.0, -2.0, 0.5, 4.0, 7.0, 1.0])
MEASURED = SCORES[~np.isnan(SCORES)]


@pytest.fixture
def tiny():
    return TabularTask("tiny", SPACE, SCORES, Metric(name="m"))


def expected(name):
    """Return the normalised measured scores by the formulas of the docstrings, one by one."""
    n = len(MEASURED)
    rows = []
    for score in MEASURED:
        above, ties = (score < MEASURED).sum(), (score == MEASURED).sum()
        below = n - above - ties
        rows.append(
            {
                "rank-gaussian": stats.norm.ppf((below + (ties + 1) / 2 - 0.5) / n),
                "log-rank": -np.log10(above + 1),
                "min-max": (score + 2) / 11,
                "z-score": (score - MEASURED.mean()) / MEASURED.std(),
                "identity": score,
            }[name]
        )
    return np.array(rows)


@pytest.mark.parametrize("name", normaliser_names())
def test_formulas(name, tiny):
    table = normalise_table(tiny, name)
    assert np.isnan(table[2])
    np.testing.assert_allclose(table[~np.isnan(SCORES)], expected(name))


@pytest.mark.parametrize("name", normaliser_names())
def test_constant_scores_stay_finite(name):
    flat = TabularTask("flat", SPACE, np.full(9, 5.0), Metric(name="m"))
    assert np.isfinite(normalise_table(flat, name)).all()


def test_a_target_cannot_be_fitted(tiny):
    with tiny.sealed():
        with pytest.raises(LeakageError, match="ledger"):
            normalise_table(tiny, "log-rank")
        with pytest.raises(LeakageError):
            TableScorer(tiny, "min-max")
    TableScorer(tiny, "min-max")


def test_unknown_names(tiny):
    with pytest.raises(UnknownNameError, match="log-rank"):
        normalise_table(tiny, "logrank")
    with pytest.raises(UnknownNameError, match="z-score"):
        RunningTransform("zscore")


def test_table_scorer_gives_unmeasured_architectures_the_lowest_score(tiny):
    scorer = TableScorer(tiny, "log-rank")
    scores = scorer.score(SPACE.arrays)
    assert np.isfinite(scores).all()
    assert scores[2] == scores[4] == scores.min()
    np.testing.assert_array_equal(scorer.value(scores), scores)
    assert scorer.known_edits(SPACE.arrays) is None


@pytest.mark.parametrize("name", normaliser_names())
def test_running_transform_of_everything_is_the_table(name):
    running = RunningTransform(name)
    np.testing.assert_allclose(running.normalise(MEASURED, MEASURED), expected(name))
    np.testing.assert_array_equal(running.normalise(np.array([1.0, 2.0]), np.array([])), 0.0)
    assert running.normalise(np.array([5.0]), MEASURED[:1]).shape == (1,)
    between = running.normalise(np.array([3.5]), MEASURED)[0]
    low, high = running.normalise(np.array([3.0, 4.0]), MEASURED)
    assert low <= between <= high


class Spy(RunningTransform):
    """Remembers what it was shown."""

    def __init__(self):
        super().__init__("rank-gaussian")
        self.shown = []

    def normalise(self, scores, queried):
        self.shown.append(np.array(queried))
        return super().normalise(scores, queried)


def test_ledger_scorer_shows_its_normaliser_queried_scores_alone(tiny):
    spy = Spy()
    ledger = tiny.ledger(4)
    scorer = LedgerScorer(ledger, spy)
    order = [6, 1, 2, 5]
    for count, row in enumerate(order, start=1):
        score = scorer.score(SPACE.from_index([row]))
        scorer.value(score)
        seen = SCORES[order[:count]]
        np.testing.assert_array_equal(spy.shown[-1], seen[~np.isnan(seen)])
    assert ledger.queries == 4
    scorer.score(SPACE.from_index([1, 6]))  # known, so free
    assert ledger.queries == 4
    with pytest.raises(BudgetExhaustedError):
        scorer.score(SPACE.from_index([0]))


def test_a_failed_query_counts_as_the_worst_seen(tiny):
    scorer = LedgerScorer(tiny.ledger(5), RunningTransform("min-max"))
    assert scorer.score(SPACE.from_index([2]))[0] == 0.0  # nothing else is known yet
    np.testing.assert_array_equal(scorer.score(SPACE.from_index([6, 5, 2])), [4.0, 0.5, 0.5])


def test_known_edits_are_the_queried_neighbours():
    task = make_task(SPACE, lambda text: 1.0)
    ledger = task.ledger(9)
    scorer = LedgerScorer(ledger, RunningTransform("identity"))
    assert scorer.known_edits(SPACE.arrays) is None
    queried = SPACE.from_index([0, 4, 5])
    scorer.score(queried)
    known = scorer.known_edits(SPACE.arrays)
    expected = np.isin(SPACE.next_index, [0, 4, 5])
    expected &= SPACE.next_index != np.arange(9)[:, None]
    np.testing.assert_array_equal(known, expected)
    silent = LedgerScorer(ledger, RunningTransform("identity"), avoid_known=False)
    assert silent.known_edits(SPACE.arrays) is None


def test_mask_leaves_known_edits_out_while_others_remain():
    from rlnas.envs import ImprovementCore

    ledger = make_task(SPACE, lambda text: float(len(text))).ledger(9)
    core = ImprovementCore(LedgerScorer(ledger, RunningTransform("identity")))
    state = core.reset(1, np.random.default_rng(0), SPACE.from_index([0]))
    legal = SPACE.legal[0]
    np.testing.assert_array_equal(core.mask(state)[0, :-1], legal)
    neighbours = np.unique(SPACE.next_index[0][legal])
    for i, row in enumerate(neighbours):
        core.scorer.score(SPACE.from_index([row]))
        left = legal & ~np.isin(SPACE.next_index[0], neighbours[: i + 1])
        # When every edit is known, all are allowed again: standing still would be worse.
        np.testing.assert_array_equal(core.mask(state)[0, :-1], left if left.any() else legal)
