"""A target searched by a call from folders of controllers, beside its baselines."""

import logging

import pytest

from rlnas.agents import PPOController
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.runs import train_controller
from rlnas.transfer import load_sources, search_target, searcher_from_folders
from rlnas.transfer.target_search import initialised_tensors


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("train") / "run"
    return train_controller("synthetic-micro", "synthetic-1", 600, out=out, device="cpu").folder


def test_a_target_is_searched_beside_its_baselines(folder, tmp_path):
    def search(**options):
        return search_target(
            "synthetic-micro",
            "synthetic-0",
            [folder],
            out=tmp_path / "run",
            queries=5,
            seeds=range(2),
            baselines=["random"],
            **options,
        )

    run = search()
    rows = run.rows()
    assert set(zip(rows["method"], rows["source"], strict=True)) == {
        ("zero-shot", "synthetic-1"),
        ("random", "-"),
    }
    assert search(resume=True).finished


def test_mistakes_are_said_before_anything_is_written(folder, tmp_path):
    for baseline, task in (("randm", "synthetic-0"), ("random", "synthetic-9")):
        with pytest.raises(UnknownNameError):
            search_target(
                "synthetic-micro", task, [folder], out=tmp_path / "run", baselines=[baseline]
            )
    assert not (tmp_path / "run").exists()


def test_tensors_are_told_where_weights_are_copied(folder, real_suite):
    task = real_suite("synthetic-micro")["synthetic-0"]
    sources = load_sources([folder], "weight-init")
    assert initialised_tensors(sources, "weight-init", task)["synthetic-1"]
    assert initialised_tensors(sources, "zero-shot", task) == {"synthetic-1": []}


def test_a_searcher_takes_no_source_and_a_method_needs_one(folder):
    assert searcher_from_folders("random", []).name == "random"
    assert searcher_from_folders("zero-shot", [folder]).name == "zero-shot"
    for name, folders in (("random", [folder]), ("zero-shot", []), ("zero-shot", [folder, folder])):
        with pytest.raises(InvalidArgumentError, match="source"):
            searcher_from_folders(name, folders)
    with pytest.raises(UnknownNameError, match="zero-shot"):
        searcher_from_folders("zero-shoot", [])


@pytest.mark.parametrize(
    ("suite", "task", "told"),
    [
        ("synthetic-micro", "synthetic-1", True),
        ("synthetic-micro", "synthetic-0", False),
    ],
)
def test_a_source_that_saw_the_target_is_told(folder, tmp_path, caplog, suite, task, told):
    with caplog.at_level(logging.INFO, "rlnas"):
        search_target(
            suite, task, [folder], out=tmp_path / "run", queries=2, seeds=range(1), baselines=[]
        )
    assert ("trained on the target itself" in caplog.text) == told


def test_a_namesake_in_another_suite_is_another_task(folder, tmp_path, caplog):
    controller = PPOController.load(folder / "checkpoint")
    controller.sources = ("elsewhere/synthetic-0",)
    controller.save(tmp_path / "source")
    with caplog.at_level(logging.INFO, "rlnas"):
        search_target(
            "synthetic-micro",
            "synthetic-0",
            [tmp_path / "source"],
            out=tmp_path / "run",
            queries=2,
            seeds=range(1),
            baselines=[],
        )
    assert "trained on the target itself" not in caplog.text
