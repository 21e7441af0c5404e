"""Suites: order, splits, near names, refused values."""

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces import CellSpace
from rlnas.tasks import Suite, make_task

SPACE = CellSpace("pair", [(0, 1), (1, 2)], ["a", "b"])
OTHER = CellSpace("other", [(0, 1), (1, 2)], ["a", "b"])


def suite_of(**options):
    names = ("jigsaw", "class_scene", "class_object")
    return Suite("mine", {n: make_task(SPACE, len, name=f"mine/{n}") for n in names}, **options)


def test_a_suite_is_a_mapping_in_order():
    suite = suite_of()
    assert list(suite) == ["jigsaw", "class_scene", "class_object"]
    assert len(suite) == 3
    assert suite["jigsaw"].name == "mine/jigsaw"
    assert "jigsaw" in suite
    assert "autoencoder" not in suite
    assert suite.space is SPACE
    assert suite.sources == suite.targets == tuple(suite)


def test_a_declared_split():
    suite = suite_of(sources=["class_scene"], targets=["jigsaw"])
    assert (suite.sources, suite.targets) == (("class_scene",), ("jigsaw",))


def test_an_unknown_task_lists_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'class_scene'") as caught:
        suite_of()["clas_scene"]
    assert caught.value.near[0] == "class_scene"
    with pytest.raises(UnknownNameError, match="jigsaw"):
        suite_of(sources=["jigsw"])


def test_get_of_an_unknown_task_is_the_default():
    assert suite_of().get("autoencoder") is None


def test_what_is_no_suite_is_refused():
    with pytest.raises(InvalidArgumentError, match="no task"):
        Suite("empty", {})
    with pytest.raises(InvalidArgumentError):
        Suite("mixed", {"a": make_task(SPACE, len), "b": make_task(OTHER, len)})
