"""Numbers of canonical forms, spread to every architecture of their class."""

import numpy as np
import pytest

from rlnas.benchmarks import (
    BenchmarkTable,
    Column,
    Provenance,
    builtin,
    open_table,
    save_table,
    spread_to_equivalents,
)
from rlnas.errors import InvalidArgumentError
from rlnas.search import get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Metric

MICRO = get_space("transnas-micro")
FORMS = np.unique(MICRO.canonical_index)


def test_every_architecture_has_the_numbers_of_its_canonical_form(made_table):
    table = spread_to_equivalents(made_table())
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


def test_a_search_pays_for_one_of_each_class(tmp_path, made_table):
    table = spread_to_equivalents(made_table())
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
    assert not made_table().task("jigsaw").canonical_free  # others charge for each


def test_a_form_that_was_not_measured_is_missing_in_its_whole_class(made_table):
    table = spread_to_equivalents(made_table(FORMS[1:]))
    missing = np.isnan(table.scores("jigsaw"))
    np.testing.assert_array_equal(missing, MICRO.canonical_index == FORMS[0])
    assert np.isfinite(table.scores("jigsaw")[~missing]).all()


def test_rows_must_be_canonical_forms_of_a_numbered_space(made_table):
    other = int(np.flatnonzero(MICRO.canonical_index != np.arange(MICRO.size))[0])
    with pytest.raises(InvalidArgumentError, match="canonical forms only"):
        spread_to_equivalents(made_table(np.array([other])))
    large = CellSpace("large", [(i, i + 1) for i in range(30)], ["a", "b"])
    table = BenchmarkTable(
        "t",
        large,
        [Column("x", Metric(name="acc"), np.zeros(1))],
        primary={},
        source=Provenance(title=""),
        architectures=np.zeros((1, 30)),
    )
    with pytest.raises(InvalidArgumentError, match="too large"):
        spread_to_equivalents(table)


@pytest.fixture(scope="module", params=builtin.BUILT_IN)
def table(request):
    """Each table of the package; fails, and is meant to, where one was not packed."""
    return builtin.open_built_in(request.param, verify=True)
