"""Parameters beside tuples say by which order of operations the tuples are to be read."""

import json

import numpy as np
import pytest

from rlnas.benchmarks import import_table
from rlnas.benchmarks.importers.naslib_encoding import ORDERS, ordered
from rlnas.benchmarks.importers.operation_order import (
    FEWEST,
    agreement,
    choose_order,
    relative_counts,
)
from rlnas.datasets.spec import task_spec
from rlnas.errors import DataError
from rlnas.networks.costs import statistics_of_many
from rlnas.spaces import CellSpace, get_space

SPACES = ("transnas-micro", "transnas-macro", "nasbench-201")
QUANTITIES = {"params": "parameters", "flops": "flops"}


def digits_of(space, count=60):
    return np.unique(get_space(space).sample(count, np.random.default_rng(1)), axis=0)


@pytest.mark.parametrize("space", SPACES)
def test_relative_counts_follow_the_networks_exact_ones(space):
    vectors = digits_of(space)
    exact = statistics_of_many(
        space, vectors, task_spec("class_scene", outputs=47, image_size=64, channels=3)
    )
    counts = relative_counts(get_space(space), vectors)
    for name, found in counts.items():
        stated = exact[QUANTITIES[name]].to_numpy(dtype=np.float64)
        assert agreement(found, stated) > 0.998, name


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("quantity", ["params", "flops"])
def test_each_order_is_told_from_the_other(space, quantity):
    digits = digits_of(space)
    for order in ORDERS[space]:
        counts = relative_counts(get_space(space), ordered(digits, order))
        if quantity not in counts:
            continue
        stated = {"a": {quantity: 0.3 * counts[quantity] + 7}}
        found, note = choose_order(get_space(space), digits, stated)
        assert found == order
        assert f"read by {order.name}, by which" in note
        assert "R² 1.000" in note


def test_numbers_that_fit_no_order_are_refused():
    digits = digits_of("transnas-micro")
    stated = {"a": {"params": np.random.default_rng(0).random(len(digits))}}
    with pytest.raises(
        DataError, match=r"under no known order .*the official digits: 0\.\d+, NASLib"
    ):
        choose_order(get_space("transnas-micro"), digits, stated)


def test_tasks_that_contradict_each_other_are_refused():
    space, digits = get_space("transnas-micro"), digits_of("transnas-micro")
    stated = {
        str(number): {"params": relative_counts(space, ordered(digits, order))["params"]}
        for number, order in enumerate(ORDERS[space.name])
    }
    with pytest.raises(DataError, match="under no known order"):
        choose_order(space, digits, stated)


def test_too_little_to_tell_leaves_the_usual_order():
    space, digits = get_space("transnas-micro"), digits_of("transnas-micro")
    few = np.full(len(digits), np.nan)
    few[: FEWEST - 1] = np.arange(FEWEST - 1)
    for stated in ({}, {"a": {}}, {"a": {"params": few}}, {"a": {"params": np.ones(len(digits))}}):
        assert choose_order(space, digits, stated) == (ORDERS[space.name][0], "")
    assert relative_counts(CellSpace("own", [(0, 1)], ["a", "b"]), np.zeros((3, 1), np.int8)) == {}


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("zc_transbench101_micro.json", "the official digits"),
        ("zc_transbench101_macro.json", "the official digits"),
        ("zc_nasbench201.json", "NASLib's own order"),
    ],
)
def test_the_published_files_are_read_by_the_usual_order(published, name, order):
    (table,) = import_table(published(f"naslib/{name}"))
    assert table.source.note.startswith(f"architectures read by {order}, by which")


@pytest.mark.realdata
def test_a_file_numbered_as_naslib_numbers_its_operations_is_read_so(published, tmp_path):
    path = published("naslib/zc_transbench101_micro.json")
    content = json.loads(path.read_text())
    order = ORDERS["transnas-micro"][1]
    back = np.argsort(order.operations)

    def rename(text):
        digits = back[[int(digit) for digit in text[1:-1].split(",")]]
        return str(tuple(digits[np.argsort(order.edges)].tolist()))

    renamed = {
        task: {rename(text): {**record, "arch": rename(text)} for text, record in found.items()}
        for task, found in content.items()
    }
    (tmp_path / "own.json").write_text(json.dumps(renamed))
    (one,) = import_table(path)
    (other,) = import_table(tmp_path / "own.json")
    assert "NASLib's own order" in other.source.note
    np.testing.assert_array_equal(one.architectures, other.architectures)
    for mine, theirs in zip(one.columns, other.columns, strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values)
