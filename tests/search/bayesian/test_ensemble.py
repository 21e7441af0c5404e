"""An ensemble is a mixture: means averaged, disagreement added to the variance."""

import numpy as np

from rlnas.search.bayesian.ensemble import Ensemble
from rlnas.search.bayesian.gaussian_process import GaussianProcess
from rlnas.spaces import get_space

SPACE = get_space("transnas-micro")


def test_it_is_the_mixture_of_its_members():
    rng = np.random.default_rng(0)
    vectors = SPACE.sample(20, rng)
    members = [GaussianProcess(SPACE, rng, kernel) for kernel in ("structure", "operations")]
    ensemble = Ensemble(members)
    ensemble.fit(vectors, vectors.sum(axis=1).astype(float))
    one, two = (member.predict(SPACE.arrays) for member in members)
    both = ensemble.predict(SPACE.arrays)
    np.testing.assert_allclose(both.mean, (one.mean + two.mean) / 2)
    apart = ((one.mean - two.mean) / 2) ** 2
    np.testing.assert_allclose(both.variance, (one.variance + two.variance) / 2 + apart)
