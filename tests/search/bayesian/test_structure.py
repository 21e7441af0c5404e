"""Structure: what is the same network is the same point; kernels are kernels."""

import numpy as np
import pytest

from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.structure import EditKernel, structure_kernel
from rlnas.spaces import CellSpace, get_space
from rlnas.spaces.paths import path_counts


@pytest.mark.parametrize("name", ["transnas-micro", "transnas-macro", "nasbench-201"])
def test_correlations_are_correlations(name):
    space = get_space(name)
    kernel = structure_kernel(space)
    some = np.sort(np.random.default_rng(0).choice(space.size, 150, replace=False))
    for gram in (*kernel.parts(some, some), kernel(some, some)):
        np.testing.assert_allclose(gram, gram.T, atol=1e-6)
        np.testing.assert_allclose(np.diag(gram), 1.0, atol=1e-6)
        assert np.linalg.eigvalsh(gram).min() > -1e-5
        assert ((gram >= 0) & (gram <= 1 + 1e-9)).all()
        assert gram[~np.eye(len(some), dtype=bool)].std() > 0.01


@pytest.mark.parametrize("name", ["transnas-micro", "nasbench-201"])
def test_dead_edges_do_not_count(name):
    """Cells that differ in dead edges alone are one point; others mostly are not."""
    space = get_space(name)
    counts = path_counts(space)
    cleared = space.index(np.stack([space.clear_dead(cell) for cell in space.arrays[::7]]))
    np.testing.assert_array_equal(counts[::7], counts[cleared])
    assert len(np.unique(counts, axis=0)) > 0.3 * len(np.unique(space.canonical_index))


def test_counts_of_a_cell_by_hand():
    space = CellSpace(
        "two-paths",
        [(0, 1), (0, 2), (1, 2)],
        ["none", "skip", "a", "b"],
        none="none",
        identity="skip",
    )
    counts = path_counts(space)
    a_only = counts[space.index(space.parse("none,a,none")[None])[0]]
    assert a_only.sum() > 0
    broken = counts[space.index(space.parse("a,none,none")[None])[0]]
    nothing = counts[space.index(space.parse("none,none,none")[None])[0]]
    np.testing.assert_array_equal(broken, nothing)
    assert not nothing.any()
    through_skip = counts[space.index(space.parse("a,none,skip")[None])[0]]
    other_order = counts[space.index(space.parse("skip,none,a")[None])[0]]
    assert (through_skip != other_order).any()  # which comes first is told apart


def test_structure_tells_more_than_edits():
    """On a suite that is built in, a cell is told from 300 others better by its paths."""
    suite = load_suite("rooms-micro")
    scores = suite["segmentsemantic"].scores
    scores = (scores - scores.mean()) / scores.std()
    rng = np.random.default_rng(0)
    order = rng.permutation(np.unique(suite.space.canonical_index))
    seen, unseen = order[:300], order[300:]
    arrays = suite.space.arrays
    paths = structure_kernel(suite.space)
    explained = []
    for gram in (
        paths,
        lambda a, b: np.exp(-(arrays[a][:, None] != arrays[b]).sum(axis=-1) / 2),
    ):
        weights = np.linalg.solve(gram(seen, seen) + 0.1 * np.eye(300), scores[seen])
        left = scores[unseen] - gram(unseen, seen) @ weights
        explained.append(1 - left.var() / scores[unseen].var())
    assert explained[0] > explained[1] + 0.03


def test_a_cell_without_a_path_is_refused():
    space = CellSpace("apart", [(0, 1), (2, 3)], ["a", "b"])
    with pytest.raises(InvalidArgumentError, match="no path"):
        structure_kernel(space)


def test_any_other_space_goes_by_edits():
    kernel = EditKernel(get_space("transnas-macro"))
    smooth, same = kernel.parts(np.array([3]), np.array([3, 4]))
    assert smooth[0, 0] == same[0, 0] == 1
    assert 0 < smooth[0, 1] < 1
    assert same[0, 1] == 0
