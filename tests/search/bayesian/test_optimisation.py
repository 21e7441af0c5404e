"""Model-based searches: they find, they leave failures out, they keep several in flight apart."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import get_searcher
from rlnas.search.bayesian.optimisation import ForestSearch, GaussianProcessSearch
from rlnas.spaces import get_space
from rlnas.tasks import Task, make_task

SPACE = get_space("transnas-micro")


@pytest.mark.parametrize("acquisition", ["ei", "ucb", "thompson"])
@pytest.mark.parametrize("name", ["bo-forest", "bo-gp", "bo-ensemble"])
def test_it_finds_what_random_search_does_not(name, acquisition):
    task = make_task(SPACE, lambda v: float((v == 3) @ np.arange(1, 7)), pass_as="vector")
    best = [
        get_searcher(name, acquisition=acquisition).search(task, 40, seed=s).best.score
        for s in range(4)
    ]
    random = [get_searcher("random").search(task, 40, seed=s).best.score for s in range(4)]
    assert np.mean(best) > np.mean(random) + 1


def test_failures_never_enter_the_model(monkeypatch):
    seen = []
    fit = GaussianProcessSearch().surrogate(SPACE, np.random.default_rng(0)).__class__.fit

    def spy(self, vectors, scores):
        seen.append((vectors, scores))
        fit(self, vectors, scores)

    monkeypatch.setattr("rlnas.search.bayesian.gaussian_process.GaussianProcess.fit", spy)

    def flaky(vector):
        if vector[0] == 1:
            raise RuntimeError("lost")
        return float(vector.sum())

    result = GaussianProcessSearch().search(make_task(SPACE, flaky, pass_as="vector"), 30)
    assert any(record.evaluation.failed for record in result.records)
    for vectors, scores in seen:
        assert np.isfinite(scores).all()
        assert (vectors[:, 0] != 1).all()


def test_a_batch_has_no_two_of_one_query(several):
    objective = several(6)
    ForestSearch().search(Task("t", SPACE, objective), 40, canonical_free=True)
    assert [len(batch) for batch in objective.batches] == [10, 6, 6, 6, 6, 6]
    for batch in objective.batches:
        assert len({SPACE.canonical_key(vector) for vector in batch}) == len(batch)


@pytest.mark.parametrize(
    "options", [{"acquisition": "best"}, {"initial": 1}, {"pool": 0}, {"beta": -1.0}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        ForestSearch(**options)
