"""Deconvolution: simulated measurements whose truth is known."""

import numpy as np
import pytest
from scipy import integrate, stats

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.deconvolution import (
    MeasurementNoise,
    deconvolve,
    fit_noise,
    mixing_weights,
    spread_within,
)


def measured(rng, truth, noise, counts):
    """Return measurements and their units, and the groups of those measured more than once."""
    units = np.repeat(np.arange(len(truth)), counts)
    values = truth[units] + noise.draw(rng, len(units))
    groups = [values[units == u] for u in np.flatnonzero(counts > 1)]
    return values, units, groups


@pytest.mark.parametrize("tail", [0.0, 0.3, 0.8])
def test_the_noise_has_the_moments_it_says(tail):
    noise = MeasurementNoise(2.0, tail)

    def moment(power):
        return integrate.quad(lambda x: x**power * np.exp(noise.log_density(x)), -60, 30)[0]

    assert moment(0) == pytest.approx(1, abs=1e-6)
    assert moment(1) == pytest.approx(0, abs=1e-6)
    assert moment(2) == pytest.approx(4, abs=1e-5)
    assert moment(3) / 8 == pytest.approx(-2 * tail**3, abs=1e-4)
    drawn = noise.draw(np.random.default_rng(0), 200_000)
    assert drawn.mean() == pytest.approx(0, abs=0.03)
    assert drawn.std() == pytest.approx(2, rel=0.01)
    assert stats.skew(drawn) == pytest.approx(-2 * tail**3, abs=0.08)


@pytest.mark.parametrize(("sd", "tail"), [(0.0, 0.0), (-1.0, 0.0), (1.0, 1.0), (np.nan, 0.0)])
def test_noise_out_of_range_is_refused(sd, tail):
    with pytest.raises(InvalidArgumentError, match="expected"):
        MeasurementNoise(sd, tail)


@pytest.mark.parametrize("tail", [0.0, 0.8])
def test_the_noise_is_found_again(tail):
    rng = np.random.default_rng(1)
    counts = rng.choice([2, 3, 4, 6], size=400)
    truth = rng.normal(0, 3, size=400)
    *_, groups = measured(rng, truth, MeasurementNoise(0.5, tail), counts)
    found = fit_noise(groups)
    assert found.sd == pytest.approx(0.5, rel=0.1)
    assert found.tail == pytest.approx(tail, abs=0.35 if tail == 0 else 0.08)
    assert fit_noise(groups, skewed=False) == MeasurementNoise(spread_within(groups))


def test_noise_of_equal_repeats_cannot_be_fitted():
    with pytest.raises(InvalidArgumentError, match="that differ"):
        fit_noise([np.ones(3), np.zeros(2)])
    with pytest.raises(InvalidArgumentError, match="that differ"):
        fit_noise([])
    assert np.isnan(spread_within([]))


def test_weights_are_the_most_likely_ones():
    rng = np.random.default_rng(2)
    components = np.linspace(-4, 4, 81)
    likelihood = stats.norm.pdf(
        rng.choice([-2.0, 1.0], size=500)[:, None] + rng.normal(size=(500, 1)) - components
    )
    weights = mixing_weights(likelihood)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    # Kiefer and Wolfowitz's condition: no component would gain, those in use are even.
    gradient = (likelihood / (likelihood @ weights)[:, None]).mean(axis=0)
    assert gradient.max() <= 1 + 1e-6
    np.testing.assert_allclose(gradient[weights > 1e-6], 1, atol=1e-6)


def test_factors_of_rows_do_not_matter():
    rng = np.random.default_rng(3)
    likelihood = rng.random((50, 10))
    scaled = likelihood * 10.0 ** rng.integers(-50, 50, size=(50, 1))
    np.testing.assert_allclose(mixing_weights(scaled), mixing_weights(likelihood), atol=1e-6)


@pytest.mark.parametrize("tail", [0.0, 0.8])
def test_the_truth_is_recovered_better_than_it_was_read(tail):
    rng = np.random.default_rng(4)
    truth = rng.choice([0.0, 1.0, 3.0], p=[0.2, 0.5, 0.3], size=1000) + rng.normal(0, 0.2, 1000)
    counts = np.where(rng.random(1000) < 0.2, 3, 1)
    noise = MeasurementNoise(0.8, tail)
    values, units, _ = measured(rng, truth, noise, counts)
    found = deconvolve(values, units, noise)
    means = np.bincount(units, values) / counts
    error = np.sqrt(np.mean((found.mean - truth) ** 2))
    assert error < 0.85 * np.sqrt(np.mean((means - truth) ** 2))
    assert found.between == pytest.approx(truth.std(), rel=0.1)
    # What it says of its own error is so.
    assert np.sqrt(np.mean(found.sd**2)) == pytest.approx(error, rel=0.15)


def test_posterior_draws_are_like_the_truth():
    """Averaged over units a draw and the truth are alike, as is what is chosen by either."""
    rng = np.random.default_rng(5)
    noise = MeasurementNoise(1.0, 0.7)
    drawn, known = [], []
    for _ in range(5):
        truth = rng.gamma(4.0, 0.7, size=800)
        values, units, _ = measured(rng, truth, noise, np.ones(800, dtype=int))
        found = deconvolve(values, units, noise)
        for value in [found.draw(rng) for _ in range(40)]:
            read = values[np.argsort(-value)[:40]]
            drawn.append([value.mean(), value.std(), np.mean(value * values), read.mean()])
        read = values[np.argsort(-truth)[:40]]
        known.append([truth.mean(), truth.std(), np.mean(truth * values), read.mean()])
    np.testing.assert_allclose(np.mean(drawn, axis=0), np.mean(known, axis=0), rtol=0.05)


def test_a_wide_table_has_a_grid_where_there_is_something():
    rng = np.random.default_rng(6)
    truth = np.concatenate([rng.normal(94, 0.1, 500), rng.uniform(0, 90, 50)])
    noise = MeasurementNoise(0.04)
    values, units, _ = measured(rng, truth, noise, np.ones(550, dtype=int))
    found = deconvolve(values, units, noise)
    assert np.abs(found.mean - truth).max() < 6 * noise.sd


@pytest.mark.parametrize(
    ("values", "units"),
    [([1.0, 2.0], [0]), ([1.0, np.nan], [0, 1]), ([], []), ([1.0, 2.0], [0, 2])],
)
def test_arrays_that_do_not_fit_are_refused(values, units):
    with pytest.raises(InvalidArgumentError, match="expected"):
        deconvolve(values, np.asarray(units, dtype=int), MeasurementNoise(1.0))
