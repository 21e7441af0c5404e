"""Which cells a matrix has, what each is trained on; no source is its target by accident."""

import itertools
import json

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.runs.cell import ALL_TASKS, NO_SOURCE, OTHERS, RunCell
from rlnas.search.registry import SEARCHERS
from rlnas.transfer import MatrixConfig, get_method, make_method, register_method
from rlnas.transfer.matrix.config import known_methods
from rlnas.transfer.matrix.trainings import Training
from rlnas.transfer.sources import SourcePool

TASKS = ("a", "b", "c")


def plan(*methods, **options):
    return MatrixConfig(
        **{"suite": "synthetic-micro", "tasks": TASKS, "methods": methods} | options
    )


def rows(config, method):
    return list(dict.fromkeys(c.source for c in config.cells() if c.method == method))


def test_a_method_has_a_row_for_what_it_can_start_from():
    config = plan("scratch", "zero-shot", "policy-reuse", "joint", "random")
    assert rows(config, "scratch") == rows(config, "random") == [NO_SOURCE]
    assert rows(config, "zero-shot") == [*TASKS]
    assert rows(config, "policy-reuse") == [*TASKS, OTHERS]
    assert rows(config, "joint") == [OTHERS, ALL_TASKS]


def test_what_can_start_from_several_sources_may_be_measured_from_others_alone():
    methods = ("scratch", "zero-shot", "policy-reuse", "transfer-bo", "joint", "random")
    config = plan(*methods, prefer_others=True)
    assert rows(config, "scratch") == rows(config, "random") == [NO_SOURCE]
    assert rows(config, "zero-shot") == [*TASKS]
    assert rows(config, "policy-reuse") == rows(config, "transfer-bo") == [OTHERS]
    assert rows(config, "joint") == [OTHERS, ALL_TASKS]
    # The rows that are left are those of the whole matrix, cell by cell.
    assert set(config.cells()) < set(plan(*methods).cells())
    assert MatrixConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert "prefer_others" not in plan(*methods).to_dict()


def test_others_never_holds_the_target():
    config = plan(*known_methods())
    for cell in config.cells():
        tasks = config.pool(cell.source, cell.target)
        if cell.source == OTHERS:
            assert set(tasks) == set(TASKS) - {cell.target}
        for training in config.trainings_of(cell):
            assert set(training.tasks) <= set(tasks)
            if cell.source == OTHERS:
                assert cell.target not in training.tasks


def test_searches_that_run_together_share_their_sources():
    config = plan(*known_methods(), seeds=4)
    for group in config.groups():
        assert len({config.trainings_of(cell) for cell in group}) == 1
    assert sorted(itertools.chain(*config.groups())) == sorted(config.cells())


def test_each_controller_is_trained_once_and_with_its_like():
    config = plan("zero-shot", "policy-reuse", "joint", "shared-representation", sources_together=2)
    batches = config.batches()
    every = list(itertools.chain(*batches))
    assert len(every) == len(set(every))
    assert {t for cell in config.cells() for t in config.trainings_of(cell)} == set(every)
    for batch in batches:
        assert len(batch) <= 2
        assert len({(t.kind, len(t.tasks)) for t in batch}) == 1
    paths = [training.path for training in every]
    assert len(paths) == len(set(paths))
    assert Training("joint", "without-b", ("a", "c")) in every
    assert Training("joint", "all", TASKS) in every


def test_estimators_need_every_controller():
    config = plan("scratch", "random", estimators=("rank-correlation",))
    assert {t.name for batch in config.batches() for t in batch} == set(TASKS)


def test_sources_of_another_suite_are_all_used_and_none_is_left_out():
    config = plan(
        *("scratch", "zero-shot", "joint"), source_suite="nasbench-201", source_tasks=("a", "x")
    )
    assert rows(config, "zero-shot") == ["a", "x"]
    assert rows(config, "joint") == [OTHERS]
    # A task of the same name in another suite is another task.
    assert config.pool(OTHERS, "a") == ("a", "x")
    cell = RunCell("joint", OTHERS, "a", 0)
    assert config.trainings_of(cell) == (Training("joint", "all", ("a", "x")),)


def test_two_tasks_leave_one_other():
    config = plan("policy-reuse", tasks=("a", "b"))
    assert config.pool(OTHERS, "a") == ("b",)


def test_one_task_has_no_others():
    config = plan("scratch", "joint", tasks=("a",), source_suite=None)
    assert rows(config, "joint") == [ALL_TASKS]


def test_the_configuration_survives_its_file():
    config = plan(*known_methods(), estimators=("ensemble",), probes=7)
    assert MatrixConfig.from_dict(config.to_dict()) == config


def test_options_of_methods_survive_their_file_and_are_absent_where_there_are_none():
    options = {"weight-init": {"parts": ("encoder",), "shrink": 0.5}, "scratch": {}}
    tree = json.loads(json.dumps(plan("scratch", "weight-init", options=options).to_dict()))
    assert tree["options"] == {"weight-init": {"parts": ["encoder"], "shrink": 0.5}}
    assert MatrixConfig.from_dict(tree).to_dict() == tree
    assert "options" not in plan("scratch").to_dict()
    with pytest.raises(UnknownNameError, match="weight-init"):
        plan("scratch", options={"weight-init": {"shrink": 0.5}})


def test_an_old_configuration_is_read_as_it_was_meant():
    tree = plan("scratch").to_dict()
    for name in ("source_suite", "source_tasks", "estimators", "probes"):
        del tree[name]
    for name in [name for name in tree["fine_tuning"] if name.startswith("rehearsal")]:
        del tree["fine_tuning"][name]
    config = MatrixConfig.from_dict(tree)
    assert config.fine_tuning.rehearsal == "none"
    assert config.source_suite is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ("zero-shott",)}, "zero-shot"),
        ({"estimators": ("rank-corelation",)}, "rank-correlation"),
        ({"source_tasks": ("a",)}, "source_suite"),
        ({"probes": 0}, "probes"),
        ({"methods": ("random", "random")}, "twice"),
    ],
)
def test_what_makes_no_plan_is_said(options, message):
    with pytest.raises((InvalidArgumentError, UnknownNameError), match=message):
        plan(*options.pop("methods", ("scratch",)), **options)


def test_a_users_method_joins_the_matrix():
    made = []

    def factory(pool, settings):
        made.append(pool)
        return object()

    register_method("mine", factory, takes=("none", "one"))
    try:
        assert rows(plan("mine"), "mine") == [NO_SOURCE, *TASKS]
        assert make_method("mine", SourcePool()) is not None
        assert get_method("mine").takes == {"none", "one"}
        with pytest.raises(InvalidArgumentError, match="registered already"):
            register_method("mine", factory)
    finally:
        del SEARCHERS._entries["mine"]


def test_the_sources_of_a_hostile_suite_are_its_tasks_but_the_one_that_gives_a_target_away():
    config = MatrixConfig(
        suite="hostile-synthetic-micro",
        tasks=("negated-b", "draw-0"),
        source_tasks=("a", "b", "c"),
        source_suite="synthetic-micro",
        methods=("zero-shot", "joint", "round-robin", "random"),
        seeds=1,
    )
    assert MatrixConfig(suite="hostile-synthetic-micro").source_suite == "synthetic-micro"
    pairs = {(cell.source, cell.target) for cell in config.cells() if cell.method == "zero-shot"}
    assert pairs == {("a", "negated-b"), ("c", "negated-b"), *((s, "draw-0") for s in "abc")}
    assert config.pool(OTHERS, "negated-b") == ("a", "c")
    assert config.pool(OTHERS, "draw-0") == ("a", "b", "c")
    names = {t.name for c in config.cells() if c.method == "joint" for t in config.trainings_of(c)}
    assert names == {"without-b", "all"}
    for group in config.groups():
        assert len({config.pool(cell.source, cell.target) for cell in group}) == 1
