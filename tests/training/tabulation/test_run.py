"""A table of trainings can be interrupted, repaired and repeated."""

import json
import math
import os
import signal
from dataclasses import replace

import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError, RunError
from rlnas.networks import SkeletonConfig
from rlnas.processes import make_executor
from rlnas.training import Recipe
from rlnas.training.tabulation import run as tabulating
from rlnas.training.tabulation import tabulator as training
from rlnas.training.tabulation.plan import Tabulation, TabulationCell, missing_cells
from rlnas.training.tabulation.run import tabulate
from rlnas.training.tabulation.tabulator import Tabulator

CELLS = ["64-41414-3_12_130", "64-41414-1_23_032", "64-41414-0_00_000"]
TASKS = ("class_object", "jigsaw", "autoencoder")
SHORT = Recipe(epochs=1, batch_size=16, learning_rate=0.02)
PLAN = Tabulation(
    space="transnas-micro",
    dataset="rooms",
    tasks=TASKS,
    config=SkeletonConfig(
        width=4, stem_strides=(1, 2), modules="4", cells_per_module=1, decoder="light"
    ),
    recipes=(replace(SHORT, epochs=2), SHORT, replace(SHORT, epochs=2)),
    sizes=(48, 32, 32),
    device="cpu",
)


def kill_at_the_second(plan, folder, cell):
    """Stand in for a training that uses up the memory: the system kills its process."""
    if cell.architecture == CELLS[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    Tabulator(plan).train_into(cell, folder)


def refuse(plan, folder, cell):
    """Stand in for a training in which the library has a fault."""
    raise ZeroDivisionError


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A folder with all cells, and what was reported."""
    folder = tmp_path_factory.mktemp("table")
    seen = []
    files = tabulate(PLAN, CELLS, folder, on_cell=lambda *news: seen.append(news))
    return folder, files, seen


def measurements(path):
    """The content of a file without what differs from run to run."""
    content = json.loads(path.read_text())
    del content["checksum"]
    for task in content["tasks"].values():
        for row in task["history"]:
            for name in [n for n in row if "seconds" in n]:
                del row[name]
    return content


def test_every_cell_is_a_file_with_every_task(table):
    folder, files, seen = table
    assert [f.name for f in files] == [f"{cell}.seed0.json" for cell in CELLS]
    assert [(cell.architecture, *count) for cell, *count in seen] == [
        (cell, n, 3) for n, cell in enumerate(CELLS, start=1)
    ]
    for cell, path in zip(CELLS, files, strict=True):
        content = json.loads(path.read_text())
        assert (content["architecture"], content["seed"]) == (cell, 0)
        assert tuple(content["tasks"]) == TASKS
        for task, recipe in zip(TASKS, PLAN.recipes, strict=True):
            values = content["tasks"][task]
            assert values["error"] is None
            assert values["device"] == "cpu"
            assert [row["epoch"] for row in values["history"]] == [*range(1, recipe.epochs + 1)]
            last = values["history"][-1]
            for name in ("train_loss", "valid_metric", "test_metric", "seconds", "cpu_seconds"):
                assert math.isfinite(last[name])
    assert not list(missing_cells(folder, CELLS, [0], TASKS))


def test_what_is_there_is_kept_and_what_is_damaged_made_again(table):
    folder, files, _ = table
    before = [measurements(path) for path in files]
    stamp = files[0].stat().st_mtime_ns
    files[1].write_text(files[1].read_text()[:-30])
    files[2].write_text(json.dumps(before[2] | {"tasks": {"jigsaw": {}}}))
    seen = []
    again = tabulate(PLAN, CELLS, folder, on_cell=lambda cell, *_: seen.append(cell.architecture))
    assert seen == CELLS[1:]
    assert files[0].stat().st_mtime_ns == stamp
    # Made in another process: the same numbers, bit for bit.
    assert [measurements(path) for path in again] == before


@pytest.mark.ray
def test_a_table_made_on_ray_is_the_same(table, tmp_path, ray_cluster):
    _, files, _ = table
    with make_executor("ray") as executor:
        other = tabulate(PLAN, CELLS, tmp_path, executor=executor, workers=2)
    assert [measurements(path) for path in other] == [measurements(path) for path in files]


def test_another_seed_gives_other_numbers_beside(table, tmp_path):
    _, files, _ = table
    tabulator = Tabulator(PLAN)
    other = measurements(tabulator.train_into(TabulationCell(CELLS[0], 1), tmp_path))
    same = measurements(tabulator.train_into(TabulationCell(CELLS[0], 0), tmp_path))
    assert same == measurements(files[0])
    for task in TASKS:
        mine, theirs = (c["tasks"][task]["history"][-1]["train_loss"] for c in (same, other))
        assert mine != theirs
    assert len(list(tmp_path.iterdir())) == 2


def test_another_plan_is_refused_and_the_same_after_json_is_not(table):
    folder, _, _ = table
    again = Tabulation.from_description(json.loads(json.dumps(PLAN.describe())))
    assert again == PLAN
    assert len(tabulate(again, CELLS, folder)) == 3
    with pytest.raises(RunError, match=r"recipes.0.epochs is \d+ there"):
        tabulate(replace(PLAN, recipes=(SHORT,) * 3), CELLS, folder)


def test_a_training_that_cannot_be_done_is_recorded_for_its_task_alone(monkeypatch, tmp_path):
    def train(networks, data, *args, **options):
        if len(networks) > 1 or data[0].spec.kind == "image":
            raise RuntimeError("out of memory")
        return real(networks, data, *args, **options)

    real = training.train_stacked
    monkeypatch.setattr(training, "train_stacked", train)
    path = Tabulator(PLAN).train_into(TabulationCell(CELLS[0], 0), tmp_path)
    tasks = json.loads(path.read_text())["tasks"]
    assert {task: values["error"] for task, values in tasks.items()} == {
        "class_object": None,
        "jigsaw": None,
        "autoencoder": "RuntimeError: out of memory",
    }
    assert tasks["autoencoder"]["history"] == []
    assert not list(missing_cells(tmp_path, CELLS[:1], [0], TASKS))


def test_an_architecture_that_kills_its_worker_is_recorded(monkeypatch, tmp_path):
    monkeypatch.setattr(tabulating, "_train_cell", kill_at_the_second)
    plan = replace(PLAN, tasks=("jigsaw",), recipes=(SHORT,))
    files = tabulate(plan, CELLS, tmp_path, workers=2)
    errors = [
        {task["error"] for task in json.loads(path.read_text())["tasks"].values()} for path in files
    ]
    assert errors[0] == errors[2] == {None}
    assert errors[1] == {"the worker was killed by SIGKILL (out of memory?)"}


def test_faults_of_the_library_are_not_recorded_as_results(monkeypatch, tmp_path):
    monkeypatch.setattr(tabulating, "_train_cell", refuse)
    with pytest.raises(ZeroDivisionError):
        tabulate(PLAN, CELLS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(InvalidArgumentError, match="workers is 0"):
        tabulate(PLAN, CELLS, tmp_path, workers=0)
    with pytest.raises(InvalidArgumentError, match="2 recipes for 3 tasks"):
        replace(PLAN, recipes=(SHORT, SHORT))
    with pytest.raises(InvalidArgumentError, match="each once"):
        replace(PLAN, tasks=("jigsaw", "jigsaw"), recipes=(SHORT, SHORT))
    with pytest.raises(InvalidArchitectureError):
        tabulate(PLAN, ["nonsense"], tmp_path)
