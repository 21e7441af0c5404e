"""Denoising: nearer to the truth than what was measured, and one network is one score."""

import numpy as np
import pytest

from rlnas.search.bayesian.denoising import denoise
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.spaces import get_space

SPACE = get_space("transnas-micro")
KERNEL = structure_kernel(SPACE)


@pytest.fixture(scope="module")
def truth():
    """Return a draw of the structure kernel: scores that hang together, the same for twins."""
    rng = np.random.default_rng(5)
    points = rng.choice(SPACE.size, 200, replace=False)
    drawn = KERNEL(np.arange(SPACE.size), points) @ rng.normal(size=200)
    return (drawn - drawn.mean()) / drawn.std()


@pytest.mark.parametrize("noise", [0.3, 0.8])
def test_the_noise_of_trainings_is_taken_off(truth, noise):
    rng = np.random.default_rng(1)
    measured = truth + noise * rng.normal(size=SPACE.size)
    found = denoise(SPACE, KERNEL, measured)
    assert np.sqrt(np.mean((found - truth) ** 2)) < 0.65 * noise


def test_equivalent_architectures_have_one_score(truth):
    measured = truth + np.random.default_rng(1).normal(size=SPACE.size)
    found = denoise(SPACE, KERNEL, measured)
    np.testing.assert_array_equal(found, found[SPACE.canonical_index])


def test_what_was_not_measured_is_predicted(truth):
    rng = np.random.default_rng(2)
    measured = np.where(rng.random(SPACE.size) < 0.3, truth, np.nan)
    found = denoise(SPACE, KERNEL, measured)
    unknown = np.isnan(measured)
    assert np.corrcoef(found[unknown], truth[unknown])[0, 1] > 0.9


def test_what_tells_the_best_apart_is_kept():
    """Most networks are middling and noisy; by these alone what is rough would be called noise."""
    rng = np.random.default_rng(7)
    points = rng.choice(SPACE.size, 400, replace=False)
    parts = (part @ rng.normal(size=400) for part in KERNEL.parts(np.arange(SPACE.size), points))
    smooth, rough = ((part - part.mean()) / part.std() for part in parts)
    best = smooth > np.quantile(smooth, 0.85)
    truth = smooth + 0.4 * best * rough
    measured = truth + np.where(best, 0.1, 0.4) * rng.normal(size=SPACE.size)
    found = denoise(SPACE, KERNEL, measured)
    assert np.corrcoef((found - smooth)[best], rough[best])[0, 1] > 0.9


def test_nothing_measured_is_nothing():
    assert not denoise(SPACE, KERNEL, np.full(SPACE.size, np.nan)).any()
