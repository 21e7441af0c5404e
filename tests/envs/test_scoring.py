"""Scorers: what an environment sees of a table, and of a ledger."""

import numpy as np
import pytest

from rlnas.envs import (
    LedgerScorer,
    RunningTransform,
    TableScorer,
)
from rlnas.errors import BudgetExhaustedError
from rlnas.tasks import make_task


class Spy(RunningTransform):
    """Remembers what it was shown."""

    def __init__(self):
        super().__init__("rank-gaussian")
        self.shown = []

    def normalise(self, scores, queried):
        self.shown.append(np.array(queried))
        return super().normalise(scores, queried)


def test_table_scorer_gives_unmeasured_architectures_the_lowest_score(tiny):
    scorer = TableScorer(tiny, "log-rank")
    scores = scorer.score(tiny.space.arrays)
    assert np.isfinite(scores).all()
    assert scores[2] == scores[4] == scores.min()
    np.testing.assert_array_equal(scorer.value(scores), scores)
    assert scorer.known_edits(tiny.space.arrays) is None


def test_ledger_scorer_shows_its_normaliser_queried_scores_alone(tiny):
    spy = Spy()
    ledger = tiny.ledger(4)
    scorer = LedgerScorer(ledger, spy)
    order = [6, 1, 2, 5]
    for count, row in enumerate(order, start=1):
        score = scorer.score(tiny.space.from_index([row]))
        scorer.value(score)
        seen = tiny.scores[order[:count]]
        np.testing.assert_array_equal(spy.shown[-1], seen[~np.isnan(seen)])
    assert ledger.queries == 4
    scorer.score(tiny.space.from_index([1, 6]))  # known, so free
    assert ledger.queries == 4
    with pytest.raises(BudgetExhaustedError):
        scorer.score(tiny.space.from_index([0]))


def test_a_failed_query_counts_as_the_worst_seen(tiny):
    scorer = LedgerScorer(tiny.ledger(5), RunningTransform("min-max"))
    assert scorer.score(tiny.space.from_index([2]))[0] == 0.0  # nothing else is known yet
    np.testing.assert_array_equal(scorer.score(tiny.space.from_index([6, 5, 2])), [4.0, 0.5, 0.5])


def test_known_edits_are_the_queried_neighbours(tiny):
    task = make_task(tiny.space, lambda text: 1.0)
    ledger = task.ledger(9)
    scorer = LedgerScorer(ledger, RunningTransform("identity"))
    assert scorer.known_edits(tiny.space.arrays) is None
    queried = tiny.space.from_index([0, 4, 5])
    scorer.score(queried)
    known = scorer.known_edits(tiny.space.arrays)
    expected = np.isin(tiny.space.next_index, [0, 4, 5])
    expected &= tiny.space.next_index != np.arange(9)[:, None]
    np.testing.assert_array_equal(known, expected)
    silent = LedgerScorer(ledger, RunningTransform("identity"), avoid_known=False)
    assert silent.known_edits(tiny.space.arrays) is None


def test_mask_leaves_known_edits_out_while_others_remain(tiny):
    from rlnas.envs import ImprovementCore

    ledger = make_task(tiny.space, lambda text: float(len(text))).ledger(9)
    core = ImprovementCore(LedgerScorer(ledger, RunningTransform("identity")))
    state = core.reset(1, np.random.default_rng(0), tiny.space.from_index([0]))
    legal = tiny.space.legal[0]
    np.testing.assert_array_equal(core.mask(state)[0, :-1], legal)
    neighbours = np.unique(tiny.space.next_index[0][legal])
    for i, row in enumerate(neighbours):
        core.scorer.score(tiny.space.from_index([row]))
        left = legal & ~np.isin(tiny.space.next_index[0], neighbours[: i + 1])
        # When every edit is known, all are allowed again: standing still would be worse.
        np.testing.assert_array_equal(core.mask(state)[0, :-1], left if left.any() else legal)
