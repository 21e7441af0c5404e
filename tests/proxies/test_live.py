"""Proxies computed while a search runs."""

import numpy as np

from rlnas.datasets.spec import task_spec
from rlnas.networks import SkeletonConfig
from rlnas.proxies import proxy_scores
from rlnas.proxies.live import LiveProxies
from rlnas.search import get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import make_task

MICRO = get_space("transnas-micro")
SMALL = SkeletonConfig(width=4, stem_strides=(2, 1), modules="41", cells_per_module=1)
SPEC = task_spec("class_object", outputs=10, image_size=16)


def test_they_are_what_scoring_says_and_computed_once(monkeypatch):
    live = LiveProxies(MICRO, SPEC, SMALL)
    assert "synflow" in live.names
    assert "snip" not in live.names  # it needs images
    found = live.values(["params", "synflow"], MICRO.arrays[-3:])
    for row, name in zip(found, ("params", "synflow"), strict=True):
        text = MICRO.format(MICRO.arrays[-1])
        assert row[-1] == proxy_scores(MICRO, text, SPEC, SMALL, names=[name])[name].value
    monkeypatch.setattr("rlnas.proxies.live.proxy_scores", None)
    assert np.array_equal(live.values(["params", "synflow"], MICRO.arrays[-3:]), found)


def test_their_seconds_are_the_cost_of_a_search():
    task = make_task(MICRO, lambda text: {"score": text.count("3"), "cost": 0.0})
    task.proxies = LiveProxies(MICRO, SPEC, SMALL)
    options = {"proxies": ("synflow",), "live": 5}
    result = get_searcher("proxy-rank", **options).search(task, 5)
    assert result.cost > 0
