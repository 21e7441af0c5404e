"""The baselines reach the published bars on the real tables.

The bars are mean ranks of the best of B distinct architectures over seven tasks and 20 seeds,
themselves with the noise of 20 seeds; so are ours. A run passes within three standard errors of the
difference of two such means.
"""

import numpy as np
import pytest

from rlnas.search import get_searcher

SEEDS = 20
BARS = {
    ("transnas-micro", "random"): {20: 201, 50: 77},
    ("transnas-micro", "regularised-evolution"): {20: 170, 50: 40},
    ("transnas-micro", "local"): {10: 378, 20: 151, 50: 31},
    ("transnas-macro", "random"): {10: 262, 20: 142, 50: 66},
    ("transnas-macro", "regularised-evolution"): {20: 87, 50: 25},
    ("transnas-macro", "local"): {10: 515, 20: 172, 50: 34},
}


def ranks(suite, name, at):
    """Return the ranks ``(tasks, seeds)`` of the best after ``at`` queries."""
    return np.array(
        [
            [
                task.rank(get_searcher(name).search(task, at, seed).best.score)
                for seed in range(SEEDS)
            ]
            for task in suite.values()
        ]
    )


@pytest.mark.realdata
@pytest.mark.parametrize(("suite_name", "name"), BARS)
def test_mean_rank_is_within_noise_of_the_bar(suite_name, name, real_suite):
    for at, bar in BARS[suite_name, name].items():
        by_seed = ranks(real_suite(suite_name), name, at).mean(axis=0)
        error = by_seed.std(ddof=1) / np.sqrt(SEEDS)
        difference = by_seed.mean() - bar
        assert abs(difference) < 3 * np.sqrt(2) * error, (at, by_seed.mean(), bar, error)


@pytest.mark.realdata
@pytest.mark.parametrize("suite_name", ["transnas-micro", "transnas-macro"])
def test_climbing_beats_drawing(suite_name, real_suite):
    suite = real_suite(suite_name)
    mean = {name: ranks(suite, name, 50).mean() for name in ("random", "local")}
    mean["regularised-evolution"] = ranks(suite, "regularised-evolution", 50).mean()
    assert mean["local"] < 0.75 * mean["random"], mean
    assert mean["regularised-evolution"] < 0.75 * mean["random"], mean
