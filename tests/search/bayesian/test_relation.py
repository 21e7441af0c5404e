"""The relation predictor learns an order from few, whatever the scale of the scores."""

import numpy as np

from rlnas.search.bayesian.relation import RelationNetwork, RelationSearch
from rlnas.spaces import get_space
from rlnas.tasks import make_task

MICRO = get_space("transnas-micro")


def test_it_orders_what_it_has_not_seen():
    rng = np.random.default_rng(0)
    vectors = MICRO.sample(200, rng)
    scores = np.exp((vectors == 3).sum(axis=1) + 0.1 * rng.normal(size=200))
    network = RelationNetwork(MICRO, rng, hidden=32, layers=2)
    network.fit(vectors[:60], scores[:60], 100)
    held = network.predict(vectors[60:])
    assert np.corrcoef(held, np.log(scores[60:]))[0, 1] > 0.7


def test_it_finds_more_than_its_first_random_queries():
    task = make_task(MICRO, lambda v: float((v == 3) @ np.arange(1, 7)), pass_as="vector")
    result = RelationSearch().search(task, 60)
    assert result.best_so_far[-1] >= result.best_so_far[9] + 3
