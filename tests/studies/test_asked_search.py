"""A search that is asked from outside asks what it would ask by itself."""

import threading

import pytest

from rlnas.search import Searcher, get_searcher
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import get_space
from rlnas.studies.asked_search import AskedSearch
from rlnas.tasks import Budget, Evaluation, Metric, Task
from rlnas.tasks.proxies import ProxyColumns

MICRO = get_space("transnas-micro")
METRIC = Metric(name="score")


def score(architecture):
    digits = architecture.rsplit("-", 1)[1]
    if digits.startswith("0"):
        return Evaluation(float("nan"), 1.0, "fails")
    return Evaluation(digits.count("3") + 0.1 * digits.count("2"), 1.0)


class Scores:
    metric = METRIC

    def __init__(self, in_flight):
        self.in_flight = in_flight

    def evaluate(self, vector):
        return score(MICRO.format(vector))

    def evaluate_many(self, vectors):
        return [self.evaluate(vector) for vector in vectors]


PROXIES = ProxyColumns(MICRO, {f"p{n}": (MICRO.arrays == n).sum(axis=1) for n in range(1, 4)})


def asked(searcher, budget, seed, in_flight=1, proxies=None):
    search = AskedSearch(
        searcher, MICRO, METRIC, Budget(budget), seed, in_flight=in_flight, proxies=proxies
    )
    batches = []
    while batch := search.questions():
        batches.append(batch)
        search.answer([score(name) for name in batch])
    return search, batches


def blocking(searcher, budget, seed, in_flight=1, proxies=None):
    task = Task("study", MICRO, Scores(in_flight))
    task.proxies = proxies
    return searcher.search(task, budget, seed)


def same(records, others):
    def facts(r):
        return r.query, r.architecture, repr(r.evaluation), dict(r.notes)

    return list(map(facts, records)) == list(map(facts, others))


WITHOUT_SOURCES = [
    n for n in SEARCHERS.names() if not SEARCHERS.get(n).takes and not SEARCHERS.get(n).trains
]


@pytest.mark.parametrize(
    ("name", "in_flight"),
    [
        *((name, 1) for name in (*WITHOUT_SOURCES, "scratch")),
        *((name, 3) for name in ("random", "local", "regularised-evolution", "bo-gp", "proxybo")),
    ],
)
def test_every_searcher_asks_what_it_would_ask_by_itself(name, in_flight):
    free = {"proxies": PROXIES} if "rox" in name or name == "robot" else {}
    search, batches = asked(get_searcher(name), 14, 2, in_flight, **free)
    expected = blocking(get_searcher(name), 14, 2, in_flight, **free)
    assert same(search.records, expected.records)
    assert [name for batch in batches for name in batch] == [
        record.architecture for record in expected.records
    ]


def test_a_searcher_that_uses_several_in_flight_has_them_open_together():
    _, batches = asked(get_searcher("regularised-evolution", population=4), 10, 0, in_flight=3)
    assert len(batches[0]) == 4
    assert max(len(batch) for batch in batches[1:]) == 3


def test_it_ends_with_the_result_and_then_asks_nothing():
    search, _ = asked(get_searcher("random"), 3, 0)
    assert search.questions() == () == search.questions()
    with pytest.raises(ValueError, match="answers to 0"):
        search.answer([])


def test_what_the_searcher_raises_is_raised_to_who_asks():
    class Broken(Searcher):
        name = "broken"

        def _search(self, ledger, rng):
            ledger.query(ledger.space.sample(1, rng)[0])
            raise ZeroDivisionError("after the first")

    search = AskedSearch(Broken(), MICRO, METRIC, Budget(3), 0)
    search.answer([Evaluation(1.0)])
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="after the first"):
            search.questions()


@pytest.mark.parametrize("how", ["closed", "forgotten"])
def test_a_search_that_nobody_answers_any_more_ends_its_thread(how):
    ended = threading.Event()

    class Watched(Searcher):
        name = "watched"

        def _search(self, ledger, rng):
            try:
                ledger.query(ledger.space.sample(1, rng)[0])
            finally:
                assert not ledger.records  # what nobody answered is no query
                ended.set()

    search = AskedSearch(Watched(), MICRO, METRIC, Budget(3), 0)
    assert len(search.questions()) == 1
    if how == "closed":
        search.close()
    del search
    assert ended.wait(10)


def test_the_answers_are_those_of_all_questions():
    search = AskedSearch(get_searcher("random"), MICRO, METRIC, Budget(6), 0, in_flight=3)
    with pytest.raises(ValueError, match="2 answers to 3 questions"):
        search.answer([Evaluation(1.0)] * 2)
    assert len(search.questions()) == 3
