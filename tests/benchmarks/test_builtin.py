"""Built-in tables: rows of canonical forms, found by name, complete as they are shipped."""

import numpy as np
import pytest

from rlnas.bench.measures.tables import measure_table_loading
from rlnas.benchmarks import (
    built_in_tables,
    builtin,
    install_table,
    installed_tables,
    load_suite,
    load_table,
    save_table,
    suite_names,
)
from rlnas.benchmarks.proxies import load_proxies
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError
from rlnas.networks import SkeletonConfig, network_statistics
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")
FORMS = np.unique(MICRO.canonical_index)


@pytest.fixture
def shipped(tmp_path, monkeypatch, made_table):
    """An installation that holds the made-up table and nothing else."""
    monkeypatch.setattr(builtin, "_FOLDER", tmp_path / "data")
    return save_table(made_table(), tmp_path / "data" / "rooms-micro")


def test_it_is_found_by_name_without_cache_or_network(shipped, cache):
    assert built_in_tables() == ("rooms-micro",)
    assert suite_names()[0] == "rooms-micro"
    suite = load_suite("rooms-micro", seed=0, epoch=1)
    assert suite["jigsaw"].name == "rooms-micro/jigsaw"
    assert suite["jigsaw"].best()[1] == len(FORMS) - 1 + 0.25
    assert load_table("rooms-micro", verify=True).num_rows == MICRO.size
    assert not cache.exists()
    assert installed_tables() == ()


def test_its_proxies_are_found(shipped, cache):
    (found,) = load_proxies("rooms-micro").values()
    assert set(found) == {"synflow"}  # neither seconds nor what was measured in training
    np.testing.assert_array_equal(found["synflow"], -np.searchsorted(FORMS, MICRO.canonical_index))


def test_its_loading_is_measured(shipped, cache):
    result = measure_table_loading("rooms-micro", repeats=1, variants=[])
    assert result["bytes"] == sum(path.stat().st_size for path in shipped.iterdir())
    assert result["seconds"]["median"] > 0


def test_no_other_table_may_take_its_name(cache, made_table):
    for name in builtin.BUILT_IN:  # whether it is shipped or not
        with pytest.raises(InvalidArgumentError, match="built-in"):
            install_table(made_table(name=name), replace=True)


def test_a_damaged_installation_says_so(shipped, cache):
    victim = next(shipped.glob("*.npy"))
    victim.write_bytes(victim.read_bytes()[:-4])
    with pytest.raises(DataError, match="install rlnas again"):
        load_suite("rooms-micro")
    (shipped / "table.json").unlink()
    assert built_in_tables() == ()
    with pytest.raises(UnknownNameError):
        load_suite("rooms-micro")
    with pytest.raises(UnknownNameError, match="rooms-micro"):
        builtin.open_built_in("rooms-mikro")


# -- what is shipped -------------------------------------------------------------------------

SPACES = {"rooms-micro": ("transnas-micro", 1376), "rooms-macro": ("transnas-macro-4", 210)}
TASKS = {
    "class_object": (8, 14.0),
    "class_scene": (8, 20.0),
    "room_layout": (8, -0.95),
    "jigsaw": (2, 5.0),
    "segmentsemantic": (2, 55.0),
    "normal": (2, 0.1),
    "autoencoder": (2, 0.2),
}
"""Epochs, and what the median architecture must be better than: somewhat more than chance."""


@pytest.fixture(scope="module", params=builtin.BUILT_IN)
def table(request):
    """Each table of the package; fails, and is meant to, where one was not packed."""
    return builtin.open_built_in(request.param, verify=True)


def test_the_shipped_table_is_complete(table):
    space, forms = SPACES[table.name]
    assert table.space.name == space
    assert len(np.unique(table.space.canonical_index)) == forms
    assert table.tasks == tuple(TASKS)
    for task, (epochs, floor) in TASKS.items():
        for name in table.metrics(task):
            column = table.column(task, name)
            measured = (
                column.metric.split in {"train", "valid", "test"} or column.metric.unit == "s"
            )
            if measured:
                assert np.isfinite(column.values).all(), (task, name)
                assert column.num_epochs in {None, epochs}, (task, name)
        assert np.median(table.scores(task)) > floor
        searched = table.task(task)
        assert searched.test_scores is not None
        assert (searched.costs > 0).all()
        # Validation and test were measured on different images of the same kind.
        assert 0.5 < np.corrcoef(searched.scores, searched.test_scores)[0, 1] < 1
    assert "build.py" in table.source.made_by


def test_the_shipped_table_says_what_its_networks_cost(table):
    import json

    from rlnas.datasets import load_task_data

    plan = json.loads((builtin._FOLDER / table.name / "plan.json").read_text("utf-8"))
    config = SkeletonConfig(**plan["config"])
    form = int(np.unique(table.space.canonical_index)[-7])
    for task in ("class_scene", "jigsaw", "normal"):
        sizes = dict.fromkeys(("train_size", "valid_size", "test_size"), 8)
        spec = load_task_data("rooms", task, **sizes).spec
        found = network_statistics(table.space, table.space.arrays[form], spec, config)
        assert table.scores(task, "parameters")[form] == -found.parameters
        assert table.scores(task, "macs")[form] == -np.float32(found.macs)


def test_the_shipped_tables_are_a_few_megabytes():
    files = [path for path in builtin._FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 4e6
