"""Growth is measured for every size asked for, and sizes are counted right."""

import json

import pytest

from rlnas.agents import PolicyConfig
from rlnas.agents.networks import build_policy
from rlnas.bench import measure_growth
from rlnas.bench.measures.growth import cell_space
from rlnas.envs import ImprovementConfig, TableScorer, make_core
from rlnas.errors import InvalidArgumentError


def check(spread):
    assert 0 < spread["min"] <= spread["median"] <= spread["max"]


def test_small_growth(task):
    result = measure_growth(
        task, num_envs=[1, 64, 512], widths=[16], large_spaces=[3], seconds=0.03, repeats=1
    )
    assert json.loads(json.dumps(result)) == result
    by_envs = result["num_envs"]
    assert [row["num_envs"] for row in by_envs] == [1, 64, 512]
    for row in (*by_envs, *result["space"]):
        check(row["env"])
        check(row["ppo"])
    assert by_envs[2]["env"]["median"] > 20 * by_envs[0]["env"]["median"]
    assert by_envs[2]["ppo"]["median"] > 10 * by_envs[0]["ppo"]["median"]

    layout = make_core(TableScorer(task, "log-rank"), ImprovementConfig()).layout
    kinds = [(row["kind"], row["width"]) for row in result["network"]]
    assert kinds == [("mlp", 16), ("transformer", 16)]
    for row in result["network"]:
        check(row["ppo"])
        config = PolicyConfig(kind=row["kind"], width=16)
        network = build_policy(config, task.space, layout, seed=0)
        assert row["parameters"] == sum(p.numel() for p in network.parameters())

    sizes = {row["space"]: (row["size"], row["edits"]) for row in result["space"]}
    assert sizes == {
        "transnas-macro": (3256, 30),
        "transnas-micro": (4096, 24),
        "nasbench-201": (15625, 30),
        "cell-3": (64, 12),
    }
    tiny = result["space"][-1]
    # Scores, next_index and neighbours, float32 features, signs: for 64 × 12 edits.
    # The first has a column for stopping, the second words and bits.
    assert tiny["table_bytes"] == 64 * (8 + 13 * 4 + 2 * 12 * 4 + (12 + 12) * 4 + 12)
    assert tiny["space_bytes"] == 64 * (3 + 12 + 12 * 4)
    assert tiny["visited_bytes"] == 4 * 3
    assert min(tiny["space_seconds"], tiny["table_seconds"]) > 0


def test_cell_spaces():
    assert [cell_space(edges).size for edges in (1, 10)] == [4, 2**20]
    assert cell_space(10).indexable


@pytest.mark.parametrize("options", [{"num_envs": [0]}, {"widths": [-2]}, {"large_spaces": [11]}])
def test_mistakes(task, options):
    with pytest.raises(InvalidArgumentError, match="up to 10"):
        measure_growth(task, **options)
