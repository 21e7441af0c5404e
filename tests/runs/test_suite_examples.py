"""Searches of a suite that train: on the images behind its table, and on no other suite."""

import pytest

from rlnas.benchmarks import load_suite
from rlnas.datasets import load_task_data
from rlnas.errors import InvalidArgumentError
from rlnas.runs import search_suite, suite_examples
from rlnas.runs.suite_examples import give_examples


def test_a_search_of_a_built_in_suite_trains_on_its_images(tmp_path, monkeypatch):
    asked = []

    def few(dataset, task, **sizes):
        asked.append((dataset, task, sizes))
        return load_task_data(dataset, task, train_size=16, valid_size=4, test_size=4)

    monkeypatch.setattr(suite_examples, "load_task_data", few)
    run = search_suite(
        "rooms-micro",
        ("class_scene",),
        ("darts",),
        out=tmp_path / "run",
        queries=1,
        seeds=(0,),
        options={"darts": {"steps": 1, "batch_size": 4}},
    )
    assert len(run.rows()) == 1
    examples = run.suite["class_scene"].examples
    assert len(examples.train) == 16
    sizes = {"train_size": 4096, "valid_size": 1024, "test_size": 1024}
    assert asked == [("rooms", "class_scene", sizes)]  # all of them, and of no other task
    assert examples.config.modules == "141"
    assert run.suite["jigsaw"].examples is None


def test_the_images_of_other_suites_are_not_at_hand():
    suite = load_suite("synthetic-micro")
    with pytest.raises(InvalidArgumentError, match="images behind the suite synthetic-micro"):
        give_examples(suite, "synthetic-micro", list(suite))
