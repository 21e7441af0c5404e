"""A matrix is the same wherever it ran."""

import pytest
from pandas.testing import assert_frame_equal

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig
from rlnas.processes import InProcess, make_executor
from rlnas.transfer import MatrixConfig, run_matrix

SMALL = MatrixConfig(
    suite="synthetic-micro",
    tasks=("synthetic-0", "synthetic-1"),
    methods=("scratch", "zero-shot", "weight-init", "random"),
    estimators=("rank-correlation",),
    seeds=2,
    free_seeds=3,
    queries=8,
    steps=512,
    controller=ControllerConfig(
        network=PolicyConfig(width=16), ppo=PPOConfig(num_envs=32, n_steps=16, batch_size=256)
    ),
)


def tables(run):
    return run.rows().drop(columns="seconds"), run.curves(), run.similarities()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return tables(run_matrix(SMALL, tmp_path_factory.mktemp("matrix") / "local", device="cpu"))


@pytest.mark.parametrize("where", ["in-process", pytest.param("ray", marks=pytest.mark.ray)])
def test_a_matrix_is_the_same_row_by_row(where, local, tmp_path, request):
    if where == "ray":
        request.getfixturevalue("ray_cluster")
    with InProcess() if where == "in-process" else make_executor("ray") as executor:
        found = run_matrix(SMALL, tmp_path / "run", device="cpu", executor=executor)
    for one, other in zip(tables(found), local, strict=True):
        assert_frame_equal(one, other)
