"""Sources of another suite: refused where it would be no transfer, told apart by name elsewhere."""

import dataclasses

import pytest

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import source_kind
from rlnas.spaces import get_space
from rlnas.transfer import MatrixConfig, run_matrix
from rlnas.transfer.matrix.cross_suite import check_source_suite

MICRO, NAS201 = get_space("transnas-micro"), get_space("nasbench-201")
TRANSFORMER = ControllerConfig(
    network=PolicyConfig(kind="transformer", width=8, layers=1),
    ppo=PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=1),
)


def plan(**options):
    given = {
        "suite": "nasbench-201",
        "tasks": ("a", "b"),
        "source_suite": "transnas-micro",
        "source_tasks": ("b", "c"),
        "methods": ("scratch", "zero-shot"),
        "controller": TRANSFORMER,
    }
    return MatrixConfig(**(given | options))


def test_the_same_task_in_another_table_of_one_space_is_refused():
    config = plan()
    with pytest.raises(InvalidArgumentError, match=r"share the tasks b: .* has seen its target"):
        check_source_suite(config, MICRO, MICRO)
    check_source_suite(dataclasses.replace(config, source_tasks=("c", "d")), MICRO, MICRO)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"controller": ControllerConfig()}, r"PolicyConfig\(kind='transformer'\)"),
        (
            {"methods": ("scratch", "transfer-bo")},
            "transfer-bo: .* policies alone are scratch",
        ),
        ({"methods": ("scratch", "guided-reuse")}, "guided-reuse: .*one search space"),
        ({"methods": ("scratch", "selected-source")}, "selected-source: .*one search space"),
        ({"estimators": ("ensemble",)}, "Leave the estimators out"),
    ],
)
def test_what_needs_one_space_is_refused_before_training(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        check_source_suite(plan(**options), NAS201, MICRO)
    if "controller" in options or "estimators" in options:  # on one space they are welcome
        check_source_suite(plan(source_tasks=("c",), **options), MICRO, MICRO)


def test_what_needs_policies_alone_may_cross_spaces():
    methods = ("weight-init", "shared-representation", "policy-reuse", "kickstarting", "jump-start")
    check_source_suite(plan(methods=(*methods, "joint", "random")), NAS201, MICRO)


def test_a_source_of_another_space_with_a_targets_name_is_no_bound():
    config = plan()
    assert config.label("b") == "transnas-micro/b"
    assert source_kind(config.label("b"), "b") == "single"
    assert config.label("c") == "c"
    assert config.label("others") == "others"
    own = plan(source_suite=None, source_tasks=(), suite="transnas-micro")
    assert source_kind(own.label("b"), "b") == "own"


def test_tables_name_the_suite_of_a_source_with_a_targets_name(tmp_path):
    config = MatrixConfig(
        suite="rooms-micro",
        tasks=("jigsaw",),
        source_suite="rooms-macro",
        source_tasks=("jigsaw",),
        methods=("scratch", "zero-shot"),
        seeds=2,
        queries=5,
        steps=320,
        controller=TRANSFORMER,
    )
    run = run_matrix(config, tmp_path / "run", workers=1, device="cpu")
    rows, curves = run.rows(), run.curves()
    assert set(rows["source"]) == set(curves["source"]) == {"-", "rooms-macro/jigsaw"}
    assert run.finished
    ranks = [load_suite("rooms-micro")["jigsaw"].rank(score) for score in rows["best_score"]]
    assert rows["rank"].tolist() == ranks
