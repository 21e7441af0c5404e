"""Repeats: which scores are of trainings of one network."""

import numpy as np

from rlnas.benchmarks.repeats import find_repeats
from rlnas.spaces import get_space

SPACE = get_space("transnas-micro")


def scores_by_class(rng, spread):
    return rng.normal(size=SPACE.size)[SPACE.canonical_index] + spread * rng.normal(size=SPACE.size)


def test_twins_are_equivalent_cells_with_scores_of_their_own():
    scores = scores_by_class(np.random.default_rng(0), 0.1)
    found = find_repeats(SPACE, scores, scores[:, None])
    assert found.source == "twins"
    assert len(found.unit) == SPACE.size
    assert found.num_units == 1376
    assert len(found.groups()) == 314
    assert all(len(group) > 1 for group in found.groups())


def test_equal_numbers_are_one_training():
    scores = scores_by_class(np.random.default_rng(0), 0.0)
    found = find_repeats(SPACE, scores, scores[:, None])
    assert found.source == "none"
    assert len(found.unit) == 1376
    assert np.isnan(found.other_ranks()).all()
    # A coincidence in one task is told by another.
    other = scores_by_class(np.random.default_rng(1), 0.1)
    assert find_repeats(SPACE, scores, np.column_stack([scores, other])).source == "twins"


def test_the_ranks_of_the_others_leave_out_ones_own():
    scores = scores_by_class(np.random.default_rng(2), 0.5)
    ranks = find_repeats(SPACE, scores, scores[:, None]).other_ranks()
    own = 1 + np.array([np.count_nonzero(scores > s) for s in scores])
    alike = np.flatnonzero(SPACE.canonical_index == SPACE.canonical_index[0])
    for place in alike[:5]:
        assert ranks[place] == np.mean(own[alike[alike != place]])
    alone = np.bincount(SPACE.canonical_index, minlength=SPACE.size)[SPACE.canonical_index] == 1
    assert np.array_equal(np.isnan(ranks), alone)


def test_other_seeds_are_trainings_without_what_moves_all_alike():
    rng = np.random.default_rng(3)
    truth = scores_by_class(rng, 0.0)
    by_seed = [truth + 0.1 * rng.normal(size=SPACE.size)[SPACE.canonical_index] for _ in range(3)]
    found = find_repeats(SPACE, by_seed[0], by_seed[0][:, None], [by_seed[1] + 7, by_seed[2]])
    assert found.source == "seeds"
    assert len(found.unit) == 3 * 1376
    assert np.abs(found.score).max() < np.abs(truth).max() + 1
    ranks = [1 + np.array([np.count_nonzero(s > v) for v in s]) for s in by_seed[1:]]
    np.testing.assert_allclose(found.other_ranks(), np.mean(ranks, axis=0))


def test_what_was_not_measured_is_no_training():
    scores = scores_by_class(np.random.default_rng(4), 0.1)
    scores[::2] = np.nan
    found = find_repeats(SPACE, scores, scores[:, None])
    assert len(found.unit) == SPACE.size // 2
    assert (found.unit_of[::2] == -1).all()
    assert np.isnan(found.other_ranks()[::2]).all()
