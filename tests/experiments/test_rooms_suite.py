"""What `build.py` leaves is what `pack.py` puts into a table, and what `compare.py` shows."""

import importlib.util
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from rlnas.benchmarks import open_table
from rlnas.datasets.spec import TRANSNAS_TASKS as TASKS
from rlnas.errors import DataError
from rlnas.spaces import get_space
from rlnas.training.presets import recipe_for

MICRO = get_space("transnas-micro")
EPOCHS = {task: recipe_for("rooms", task).epochs for task in TASKS}
FORMS = ["64-41414-0_00_300", "64-41414-1_30_132", "64-41414-3_13_333"]


def history(row, seed, task):
    """Epochs whose numbers say what they are of."""
    number = 10 * row + seed + 0.1 * TASKS.index(task)
    epochs = []
    for epoch in range(1, EPOCHS[task] + 1):
        record = {"epoch": epoch, "cpu_seconds": 1.5, "train_loss": 5 - epoch}
        record |= {"valid_metric": number + epoch / 16, "valid_loss": number + 100}
        if task == "segmentsemantic":
            record["valid_miou"] = 7.0
        epochs.append(record)
    epochs[-1] |= {"test_metric": number + 1000, "test_loss": number + 2000}
    if task == "segmentsemantic":
        epochs[-1]["test_miou"] = 8.0
    return epochs


@pytest.fixture(scope="module")
def module(experiments):
    """Import a script of the folder that imports none of its neighbours."""

    def load(name):
        path = experiments / "rooms-suite" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"rooms_suite_{name}", path)
        found = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = found  # dataclasses look their module up
        spec.loader.exec_module(found)
        return found

    return load


@pytest.fixture(scope="module")
def cells(module, tmp_path_factory):
    """Three architectures with two seeds; the last one failed on one task with one seed."""
    folder = tmp_path_factory.mktemp("suite") / "micro"
    (folder / "proxies").mkdir(parents=True)
    plan = module("build").plan("micro").describe()
    (folder / "plan.json").write_text(json.dumps(plan))
    for row, architecture in enumerate(FORMS):
        for seed in (0, 1):
            found = {
                t: {"error": None, "device": "cpu", "history": history(row, seed, t)} for t in TASKS
            }
            if (row, seed) == (2, 1):
                found["room_layout"]["error"] = "the loss is not finite"
            content = {"architecture": architecture, "seed": seed, "tasks": found}
            (folder / f"{architecture}.seed{seed}.json").write_text(json.dumps(content))
    score = {"synflow": {"value": 3.5}, "zen": {"value": None}}
    proxies = {"architecture": FORMS[1], "tasks": dict.fromkeys(TASKS, score)}
    (folder / "proxies" / f"{FORMS[1]}.json").write_text(json.dumps(proxies))
    return folder


@pytest.fixture(scope="module")
def script(experiments, environment):
    """Run a script of the folder; return the completed process."""

    def run(name, *arguments, **variables):
        command = [sys.executable, experiments / "rooms-suite" / name, *map(str, arguments)]
        return subprocess.run(
            command,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    return run


@pytest.fixture(scope="module")
def packed(script, cells, tmp_path_factory):
    """The packed tables' folder, and what was printed."""
    out = tmp_path_factory.mktemp("packed")
    done = script("pack.py", cells, "--out", out, "--seeds", 0, 1)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_packed_numbers_are_those_of_the_cells(packed):
    out, printed = packed
    table = open_table(out / "rooms-micro", verify=True)
    assert table.num_rows == 1376
    assert "'class_scene': 1373" in printed
    where = MICRO.index(np.stack([MICRO.parse(text) for text in FORMS]))
    scene = table.column("class_scene")
    assert (scene.seeds, scene.metric.name, scene.metric.epoch_policy) == (
        (0, 1),
        "valid_top1",
        "all",
    )
    np.testing.assert_allclose(table.scores("class_scene", seed=1)[where], [1.6, 11.6, 21.6])
    first = table.scores("class_scene", epoch=0)[where]  # the mean over the seeds
    np.testing.assert_allclose(first, [0.6625, 10.6625, 20.6625])
    assert np.isfinite(table.scores("class_scene")).sum() == 3
    # A loss is minimised; it is the primary metric, so there is no second column of it.
    np.testing.assert_allclose(
        table.scores("room_layout", seed=0)[where], [-0.7, -10.7, -20.7], rtol=1e-6
    )
    assert table.metrics("room_layout")[:3] == ("valid_loss", "test_loss", "train_loss")
    # The one that failed counts as not measured, and the other seed stands alone.
    assert np.isnan(table.scores("room_layout", seed=1)[where[2]])
    assert table.scores("room_layout")[where[2]] == np.float32(-20.7)
    task = table.task("class_scene", seed=1)
    np.testing.assert_allclose(task.test_scores[where], [1001.1, 1011.1, 1021.1])
    np.testing.assert_allclose(task.costs[where], 1.5 * EPOCHS["class_scene"])
    assert table.task("class_scene", epoch=0).costs[where[0]] == 1.5
    assert table.scores("segmentsemantic", "valid_mIoU")[where[0]] == 7
    assert table.scores("segmentsemantic", "test_mIoU")[where[0]] == 8
    synflow = table.scores("segmentsemantic", "synflow")[where]
    np.testing.assert_array_equal(synflow, [np.nan, 3.5, np.nan])
    assert "zen" not in table.metrics("segmentsemantic")  # it has no score for any of them
    assert "build.py micro OUT --seeds 0 1" in table.source.made_by


def test_the_comparison_counts_each_network_once(packed, script, tmp_path):
    folder, _ = packed
    nothing = {"RLNAS_OFFLINE": "1", "RLNAS_DATA_MIRROR": "", "RLNAS_CACHE": str(tmp_path / "no")}
    done = script("compare.py", "--tables", folder, "--keep", tmp_path, **nothing)
    assert done.returncode == 0, done.stderr
    assert "Without transnas-micro" in done.stdout
    for name in ("correlations", "scores-rooms-micro"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    rows = pd.read_csv(tmp_path / "rooms-micro-score.csv").set_index("task")
    assert (rows["n"] == len(FORMS)).all()
    assert rows.loc["class_scene", "best architecture"] == FORMS[2]
    assert rows.loc["class_scene", "best"] == pytest.approx(21.1)
    assert rows.loc["room_layout", "best"] == pytest.approx(-1.2)
    correlations = pd.read_csv(tmp_path / "correlations.csv").set_index("task")
    assert correlations.loc["class_scene", "room_layout"] == -1


@pytest.mark.parametrize("differs", [False, True])
def test_training_again_has_to_give_the_table(differs, packed, cells, script, tmp_path):
    """The trainings are there, so none is made; one of them may differ from the table."""
    shutil.copytree(cells, tmp_path / "micro")
    if differs:
        path = tmp_path / "micro" / f"{FORMS[1]}.seed0.json"
        content = json.loads(path.read_text())
        content["tasks"]["jigsaw"]["history"][-1]["valid_metric"] += 0.001
        path.write_text(json.dumps(content))
    options = ["--table", packed[0] / "rooms-micro", "--out", tmp_path, "--keep", tmp_path]
    done = script("reproduce.py", "micro", *options)
    assert done.returncode == (1 if differs else 0), done.stderr
    page = (tmp_path / "reproduced-micro.md").read_text()
    jigsaw = next(line for line in page.splitlines() if "`jigsaw`" in line)
    assert f"| {2 if differs else 3} of 3 |" in jigsaw
    scene = next(line for line in page.splitlines() if "`class_scene`" in line)
    # The other seed is higher by 1 for all alike: a shift, and no noise in the ranking.
    shift, noise, *_, alike = (float(cell) for cell in scene.split("|")[5:-1])
    assert (shift, alike) == (pytest.approx(1), 1)
    assert noise == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "plan.json").unlink(), "no plan.json"),
        (lambda f: (f / f"{FORMS[0]}.seed0.json").write_text("{"), "is damaged"),
        (
            lambda f: (f / f"{FORMS[0]}.seed0.json").rename(f / "64-41414-0_00_310.seed0.json"),
            "is not what its name",
        ),
    ],
)
def test_what_is_damaged_is_not_packed(change, message, cells, module, tmp_path):
    copy = shutil.copytree(cells, tmp_path / "micro")
    change(copy)
    with pytest.raises(DataError, match=message):
        module("suite_cells").read_cells(copy, (0, 1))
