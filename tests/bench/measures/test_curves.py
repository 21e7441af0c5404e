"""Learning curves of both engines, and whether two sets of them agree."""

import json

import numpy as np
import pytest

from rlnas.bench.measures.curves import compare_curves, measure_curves
from rlnas.errors import InvalidArgumentError


def test_curves_of_both_engines(task):
    result = measure_curves(task, count=3, steps=4_000, points=2, searches=2)
    assert json.loads(json.dumps(result)) == result
    assert result["steps"] == [2_000, 4_000]
    assert set(result["measures"]) == {"return", "score", "rank"}
    for measure in result["measures"].values():
        for curve in measure["engines"].values():
            values = np.array(curve["values"])
            assert values.shape == (2, 3)
            assert np.isfinite(values).all()
            assert len(set(values[0].tolist())) > 1  # seeds differ
    with pytest.raises(InvalidArgumentError, match="points"):
        measure_curves(task, points=0)


def test_curves_that_agree_and_curves_that_do_not():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 3, 20))
    alike = compare_curves(one, one + 1e-3)
    assert alike["inside"] == [{"device": True, "sb3": True}] * 3
    assert alike["whole"]["inside"] == {"device": True, "sb3": True}
    assert not alike["whole"]["difference"]["excludes_zero"]
    apart = compare_curves(one + 5, other)
    assert apart["inside"] == [{"device": False, "sb3": False}] * 3
    assert apart["whole"]["inside"] == {"device": False, "sb3": False}
    assert apart["whole"]["difference"]["low"] > 3


def test_no_interval_of_ranks_begins_below_the_first():
    rng = np.random.default_rng(0)
    one, other = 1 + rng.exponential(size=(2, 3, 6)) ** 3
    plain, ranks = compare_curves(one, other), compare_curves(one, other, ranks=True)
    assert min(plain["engines"]["device"]["low"]) < 1 <= min(ranks["engines"]["device"]["low"])
    assert ranks["engines"]["device"]["iqm"] == plain["engines"]["device"]["iqm"]
    assert ranks["whole"]["engines"]["sb3"]["low"] >= 1
