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
    ("unit", "title"),
    [("1", "a: m, higher is better (3 seeds)"), ("%", "a: m in %, higher is better (3 seeds)")],
)
def test_searchers_on_one_task_share_a_table(search_rows, unit, title):
    rows = search_rows[search_rows["target"] == "a"]
    (table,) = search_tables(SearchNumbers(rows, rows, {"a": Metric(name="m", unit=unit)}))
    assert str(table.title) == title
    assert table.row_count == 1


def test_where_less_is_better_the_raw_number_is_shown(search_rows):
    loss = Metric(name="loss", direction="min")
    rows = search_rows.assign(best_score=-search_rows["best_score"].abs() - 1)
    (table,) = search_tables(SearchNumbers(rows, rows, {"a": loss}))
    shown = next(iter(table.columns[1].cells))
    value, low, high = (float(part.strip("[],")) for part in shown.split())
    assert 0 < low <= value <= high
    assert list(table.columns[0].cells)[:2] == ["a ↓", "b"]
    only = rows[rows["target"] == "a"]
    (table,) = search_tables(SearchNumbers(only, only, {"a": loss}))
    assert str(table.title) == "a: loss, lower is better (3 seeds)"
