"""The first queries are spread over what the sources like."""

import numpy as np

from rlnas.search.bayesian.distrust import STRUCTURED, DistrustingPosterior
from rlnas.search.bayesian.opening import Opening
from rlnas.search.bayesian.posterior import Features
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.spaces import get_space

SPACE = get_space("transnas-micro")


def sources(structure=None):
    """Three that agree, and one that likes what they do not."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=SPACE.size)
    columns = [common + 0.1 * rng.normal(size=SPACE.size) for _ in range(3)]
    columns.append(rng.normal(size=SPACE.size) - common)
    return Features(SPACE, np.array(columns), structure)


def test_each_query_lowers_what_is_left_most():
    features = sources()
    opening = Opening(features, STRUCTURED)
    first = int(opening.worth([]).argmax())
    mean = features.prior_mean(STRUCTURED)
    assert (mean > mean[first]).sum() < 50  # half of the weight is the prior mean's
    second = int(opening.worth([first]).argmax())
    other = features.scores[:, 3]
    assert (other > other[second]).sum() < 5  # the one source that the first did not serve
    # What adds nothing is worth what is there already.
    assert np.isclose(opening.worth([first])[first], opening.worth([first]).min())


def test_where_nothing_is_left_to_add_the_prior_mean_goes_on():
    features = sources()
    opening = Opening(features, STRUCTURED)
    mean = features.prior_mean(STRUCTURED)
    heads = [int(mean.argmax()), *features.scores.argmax(axis=0).tolist()]
    worth = opening.worth(heads)
    assert np.argsort(-worth)[:20].tolist() == np.argsort(-mean)[:20].tolist()


def test_a_posterior_opens_so_often_and_no_more():
    features = sources(structure_kernel(SPACE))
    posterior = DistrustingPosterior(features, np.random.default_rng(0), opening=2)
    plain = DistrustingPosterior(features, np.random.default_rng(0))
    asked = []
    for _ in range(3):
        index = int(posterior.worth().argmax())
        asked.append(index)
        for each in (posterior, plain):
            each.worth()
            each.observe(index, float(index % 7))
    assert asked[1] == int(Opening(features, STRUCTURED).worth(asked[:1]).argmax())
    assert np.array_equal(posterior.mean, plain.mean)
    assert posterior.chosen_by == ["sources"] * 3
