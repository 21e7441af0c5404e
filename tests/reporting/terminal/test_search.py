"""What searches found, on a terminal."""

import pytest

from rlnas.reporting.search.numbers import SearchNumbers
from rlnas.reporting.terminal.search import search_tables
from rlnas.tasks import Metric


def test_a_searcher_has_a_table_of_tasks_and_their_mean(search_rows):
    (table,) = search_tables(SearchNumbers(search_rows, search_rows))
    assert str(table.title) == "random (3 seeds)"
    assert table.row_count == 3  # two tasks and their mean


@pytest.mark.parametrize(
    ("unit", "title"), [("1", "a (3 seeds)"), ("%", "a, score in % (3 seeds)")]
)
def test_searchers_on_one_task_share_a_table(search_rows, unit, title):
    rows = search_rows[search_rows["target"] == "a"]
    (table,) = search_tables(SearchNumbers(rows, rows, {"a": Metric(name="m", unit=unit)}))
    assert str(table.title) == title
    assert table.row_count == 1
