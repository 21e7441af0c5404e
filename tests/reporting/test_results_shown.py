"""What Python and a notebook show of results: a line, and a table."""

import pytest

from rlnas.agents import PPOController
from rlnas.reporting import MatrixResults, SearchResults
from rlnas.search import RandomSearch
from rlnas.spaces import get_space
from rlnas.tasks import Metric, TabularTask


@pytest.fixture
def result(landscape):
    task = landscape(get_space("transnas-micro"), 0)
    return RandomSearch().search(task, 50, seed=0)


def test_a_search_shows_itself_in_a_line(result):
    assert len(repr(result)) < 200
    assert repr(result.best.architecture) in repr(result)
    assert len(repr(result.best)) < 200
    page = result._repr_html_()
    assert page.startswith("<p>SearchResult(")
    assert page.count("<tr") < 20


def test_where_less_is_better_the_raw_value_stands_beside_the_score(landscape):
    space = get_space("transnas-micro")
    scores = landscape(space, 0).scores
    task = TabularTask("loss", space, scores, Metric(name="loss", direction="min"))
    found = RandomSearch().search(task, 5, seed=0)
    frame = found.to_frame()
    assert list(frame.columns[:4]) == ["query", "architecture", "score", "value"]
    assert (frame["value"] == -frame["score"]).all()
    assert f"{-found.best.score:.6g}" in repr(found)


def test_controllers_and_runs_show_themselves_in_a_line(search_run):
    assert repr(PPOController(get_space("transnas-micro"), seed=3)) == (
        "PPOController('transnas-micro', sources=[], steps=0, seed=3, network='mlp')"
    )
    run = search_run()
    run.write_tables()
    results = SearchResults(run)
    assert "6 of 6 parts done" in repr(results)
    assert len(repr(results)) < 300
    assert "best: IQM" in results._repr_html_()
    assert repr(MatrixResults(results.rows)) == "MatrixResults(6 searches)"
