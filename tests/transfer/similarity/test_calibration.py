"""What sources teach of each other is read from the sources alone."""

import numpy as np
import pytest

from rlnas.transfer.similarity import CalibratedDesign, RankCorrelation
from rlnas.transfer.similarity.calibration import CANDIDATES, head_results, replay

NAMES = ("sun-2", "rain-1", "rain-2", "sun-upside-down")


def test_head_results_are_best_where_the_tasks_are_kin(family):
    sources = family.known(*NAMES)
    found = head_results(sources, family.tasks["sun-1"].space)
    assert found.shape == (4, 4)
    assert np.diag(found).tolist() == [0.0] * 4, "every head holds its own best"
    assert found[1, 2] == max(found[i, 2] for i in (0, 1, 3))


def test_a_replay_holds_the_same_queries_with_the_sources_scores(family):
    ledger = family.tasks["sun-1"].ledger(5)
    for vector in ledger.space.from_index(np.arange(5)):
        ledger.query(vector)
    (source,) = family.known("rain-1")
    again = replay(source, ledger)
    assert np.array_equal(again.vectors(), ledger.vectors())
    assert again.scores() == pytest.approx(source.scores[:5])


def test_the_chosen_design_is_the_sources_own_and_kept(family):
    sources, space = family.known(*NAMES), family.tasks["sun-1"].space
    estimator = RankCorrelation(resamples=20)
    design = CalibratedDesign([estimator])
    found = design.choose(sources, space, 8)
    assert found in CANDIDATES
    assert found == CalibratedDesign([estimator]).choose(sources, space, 8)
    assert design.choose(sources[:3], space, 8) == "mixed"
    probed = []
    for given in (design, "auto", found):
        estimator.design = given
        ledger = family.tasks["sun-1"].ledger(8)
        estimator.probe(sources, ledger, np.random.default_rng(0), 8)
        probed.append([record.architecture for record in ledger.records])
        assert ledger.queries == 8
    assert probed[0] == probed[1] == probed[2]
