"""NAS-Bench-Suite-Zero JSON: best-epoch numbers of a sample of architectures."""

import json

import numpy as np
import pytest

from rlnas.benchmarks import import_table
from rlnas.errors import DataError, InvalidArgumentError


@pytest.fixture
def read(tmp_path):
    """Return a reader of JSON content."""

    def run(content, **options):
        path = tmp_path / "zc.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return import_table(path, **options)[0]

    return run


def entry(arch, value, **proxies):
    scores = {k: {"score": v, "time": 1.0} for k, v in proxies.items()}
    return {"idx": "0", "arch": arch, "val_accuracy": value, **scores}


MICRO = {
    "class_scene": {
        "(1, 0, 0, 2, 1, 0)": entry("(1, 0, 0, 2, 1, 0)", 34.0, jacov=-1e8, snip=2.0),
        "(3, 0, 0, 2, 1, 0)": entry("(3, 0, 0, 2, 1, 0)", 35.0, jacov=-3.0, snip=1.0),
    },
    "jigsaw": {"(3, 0, 0, 2, 1, 0)": entry("(3, 0, 0, 2, 1, 0)", 90.0)},
}


def test_best_epoch_is_said_and_never_mixed_with_final(read):
    table = read(MICRO)
    assert table.space.name == "transnas-micro"
    assert table.tasks == ("class_scene", "jigsaw")
    for task in table.tasks:
        assert table.column(task).metric.epoch_policy == "best"
        with pytest.raises(InvalidArgumentError, match="policy 'best'"):
            table.scores(task, epoch="final")
    assert table.task("jigsaw", epoch="best").best() == ("64-41414-3_00_210", 90.0)


def test_missing_is_missing(read):
    table = read(MICRO)
    np.testing.assert_array_equal(table.column("class_scene").select(), [34.0, 35.0])
    np.testing.assert_array_equal(table.column("jigsaw").select(), [np.nan, 90.0])
    jacov = table.column("class_scene", "jacov")
    np.testing.assert_array_equal(jacov.select(), [np.nan, -3.0])
    assert jacov.metric.split == "none"


@pytest.mark.parametrize(
    ("arch", "space"),
    [("(1, 2, 4, 2, 0, 0)", "transnas-macro"), ("(1, 0, 0, 2, 1, 0)", "transnas-micro")],
)
def test_the_space_is_told_from_the_architectures(read, arch, space):
    assert read({"jigsaw": {arch: entry(arch, 1.0)}}).space.name == space


def test_a_space_that_cannot_be_told_must_be_named(read):
    arch = "(1, 2, 3, 2, 1, 1)"  # a cell as well as a chain of modules
    content = {"jigsaw": {arch: entry(arch, 1.0)}}
    with pytest.raises(
        DataError, match="fit transnas-micro, transnas-macro; name the search space"
    ):
        read(content)
    assert read(content, space="transnas-macro").space.name == "transnas-macro"
    nasbench = {"cifar10": {"(0, 2, 3, 2, 3, 1)": entry("(0, 2, 3, 2, 3, 1)", 86.0)}}
    assert read(nasbench).task("cifar10").best()[0] == (
        "|skip_connect~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_1x1~0|nor_conv_1x1~1|none~2|"
    )


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("{", "no readable JSON"),
        ('{"a":' * 100_000, "no readable JSON"),
        ({"jigsaw": {}}, "layout"),
        ({}, "layout"),
        ({"jigsaw": [1]}, "layout"),
        ({"jigsaw": {"(1, 0, 0, 2, 1, 0)": 3}}, "another architecture"),
        ({"jigsaw": {"(1, 0, 0, 2, 1, 0)": entry("(1, 0, 0, 2, 1, 1)", 1)}}, "another arch"),
        ({"jigsaw": {"(9, 0, 0, 2, 1, 0)": entry("(9, 0, 0, 2, 1, 0)", 1)}}, "none of the known"),
        ({"unknown": {"(1, 0, 0, 2, 1, 0)": entry("(1, 0, 0, 2, 1, 0)", 1)}}, "none of the known"),
        ({"jigsaw": {"(1, 0, 0, 2, 1, 0)": {"idx": "0"}}}, "no 'val_accuracy'"),
    ],
)
def test_other_content_is_refused(read, content, match):
    with pytest.raises(DataError, match=match):
        read(content, format="suite-zero-json")
