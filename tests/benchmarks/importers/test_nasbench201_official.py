"""The official NAS-Bench-201 file, written with the official classes, read by both readers."""

import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch

from rlnas.benchmarks import import_table
from rlnas.errors import DataError, InvalidArgumentError, MissingDependencyError

library = pytest.importorskip("nas_201_api.api_utils", reason="the library nas-bench-201")

ARCHS = [
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|avg_pool_3x3~2|",
]
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("ori-test", "x-valid", "x-test"),
    "ImageNet16-120": ("ori-test", "x-valid", "x-test"),
}
SEEDS = {0: (777, 888, 999), 1: (777, 888), 3: (777,)}  # index 2 was not evaluated


def result(rng, dataset, arch, seed, epochs):
    """Return an official ``ResultsCount`` as the official training code fills it."""
    curve = {e: float(rng.uniform(10, 95)) for e in range(epochs)}
    loss = {e: float(rng.uniform(0, 3)) for e in range(epochs)}
    config = {"arch_str": arch, "channel": 16, "num_cells": 5, "class_num": 10}
    made = library.ResultsCount(
        dataset, None, curve, loss, np.float64(1.07), np.float32(153.5), config, seed, epochs, None
    )
    times = OrderedDict((e, float(rng.uniform(5, 20))) for e in range(epochs))
    made.update_train_info(made.train_acc1es, {0: 1.0}, made.train_losses, times)
    keys = [f"{name}@{e}" for name in SETS[dataset] for e in range(epochs)]
    made.update_eval(*({k: np.float64(rng.uniform(0, 95)) for k in keys} for _ in range(3)))
    if dataset != "cifar10":  # as in the published files, the test set is not run every epoch
        for e in range(epochs - 1):
            for values in (made.eval_acc1es, made.eval_losses):
                del values[f"ori-test@{e}"]
    made.update_latency([0.01, 0.03] if seed == 777 else None)
    return made


def official(epochs=(20, 4)):
    rng = np.random.default_rng(0)
    infos = {}
    for index, seeds in SEEDS.items():
        infos[index] = {}
        for recipe, length in zip(("full", "less"), epochs, strict=True):
            results = library.ArchResults(index, ARCHS[index])
            for dataset in SETS:
                for seed in seeds if recipe == "full" else (777,):
                    made = result(rng, dataset, ARCHS[index], seed, length)
                    results.update(dataset, seed, made)
            infos[index][recipe] = results.state_dict()
    return {
        "meta_archs": ARCHS,
        "total_archs": len(ARCHS),
        "arch2infos": infos,
        "evaluated_indexes": set(SEEDS),
    }


@pytest.fixture(scope="module")
def content():
    return official()


@pytest.fixture(scope="module", params=["legacy", "zip"])
def path(request, content, tmp_path_factory):
    """The file in the form of old and of new PyTorch; the published ones are of the old form."""
    file = tmp_path_factory.mktemp("official") / "nb201.pth"
    torch.save(content, file, _use_new_zipfile_serialization=request.param == "zip")
    return file


def test_a_bare_load_of_the_library_fails_on_it(path):
    """Which is why our reader hands it the dictionary."""
    with pytest.raises(Exception, match=r"[Ww]eights"):
        sys.modules["nas_201_api"].NASBench201API(str(path), verbose=False)


@pytest.mark.parametrize("epochs", ["final", "all"])
def test_both_readers_agree_value_by_value(path, epochs):
    ours = import_table(path, epochs=epochs)
    theirs = import_table(path, epochs=epochs, with_library=True)
    assert [t.name for t in ours] == [t.name for t in theirs] == ["nb201-20", "nb201-4"]
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.architectures, other.architectures)
        columns = {(c.task, c.metric.name): c for c in other.columns}
        assert {(c.task, c.metric.name) for c in mine.columns} == set(columns)
        for column in mine.columns:
            twin = columns[column.task, column.metric.name]
            assert (column.metric, column.axes, column.seeds) == (
                twin.metric,
                twin.axes,
                twin.seeds,
            )
            np.testing.assert_allclose(column.values, twin.values, rtol=1e-12)
        assert (mine.primary, mine.costs, mine.tests) == (other.primary, other.costs, other.tests)


@pytest.fixture(scope="module")
def table(path):
    return import_table(path)[0]


@pytest.fixture(scope="module")
def api(content):
    return sys.modules["nas_201_api"].NASBench201API(content, verbose=False)


TRAPS = [
    ("cifar10", "valid_accuracy", "cifar10-valid", "x-valid"),
    ("cifar10", "test_accuracy", "cifar10", "ori-test"),
    ("cifar10", "test_accuracy_half", "cifar10-valid", "ori-test"),
    ("cifar100", "valid_accuracy", "cifar100", "x-valid"),
    ("cifar100", "test_accuracy", "cifar100", "x-test"),
    ("cifar100", "valid_and_test_accuracy", "cifar100", "ori-test"),
    ("ImageNet16-120", "valid_accuracy", "ImageNet16-120", "x-valid"),
    ("ImageNet16-120", "test_accuracy", "ImageNet16-120", "x-test"),
]


@pytest.mark.parametrize(("task", "metric", "dataset", "evaluated"), TRAPS)
def test_valid_and_test_are_what_the_library_calls_them(
    table, api, task, metric, dataset, evaluated
):
    column = table.column(task, metric)
    assert column.metric.split == ("valid" if metric.startswith("valid_acc") else "test")
    assert f"official {dataset}/{evaluated}" in column.metric.note
    scores = table.scores(task, metric)
    for index, seeds in SEEDS.items():
        row = int(table.space.index(table.space.parse(ARCHS[index])[None])[0])
        info = api.arch2infos_dict[index]["200"]
        mean = info.get_metrics(dataset, evaluated)["accuracy"]
        assert scores[row] == pytest.approx(mean, rel=1e-12)
        for seed in seeds:
            one = info.get_metrics(dataset, evaluated, is_random=seed)["accuracy"]
            assert table.scores(task, metric, seed=seed)[row] == pytest.approx(one, rel=1e-12)
    assert np.isfinite(scores).sum() == len(SEEDS)


def test_a_seed_that_was_not_run_is_missing(table):
    row = int(table.space.index(table.space.parse(ARCHS[3])[None])[0])
    assert np.isnan(table.scores("cifar10", seed=999)[row])
    assert np.isfinite(table.scores("cifar10", seed=777)[row])


def test_costs_and_test_scores_are_of_the_searched_training(table, api):
    task = table.task("cifar10")
    row = int(table.space.index(table.space.parse(ARCHS[1])[None])[0])
    info = api.arch2infos_dict[1]["200"]
    cost = info.get_compute_costs("cifar10-valid")
    assert task.costs[row] == pytest.approx(cost["T-train@total"], rel=1e-12)
    expected = info.get_metrics("cifar10", "ori-test")["accuracy"]
    assert task.test_scores[row] == pytest.approx(expected, rel=1e-12)
    assert table.column("cifar10", "params").select()[0] == pytest.approx(1.07)


def test_a_test_metric_cannot_be_searched(table):
    with pytest.raises(InvalidArgumentError, match="allow_test"):
        table.task("cifar100", metric="valid_and_test_accuracy")


def test_all_epochs(path, api):
    table = import_table(path, epochs="all")[0]
    column = table.column("cifar100", "valid_loss")
    assert column.axes == ("architecture", "seed", "epoch")
    row = int(table.space.index(table.space.parse(ARCHS[0])[None])[0])
    info = api.arch2infos_dict[0]["200"]
    for epoch in (0, 7, 19):
        expected = info.get_metrics("cifar100", "x-valid", iepoch=epoch)["loss"]
        got = table.scores("cifar100", "valid_loss", epoch=epoch)[row]
        assert got == pytest.approx(-expected, rel=1e-6)
    # Where only the last epoch was tested, the others are missing and not made up.
    tested = table.column("cifar100", "valid_and_test_accuracy").values[0, 0]
    assert np.isfinite(tested).tolist() == [False] * 19 + [True]


def test_a_folder_of_single_files_gives_the_same_table(content, table, tmp_path):
    for index, recipes in content["arch2infos"].items():
        torch.save(recipes, tmp_path / f"{index:06d}-FULL.pth")
    single = import_table(tmp_path, name="nb201")[0]
    np.testing.assert_array_equal(single.architectures, table.architectures)
    for column in table.columns:
        np.testing.assert_array_equal(
            single.column(column.task, column.metric.name).values, column.values
        )


def test_the_library_is_optional(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nas_201_api", None)
    assert import_table(path)
    with pytest.raises(MissingDependencyError, match=r"pip install 'rlnas\[nasbench201\]'"):
        import_table(path, with_library=True)


def test_the_allow_list_of_the_process_is_left_as_it_was(path):
    marked = [np.dtype]
    with torch.serialization.safe_globals(marked):
        before = set(torch.serialization.get_safe_globals())
        import_table(path)
        assert set(torch.serialization.get_safe_globals()) == before


def test_scalars_of_numpy_1_are_read(content, tmp_path, monkeypatch):
    """NumPy 1 named its module ``numpy.core``; the published files are from then."""
    path = tmp_path / "old.pth"
    torch.save(content, path, _use_new_zipfile_serialization=False)
    old = path.read_bytes().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    assert old.count(b"cnumpy.core.multiarray\n") > 0
    path.write_bytes(old)
    assert import_table(path, "nasbench201-pth")[0].name == "old-20"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("arch2infos"),
        lambda c: c.update(arch2infos={}),
        lambda c: c.update(arch2infos=[1]),
        lambda c: c.update(meta_archs=ARCHS[::-1]),
        lambda c: c.update(meta_archs=[ARCHS[0]] * 4),
        lambda c: c.update(meta_archs=ARCHS[:2]),
        lambda c: c["arch2infos"][0].update(full=3),
        lambda c: c["arch2infos"][0]["full"].update(all_results={"x": 1}),
        lambda c: c["arch2infos"][0]["full"]["all_results"]["cifar10", 777].pop("epochs"),
        lambda c: c["arch2infos"][0]["full"]["all_results"]["cifar10", 777].update(flop="x"),
    ],
)
def test_another_layout_is_refused(tmp_path, change):
    content = official(epochs=(3, 2))
    change(content)
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(DataError):
        import_table(tmp_path / "w.pth", "nasbench201-pth")


def test_epochs_must_be_known(path):
    with pytest.raises(InvalidArgumentError, match="'final' or 'all'"):
        import_table(path, epochs="best")
