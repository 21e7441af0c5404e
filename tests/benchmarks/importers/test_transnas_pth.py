"""The official TransNAS-Bench-101 file, in its published layout, for a handful of networks."""

import os
import pickle

import numpy as np
import pytest
import torch

from rlnas.benchmarks import import_table, open_table, save_table
from rlnas.errors import DataError
from rlnas.spaces import get_space

EPOCHS = {
    "class_scene": 25,
    "class_object": 25,
    "room_layout": 25,
    "jigsaw": 10,
    "segmentsemantic": 30,
    "normal": 30,
    "autoencoder": 30,
}
CLASSES = ["top1", "top5", "loss"]
KINDS = {
    "class_scene": CLASSES,
    "class_object": CLASSES,
    "jigsaw": CLASSES,
    "room_layout": ["loss", "neg_loss"],
    "segmentsemantic": ["loss", "acc", "mIoU"],
    "normal": ["l1_loss", "ssim"],
    "autoencoder": ["l1_loss", "ssim"],
}
INFOS = ["inference_time", "encoder_params", "model_params", "model_FLOPs", "encoder_FLOPs"]
ARCHITECTURES = {
    "macro": ["64-2311-basic", "64-224131-basic", "64-1234-basic"],
    "micro": ["64-41414-3_32_132", "64-41414-1_02_333", "64-41414-0_00_000", "64-41414-3_13_113"],
}
SPLITS = ["train", "valid", "test"]


def metrics_of(task):
    return [f"{split}_{kind}" for split in SPLITS for kind in KINDS[task]] + ["time_elapsed"]


def clock(seconds):
    return f"{int(seconds) // 3600:02d}:{int(seconds) % 3600 // 60:02d}:{int(seconds) % 60:02d}"


def official(elapsed="seconds"):
    """Return a dictionary in the layout of the official file."""
    rng = np.random.default_rng(0)
    data = {}
    for space, names in ARCHITECTURES.items():
        data[space] = {}
        for name in names:
            data[space][name] = {}
            for task, epochs in EPOCHS.items():
                metrics = {m: rng.normal(size=epochs).tolist() for m in metrics_of(task)[:-1]}
                if task == "room_layout":
                    for split in SPLITS:
                        metrics[f"{split}_neg_loss"] = [-v for v in metrics[f"{split}_loss"]]
                times = rng.integers(100, 5000, size=epochs).astype(float)
                total = times.cumsum().tolist()
                metrics["time_elapsed"] = {
                    "seconds": total,
                    "clock": [clock(second) for second in total],
                    "each": times.tolist(),
                }[elapsed]
                data[space][name][task] = {
                    "total_epochs": epochs,
                    "metrics": metrics,
                    "model_info": {info: float(rng.random()) for info in INFOS},
                }
    return {
        "metrics_dict": {task: metrics_of(task) for task in EPOCHS},
        "info_names": INFOS,
        "task_list": list(EPOCHS),
        "data": data,
    }


@pytest.fixture(scope="module")
def content():
    return official()


@pytest.fixture(scope="module")
def path(content, tmp_path_factory):
    file = tmp_path_factory.mktemp("official") / "transnas.pth"
    torch.save(content, file)
    return file


@pytest.fixture(scope="module")
def tables(path):
    return {table.space.name: table for table in import_table(path)}


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_every_number_of_the_file_is_in_the_table(content, tables, kind):
    table = tables[f"transnas-{kind}"]
    space = get_space(f"transnas-{kind}")
    assert set(table.tasks) == set(EPOCHS)
    rows = {space.format(vector): row for row, vector in enumerate(table.architectures)}
    assert set(rows) == set(ARCHITECTURES[kind])
    for name, results in content["data"][kind].items():
        for task, result in results.items():
            assert set(table.metrics(task)) == {*metrics_of(task), *INFOS}
            for metric, values in result["metrics"].items():
                column = table.column(task, metric)
                assert column.axes == ("architecture", "epoch")
                assert column.num_epochs == EPOCHS[task]
                np.testing.assert_array_equal(column.values[rows[name]], values)
            for info, value in result["model_info"].items():
                assert table.column(task, info).values[rows[name]] == value


def test_rows_go_to_the_index_of_the_space(content, tables):
    table = tables["transnas-micro"]
    scores = table.scores("class_scene")
    assert np.isfinite(scores).sum() == 4
    for name, results in content["data"]["micro"].items():
        row = int(table.space.index(table.space.parse(name)[None])[0])
        assert scores[row] == results["class_scene"]["metrics"]["valid_top1"][-1]


def test_directions_and_splits(tables):
    table = tables["transnas-micro"]
    directions = {m: table.column(t, m).metric.direction for t in EPOCHS for m in metrics_of(t)}
    for name, direction in directions.items():
        lower = name == "time_elapsed" or (name.endswith("loss") and "neg_loss" not in name)
        assert direction == ("min" if lower else "max"), name
    for task in EPOCHS:
        for metric in metrics_of(task)[:-1]:
            assert table.column(task, metric).metric.split == metric.split("_")[0]
        assert table.column(task, "model_FLOPs").metric.split == "none"


def test_the_best_epoch_of_a_loss_is_its_smallest(content, tables):
    table = tables["transnas-micro"]
    name = ARCHITECTURES["micro"][0]
    losses = content["data"]["micro"][name]["room_layout"]["metrics"]["valid_loss"]
    row = int(table.space.index(table.space.parse(name)[None])[0])
    assert table.scores("room_layout", "valid_loss", epoch="best")[row] == -min(losses)
    # The negated loss gives the same score, by its own direction.
    assert table.scores("room_layout", "valid_neg_loss", epoch="best")[row] == -min(losses)
    assert table.scores("room_layout")[row] == -losses[-1]


def test_tasks_have_costs_and_test_scores_of_the_same_epoch(content, tables):
    table = tables["transnas-macro"]
    name = ARCHITECTURES["macro"][1]
    metrics = content["data"]["macro"][name]["jigsaw"]["metrics"]
    row = int(table.space.index(table.space.parse(name)[None])[0])
    for epoch in (None, 3):
        task = table.task("jigsaw", epoch=epoch)
        at = -1 if epoch is None else epoch
        assert task.scores[row] == metrics["valid_top1"][at]
        assert task.test_scores[row] == metrics["test_top1"][at]
        assert task.costs[row] == metrics["time_elapsed"][at]
    assert set(table.costs) == set(EPOCHS) == set(table.tests) == set(table.primary)


@pytest.mark.parametrize("elapsed", ["clock", "each"])
def test_other_ways_to_write_the_time(elapsed, tables, tmp_path):
    """As ``hh:mm:ss``, or for each epoch by itself, it is the same seconds since the start."""
    torch.save(official(elapsed), tmp_path / "t.pth")
    for table in import_table(tmp_path / "t.pth", "transnas-pth"):
        expected = tables[table.space.name].column("normal", "time_elapsed").values
        np.testing.assert_allclose(table.column("normal", "time_elapsed").values, expected)


def test_a_run_that_ended_early_has_no_final_epoch(content, tmp_path):
    name = ARCHITECTURES["micro"][0]
    short = pickle.loads(pickle.dumps(content))
    curves = short["data"]["micro"][name]["jigsaw"]["metrics"]
    curves["valid_top1"] = curves["valid_top1"][:4]
    del short["data"]["micro"][name]["normal"]
    torch.save(short, tmp_path / "t.pth")
    table = import_table(tmp_path / "t.pth")[0]
    row = int(table.space.index(table.space.parse(name)[None])[0])
    assert np.isnan(table.scores("jigsaw")[row])
    assert table.scores("jigsaw", epoch=3)[row] == curves["valid_top1"][3]
    assert np.isnan(table.scores("normal")[row])


def test_it_survives_storage(tables, tmp_path):
    table = tables["transnas-micro"]
    back = open_table(save_table(table, tmp_path / "t"), verify=True)
    np.testing.assert_array_equal(back.scores("normal"), table.scores("normal"))
    assert back.metrics("normal") == table.metrics("normal")


class Attack:
    """Runs a command when it is unpickled the careless way."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"echo hacked > {self.marker}",)


@pytest.mark.parametrize("form", ["zip", "legacy", "plain"])
@pytest.mark.parametrize("name", ["transnas-pth", "nasbench201-pth"])
def test_a_hostile_file_is_refused_and_does_not_run(content, tmp_path, form, name):
    marker, path = tmp_path / "marker", tmp_path / "hostile.pth"
    hostile = {**content, "arch2infos": {}, "meta_archs": [], "extra": Attack(marker)}
    if form == "plain":
        path.write_bytes(pickle.dumps(hostile))
    else:
        torch.save(hostile, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(DataError, match="could run code"):
        import_table(path, name)
    assert not marker.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b[:100],
        lambda b: b"",
        lambda b: b"PK\x03\x04" + b"\0" * 100,
        lambda b: b"\x80\x02garbage",
    ],
)
@pytest.mark.parametrize("name", ["transnas-pth", "nasbench201-pth"])
def test_a_damaged_file_is_refused(path, tmp_path, damage, name):
    (tmp_path / "d.pth").write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError):
        import_table(tmp_path / "d.pth", name)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"data": {}},
        {"data": {"micro": {"64-41414-9_99_999": {}}}},
        {"data": {"micro": {"64-41414-3_32_132": {"jigsaw": {"metrics": {"a": ["x"]}}}}}},
        {"data": {"micro": {"64-41414-3_32_132": {"jigsaw": {"metrics": {"a": []}}}}}},
        {"data": {"micro": {"64-41414-3_32_132": {"jigsaw": 3}}}},
        {"data": {"micro": {}}},
        {"data": {"mega": {}}},
        {"data": {"micro": {17: {}}}},
    ],
)
def test_another_layout_is_refused(tmp_path, wrong):
    torch.save(wrong, tmp_path / "w.pth")
    with pytest.raises(DataError):
        import_table(tmp_path / "w.pth", "transnas-pth")
