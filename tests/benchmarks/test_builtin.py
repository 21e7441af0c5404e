"""Built-in tables: rows of canonical forms, found by name, complete as they are shipped."""

import numpy as np
import pytest

from rlnas.bench.measures.tables import measure_table_loading
from rlnas.benchmarks import (
    BenchmarkTable,
    Column,
    Provenance,
    built_in_tables,
    builtin,
    install_table,
    installed_tables,
    load_suite,
    load_table,
    open_table,
    save_table,
    spread_to_equivalents,
    suite_names,
)
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError
from rlnas.networks import SkeletonConfig, network_statistics
from rlnas.search import get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Metric
from rlnas.transfer.similarity.proxy_signature import load_proxies

MICRO = get_space("transnas-micro")
FORMS = np.unique(MICRO.canonical_index)
CURVE = Metric(name="valid_top1", unit="%", epoch_policy="all")
TEST = Metric(name="test_top1", unit="%", split="test", epoch_policy="final")
SECONDS = Metric(name="cpu_seconds", unit="s", direction="min", split="none", epoch_policy="all")


def made(forms=FORMS, name="rooms-micro"):
    """A table in which every number says which form, seed and epoch it is of."""
    number = np.arange(len(forms), dtype=np.float32)
    curve = number[:, None, None] + np.float32([[[0, 0.25]], [[0.5, 0.75]]]).reshape(1, 2, 2)
    return BenchmarkTable(
        name,
        MICRO,
        [
            Column("jigsaw", CURVE, curve, ("architecture", "seed", "epoch"), (0, 1)),
            Column("jigsaw", TEST, number + 1000),
            Column("jigsaw", Metric(name="synflow", split="none"), -number),
            Column("jigsaw", SECONDS, np.stack([number, 2 * number], 1), ("architecture", "epoch")),
        ],
        primary={"jigsaw": "valid_top1"},
        tests={"jigsaw": "test_top1"},
        costs={"jigsaw": "cpu_seconds"},
        source=Provenance(title="made up"),
        architectures=MICRO.from_index(forms),
    )


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """An installation that holds the table above and nothing else."""
    monkeypatch.setattr(builtin, "_FOLDER", tmp_path / "data")
    return save_table(made(), tmp_path / "data" / "rooms-micro")


def test_every_architecture_has_the_numbers_of_its_canonical_form():
    table = spread_to_equivalents(made())
    assert table.num_rows == MICRO.size
    place = np.searchsorted(FORMS, MICRO.canonical_index)
    np.testing.assert_array_equal(table.scores("jigsaw", seed=1, epoch=0), place + 0.5)
    np.testing.assert_array_equal(table.scores("jigsaw"), place + 0.5)  # mean of .25 and .75
    task = table.task("jigsaw")
    np.testing.assert_array_equal(task.test_scores, place + 1000)
    np.testing.assert_array_equal(task.costs, 2 * place)
    # Two cells with a dead edge more or less, so one class.
    same = MICRO.index(np.stack([MICRO.parse(f"64-41414-0_00_3{e}0") for e in "012"]))
    assert len(set(table.scores("jigsaw")[same])) == 1
    assert spread_to_equivalents(table) is table


def test_a_search_pays_for_one_of_each_class(tmp_path):
    table = spread_to_equivalents(made())
    for task in (table.task("jigsaw"), table.renamed("x").suite()["jigsaw"]):
        result = get_searcher("random").search(task, 300, seed=0)
        rows = MICRO.index(np.stack([record.vector for record in result.records]))
        assert len(set(MICRO.canonical_index[rows])) == len(rows) == 300
        assert result.options["canonical_free"] is True
    charged = get_searcher("random").search(task, 300, seed=0, canonical_free=False)
    rows = MICRO.index(np.stack([record.vector for record in charged.records]))
    assert len(set(MICRO.canonical_index[rows])) < 300
    save_table(table, tmp_path / "kept")
    assert open_table(tmp_path / "kept").task("jigsaw").canonical_free
    assert not made().task("jigsaw").canonical_free  # other tables charge for each, as published


def test_a_form_that_was_not_measured_is_missing_in_its_whole_class():
    table = spread_to_equivalents(made(FORMS[1:]))
    missing = np.isnan(table.scores("jigsaw"))
    np.testing.assert_array_equal(missing, MICRO.canonical_index == FORMS[0])
    assert np.isfinite(table.scores("jigsaw")[~missing]).all()


def test_rows_must_be_canonical_forms_of_a_numbered_space():
    other = int(np.flatnonzero(MICRO.canonical_index != np.arange(MICRO.size))[0])
    with pytest.raises(InvalidArgumentError, match="canonical forms only"):
        spread_to_equivalents(made(np.array([other])))
    large = CellSpace("large", [(i, i + 1) for i in range(30)], ["a", "b"])
    table = BenchmarkTable(
        "t",
        large,
        [Column("x", TEST, np.zeros(1))],
        primary={},
        source=Provenance(title=""),
        architectures=np.zeros((1, 30)),
    )
    with pytest.raises(InvalidArgumentError, match="too large"):
        spread_to_equivalents(table)


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


def test_no_other_table_may_take_its_name(cache):
    for name in builtin.BUILT_IN:  # whether it is shipped or not
        with pytest.raises(InvalidArgumentError, match="built-in"):
            install_table(made(name=name), replace=True)


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
