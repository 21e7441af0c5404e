"""Tables written in the layout of the authors' files, and read back."""

import numpy as np
import pytest
import torch

from rlnas.bench.measures.official_layout import (
    EPOCHS,
    FACTS,
    METRICS,
    official_variants,
    write_official_layout,
)
from rlnas.benchmarks import BenchmarkTable, Column, Provenance, import_table, load_table
from rlnas.errors import DataError, InvalidArgumentError
from rlnas.spaces import get_space
from rlnas.tasks import Metric

ROWS = 7
VALID = {"class_object": "valid_top1", "normal": "valid_ssim"}


def metric(name, **options):
    return Metric(**{"name": name, "split": "valid", "epoch_policy": "final"} | options)


def small_table(space="transnas-micro", primary=VALID, extra=(), seed=0):
    """A few architectures, out of order, with a score and a proxy on each task."""
    space, rng = get_space(space), np.random.default_rng(seed)
    columns = []
    for task, name in primary.items():
        columns.append(Column(task, metric(name), rng.normal(size=ROWS)))
        proxy = metric("zen", split="none", epoch_policy="unknown")
        columns.append(Column(task, proxy, rng.normal(size=ROWS)))
    rows = space.arrays[rng.choice(space.size, ROWS, replace=False)]
    source = Provenance(title="made up for tests")
    return BenchmarkTable(
        "small", space, [*columns, *extra], primary=primary, source=source, architectures=rows
    )


def curves(epochs=4):
    values = np.random.default_rng(1).normal(size=(ROWS, epochs))
    described = metric("valid_loss", direction="min", epoch_policy="all")
    return Column("normal", described, values, ("architecture", "epoch"))


def same_rows(ours, theirs):
    """Return the order that brings our rows to theirs, which are sorted by index."""
    order = np.argsort(ours.space.index(ours.architectures))
    np.testing.assert_array_equal(ours.architectures[order], theirs.architectures)
    return order


@pytest.mark.parametrize("space", ["transnas-micro", "transnas-macro"])
def test_same_content_is_every_number_of_the_table_and_no_more(space, tmp_path):
    table = small_table(space, extra=[curves()])
    file = write_official_layout(table, tmp_path / "t.pth")
    assert (file.variant, file.filled, file.bytes) == (
        "same-content",
        "nothing",
        (tmp_path / "t.pth").stat().st_size,
    )
    (back,) = import_table(file.path, "transnas-pth")
    assert (back.space, back.tasks) == (table.space, table.tasks)
    order = same_rows(table, back)
    for task in table.tasks:
        assert set(back.metrics(task)) == set(table.metrics(task))
        for name in table.metrics(task):
            mine, read = table.column(task, name), back.column(task, name)
            expected = mine.values[order].reshape(read.values.shape)
            np.testing.assert_array_equal(read.values, expected)
    assert back.column("normal", "valid_loss").num_epochs == 4
    assert back.column("class_object").num_epochs == 1


def test_official_size_has_the_published_metrics_epochs_and_facts(tmp_path):
    table = small_table(extra=[curves(30)])
    file = write_official_layout(table, tmp_path / "t.pth", "official-size")
    assert "random" in file.filled
    content = torch.load(file.path, weights_only=True)
    assert content["task_list"] == list(VALID)
    assert content["info_names"] == list(FACTS)
    (back,) = import_table(file.path)
    order = same_rows(table, back)
    for task, name in VALID.items():
        assert set(back.metrics(task)) == {*METRICS[task], *FACTS}
        assert {back.column(task, m).num_epochs for m in METRICS[task]} == {EPOCHS[task]}
        # What the table holds is the final epoch; every other number is a filler of its own.
        held = back.column(task, name)
        np.testing.assert_array_equal(held.values[:, -1], table.column(task).values[order])
        np.testing.assert_array_equal(back.scores(task)[back._index], held.values[:, -1])
        filled = back.column(task, METRICS[task][0]).values
        assert len(np.unique(filled)) == filled.size
    assert "valid_loss" not in METRICS["normal"]


def test_official_size_is_the_size_of_the_published_file(tmp_path):
    """About 105 MB for 7352 architectures, so that nothing large is forgotten or made up."""
    sizes = []
    for rows in (40, 80):
        space = get_space("transnas-micro")
        values = np.linspace(0, 1, rows)
        columns = [Column(t, metric("valid_top1"), values) for t in EPOCHS]
        table = BenchmarkTable(
            "t",
            space,
            columns,
            primary={},
            source=Provenance(title="made up for tests"),
            architectures=space.arrays[:rows],
        )
        sizes.append(write_official_layout(table, tmp_path / "t.pth", "official-size").bytes)
    assert (sizes[1] - sizes[0]) / 40 * 7352 == pytest.approx(105e6, rel=0.1)


def test_published_metrics_are_those_of_the_authors():
    assert METRICS["class_object"] == (
        *("train_top1", "train_top5", "train_loss"),
        *("valid_top1", "valid_top5", "valid_loss"),
        *("test_top1", "test_top5", "test_loss"),
        "time_elapsed",
    )
    assert set(METRICS) == set(EPOCHS)


def test_nasbench201_comes_back(tmp_path):
    primary = dict.fromkeys(["cifar10", "cifar100", "ImageNet16-120"], "valid_accuracy")
    table = small_table("nasbench-201", primary)
    assert official_variants(table) == ("same-content",)
    file = write_official_layout(table, tmp_path / "t.pth")
    (back,) = import_table(file.path)
    assert back.name.endswith("-200")
    order = same_rows(table, back)
    assert back.primary == primary
    for task in primary:
        accuracies = back.column(task).values
        np.testing.assert_array_equal(accuracies[:, 0], table.column(task).values[order])


def seeded():
    values = np.zeros((ROWS, 2))
    return Column("normal", metric("valid_loss"), values, ("architecture", "seed"), (1, 2))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (small_table, ("same-content", "official-size")),
        (lambda: small_table(primary={"my-task": "valid_top1"}), ("same-content",)),
        (lambda: small_table(extra=[seeded()]), ()),
        (lambda: small_table("nasbench-201", {"cifar10": "valid_loss"}), ()),
        (lambda: small_table("nasbench-201", {"my-task": "valid_accuracy"}), ()),
    ],
)
def test_what_cannot_be_written_is_said(table, expected, tmp_path):
    table = table()
    assert official_variants(table) == expected
    for variant in {"same-content", "official-size", "other"} - set(expected):
        with pytest.raises(InvalidArgumentError, match="official layout"):
            write_official_layout(table, tmp_path / "t.pth", variant)
    assert not any(tmp_path.iterdir())


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        write_official_layout(small_table(), tmp_path / "missing" / "t.pth")


@pytest.mark.realdata
def test_the_whole_published_table_comes_back(real_suite, tmp_path):
    real_suite("transnas-micro")
    table = load_table("transnas-micro")
    (back,) = import_table(write_official_layout(table, tmp_path / "t.pth").path)
    assert back.architectures is None
    assert back.primary == table.primary
    for task in table.tasks:
        np.testing.assert_array_equal(back.scores(task), table.scores(task))
