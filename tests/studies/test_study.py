"""Asked and told: the same search, over restarts, from several processes, whatever is told."""

import math
import multiprocessing
import os
import pickle
import random
import threading

import pytest

import rlnas
from rlnas.errors import (
    AnswerError,
    InvalidArchitectureError,
    InvalidArgumentError,
    RunError,
    UnknownNameError,
)
from rlnas.search import RegularisedEvolution, get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.studies import open_study
from rlnas.tasks import Budget, make_task

MICRO = get_space("transnas-micro")


def score(architecture):
    return architecture.count("3") + 0.1 * architecture.count("1")


def facts(records):
    return [(r.query, r.architecture, r.score, r.evaluation.error) for r in records]


def drive(study, n=1):
    while batch := study.ask(n):
        for architecture in batch:
            study.tell(architecture, score(architecture), cost=1.0)


@pytest.fixture
def begin(tmp_path):
    def begin(budget=6, searcher="random", space="transnas-micro", **more):
        return open_study(tmp_path / "study", space, searcher, budget, **more)

    return begin


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "study" / "journal.jsonl"
    return lambda: path.read_bytes() if path.exists() else b""


class TestTheSameSearch:
    @pytest.mark.parametrize("name", ["random", "local", "regularised-evolution", "bo-gp"])
    def test_it_is_the_blocking_search(self, begin, name):
        study = begin(15, name, seed=3)
        drive(study)
        task = make_task(MICRO, score)
        expected = get_searcher(name).search(task, 15, seed=3)
        assert facts(study.records) == facts(expected.records)
        found = study.result()
        assert facts(found.records) == facts(expected.records)
        assert dict(found.options) == dict(expected.options)
        assert (found.searcher, found.seed, found.budget) == (name, 3, Budget(15))
        assert study.best.architecture == expected.best.architecture
        assert study.finished
        assert study.ask() == []

    def test_with_several_in_flight_neither_order_nor_restarts_matter(self, begin, tmp_path):
        begin(22, "regularised-evolution", seed=1, in_flight=4)
        rng = random.Random(0)
        held = []
        while True:
            study = open_study(tmp_path / "study")  # another process would do no more
            held += study.ask(rng.randint(1, 4))
            if not held:
                break
            architecture = held.pop(rng.randrange(len(held)))
            open_study(tmp_path / "study").tell(architecture, score(architecture), cost=1.0)
        assert study.finished

        class Scores:
            metric = study.metric
            in_flight = 4

            def evaluate_many(self, vectors):
                return [rlnas.tasks.Evaluation(score(MICRO.format(v)), 1.0) for v in vectors]

        task = rlnas.Task("t", MICRO, Scores())
        expected = get_searcher("regularised-evolution").search(task, 22, seed=1)
        assert facts(study.records) == facts(expected.records)
        assert dict(study.result().options) == dict(expected.options)

    def test_the_result_so_far_has_whole_batches_also_after_a_restart(self, begin, tmp_path):
        study = begin(9, in_flight=3)
        asked = [*study.ask(3)]
        for architecture in asked:
            study.tell(architecture, 1.0)
        asked += study.ask(3)
        study.tell(asked[4], 2.0)
        for other in (study, open_study(tmp_path / "study")):
            assert [r.architecture for r in other.result().records] == asked[:3]
            assert other.told == 4
            assert other.best.architecture == asked[4]

    def test_a_method_that_learns_is_driven_too_and_gone_on_with(self, begin, tmp_path):
        begin(5, "scratch", seed=2)
        while batch := open_study(tmp_path / "study").ask():
            open_study(tmp_path / "study").tell(batch[0], score(batch[0]))
        expected = get_searcher("scratch").search(make_task(MICRO, score), 5, seed=2)
        assert facts(open_study(tmp_path / "study").records) == facts(expected.records)

    def test_a_budget_in_cost_ends_it(self, begin):
        study = begin(Budget(cost=5.0))
        while batch := study.ask():
            study.tell(batch[0], 1.0, cost=2.0)
        assert study.told == 3
        assert study.finished

    def test_failures_cost_their_query_and_are_no_best(self, begin):
        study = begin(4, "regularised-evolution")
        assert study.best is None
        for number, answer in enumerate([{"failure": "out of memory"}, {"score": math.nan}]):
            (architecture,) = study.ask()
            record = study.tell(architecture, **answer)
            assert record.evaluation.failed
            assert record.query == number + 1
        assert study.best is None
        drive(study)
        assert study.told == 4
        assert study.records[0].evaluation.error == "out of memory"
        assert "nan" in study.records[1].evaluation.error

    def test_less_can_be_better(self, begin):
        study = begin(3, direction="min", metric="loss", unit="nats")
        for loss in (2.0, 1.0, 3.0):
            study.tell(study.ask()[0], loss)
        assert study.best.score == -1.0
        assert study.metric.text(study.best.score) == "1 nats"

    def test_equivalent_architectures_are_not_asked_for_where_they_are_free(self, begin):
        study = begin(40, canonical_free=True)
        drive(study)
        keys = {MICRO.canonical_key(r.vector) for r in study.records}
        assert len(keys) == 40


class TestHandingOut:
    def test_what_is_handed_out_is_not_handed_out_again(self, begin):
        study = begin(6, in_flight=3)
        first = study.ask()
        rest = study.ask(5)
        assert len(first + rest) == len({*first, *rest}) == 3
        assert study.ask() == []
        assert study.waiting == [*first, *rest]
        assert not study.finished

    def test_a_worker_gets_back_what_it_had(self, begin, tmp_path, journal):
        begin(6, in_flight=3)
        first = open_study(tmp_path / "study").ask(worker="a")
        before = journal()
        assert open_study(tmp_path / "study").ask(worker="a") == first
        assert journal() == before
        (other,) = open_study(tmp_path / "study").ask(worker="b")
        assert other not in first
        assert open_study(tmp_path / "study").ask(3, worker="a") != first  # and a new one

    def test_what_somebody_has_for_too_long_is_handed_out_again(self, begin, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr("rlnas.studies.study.time.time", lambda: now[0])
        study = begin(6)
        (late,) = study.ask(worker="gone")
        now[0] += 50
        assert study.ask(worker="b", again=60) == []
        now[0] += 20
        assert study.ask(worker="b", again=60) == [late]
        assert study.ask(worker="c", again=60) == []  # b has it since now
        study.tell(late, 1.0)
        with pytest.raises(AnswerError, match="told before"):
            study.tell(late, 2.0)
        assert study.records[0].evaluation.cost == 0.0  # since it was handed to b

    def test_the_cost_is_the_time_since_it_was_handed_out_unless_said(self, begin, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr("rlnas.studies.study.time.time", lambda: now[0])
        study = begin(6)
        (one,) = study.ask()
        now[0] += 7.5
        assert study.tell(one, 1.0).evaluation.cost == 7.5
        (two,) = study.ask()
        assert study.tell(two, 1.0, cost=3, metrics={"top5": 9}).evaluation.cost == 3.0
        assert dict(study.records[1].evaluation.metrics) == {"top5": 9.0}
        assert [r.seconds for r in study.records] == [7.5, 7.5]

    def test_one_who_waits_gets_what_another_makes_possible(self, begin, tmp_path):
        study = begin(3)
        (first,) = study.ask()
        timer = threading.Timer(0.2, lambda: open_study(tmp_path / "study").tell(first, 1.0))
        timer.start()
        assert len(study.ask(wait=20.0)) == 1
        timer.join()

    @pytest.mark.parametrize(
        "wrong", [{"n": 0}, {"again": -1.0}, {"wait": math.inf}, {"worker": "a\n"}, {"worker": 3}]
    )
    def test_wrong_arguments_are_refused(self, begin, wrong, journal):
        study = begin()
        with pytest.raises(InvalidArgumentError):
            study.ask(**wrong)
        assert journal() == b""


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (("64-41414-3_33_333", 1.0), AnswerError),
            (("64-41414-3_33", 1.0), InvalidArchitectureError),
            (("", 1.0), InvalidArchitectureError),
            ((None,), InvalidArgumentError),
            ((None, "1.0"), InvalidArgumentError),
            ((None, True), InvalidArgumentError),
            ((None, 1.0, {"cost": -1}), InvalidArgumentError),
            ((None, 1.0, {"cost": math.nan}), InvalidArgumentError),
            ((None, 1.0, {"failure": "too"}), InvalidArgumentError),
            ((None, 1.0, {"metrics": {"a": "b"}}), InvalidArgumentError),
        ],
    )
    def test_nothing_is_recorded_of_a_wrong_answer(self, begin, journal, answer, error):
        study = begin(6, "regularised-evolution", seed=5)
        (asked,) = study.ask()
        before = journal()
        *given, options = answer if isinstance(answer[-1], dict) else (*answer, {})
        given[0] = asked if given[0] is None else given[0]
        with pytest.raises(error):
            study.tell(*given, **options)
        assert journal() == before
        assert study.told == 0
        study.tell(asked, 1.0)

    def test_a_second_answer_is_refused_and_the_first_stays(self, begin, journal):
        study = begin()
        (asked,) = study.ask()
        study.tell(asked, 1.0)
        before = journal()
        for answer in ({"score": 1.0}, {"score": 2.0}, {"failure": "x"}):
            with pytest.raises(AnswerError, match=r"told before \(score 1\)"):
                study.tell(asked, **answer)
        assert journal() == before

    def test_what_the_searcher_wants_but_nobody_asked_for_is_refused(self, begin):
        study = begin(6, in_flight=3)
        (first,) = study.ask()
        hidden = next(q for q in study._progress.questions if q != first)
        with pytest.raises(AnswerError, match=f"It waits for {first}"):
            study.tell(hidden, 1.0)

    def test_a_new_study_needs_a_space_and_a_budget(self, tmp_path):
        with pytest.raises(InvalidArgumentError, match="the space to begin one with is missing"):
            open_study(tmp_path / "no")
        with pytest.raises(InvalidArgumentError, match="the budget to begin"):
            open_study(tmp_path / "no", "transnas-micro")
        with pytest.raises(UnknownNameError):
            open_study(tmp_path / "no", "transnas-micro", "evolutoin", 5)
        with pytest.raises(InvalidArgumentError, match="population"):
            open_study(tmp_path / "no", "transnas-micro", budget=5, options={"population": -1})
        assert not (tmp_path / "no" / "config.json").exists()
        open_study(tmp_path / "no", "transnas-micro", budget=5)

    def test_a_searcher_that_trains_by_itself_is_refused(self, tmp_path):
        with pytest.raises(InvalidArgumentError, match="snps trains a super-network itself"):
            open_study(tmp_path / "new", "transnas-micro", "snps", budget=3)
        assert not (tmp_path / "new" / "config.json").exists()

    def test_other_settings_are_refused_and_those_that_are_left_out_are_as_begun(self, begin):
        begin(6, seed=4, in_flight=2)
        assert begin(6).settings["in_flight"] == 2
        for other, said in (
            ({"seed": 5}, "seed is 4 there, not 5"),
            ({"budget": 7}, "budget.queries is 6 there, not 7"),
            ({"searcher": "local"}, 'searcher is "random" there, not "local"'),
            ({"space": "nasbench-201"}, 'space is "transnas-micro" there'),
            ({"in_flight": 3}, "in_flight is 2 there, not 3"),
        ):
            with pytest.raises(RunError, match=said):
                begin(**{"budget": 6, **other})

    def test_a_folder_with_something_else_is_left_alone(self, tmp_path):
        (tmp_path / "study").mkdir()
        (tmp_path / "study" / "mine.txt").write_text("mine")
        with pytest.raises(RunError, match="something that is no study"):
            open_study(tmp_path / "study", "transnas-micro", budget=5)
        assert [p.name for p in (tmp_path / "study").iterdir()] == ["mine.txt"]

    def test_a_searcher_that_asks_for_something_else_is_noticed(self, begin, tmp_path):
        study = begin(6, "random", seed=1)
        study.tell(study.ask()[0], 1.0)
        path = tmp_path / "study" / "config.json"
        path.write_text(path.read_text().replace('"seed": 1', '"seed": 2'))
        with pytest.raises(RunError, match="with the same answers random asks for"):
            open_study(tmp_path / "study").ask()

    def test_a_journal_that_cannot_have_happened_is_one_error(self, begin, tmp_path):
        study = begin()
        (asked,) = study.ask()
        for event in (
            {"event": "told", "architecture": "x", "score": 1.0, "cost": 0.0, "time": 0.0},
            {"event": "told", "architecture": asked, "score": "1", "cost": 0.0, "time": 0.0},
            {"event": "proposed", "architectures": [asked], "time": 0.0},
            {"event": "danced", "time": 0.0},
            {},
        ):
            other = open_study(tmp_path / "study")
            other.waiting  # noqa: B018
            size = (tmp_path / "study" / "journal.jsonl").stat().st_size
            other._journal.append(event)
            again = open_study(tmp_path / "study")
            for _ in range(2):
                with pytest.raises(RunError, match="journal of a study"):
                    again.told  # noqa: B018
            with (tmp_path / "study" / "journal.jsonl").open("rb+") as file:
                file.truncate(size)


class TestObjects:
    def test_a_searcher_given_as_an_object_is_given_again_to_go_on(self, begin, tmp_path):
        study = begin(12, RegularisedEvolution(population=3, sample=2), seed=1)
        (asked,) = study.ask()
        other = open_study(tmp_path / "study")
        other.tell(asked, 1.0)  # needs none
        other = open_study(
            tmp_path / "study", searcher=RegularisedEvolution(population=3, sample=2)
        )
        drive(other)
        assert other.told == 12
        with pytest.raises(InvalidArgumentError, match="given as an object"):
            open_study(tmp_path / "study").result()
        with pytest.raises(RunError, match="population"):
            open_study(tmp_path / "study", searcher=RegularisedEvolution(population=4, sample=2))

    def test_a_space_of_ones_own(self, tmp_path):
        space = CellSpace("mine-alone", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"])
        study = open_study(tmp_path / "study", space, "random", 5)
        while batch := study.ask():
            study.tell(batch[0], 1.0)
        with pytest.raises(UnknownNameError, match="mine-alone"):
            open_study(tmp_path / "study").records  # noqa: B018
        assert open_study(tmp_path / "study", space).told == 5

    def test_proxies_are_given_again(self, begin, tmp_path):
        proxies = {"threes": (MICRO.arrays == 3).sum(axis=1)}
        study = begin(3, "proxy-rank", proxies=proxies)
        study.tell(study.ask()[0], 1.0)
        with pytest.raises(InvalidArgumentError, match="begun with proxies"):
            open_study(tmp_path / "study").ask()
        with pytest.raises(RunError, match="proxies is"):
            begin(3, "proxy-rank", proxies={"threes": proxies["threes"] + 1})
        assert begin(3, "proxy-rank", proxies=proxies).ask() != []

    def test_a_pickle_and_a_fork_go_on(self, begin):
        study = begin(9, "regularised-evolution", options={"population": 2, "sample": 1})
        study.tell(study.ask()[0], 1.0)
        copy = pickle.loads(pickle.dumps(study))
        copy.tell(copy.ask()[0], 2.0)
        process = multiprocessing.get_context("fork").Process(target=drive, args=(study,))
        process.start()
        process.join()
        assert process.exitcode == 0
        assert study.finished
        assert study.told == 9

    def test_threads_share_one(self, begin):
        study = begin(40, "regularised-evolution", in_flight=4, seed=2)
        errors = []

        def client(name):
            try:
                while batch := study.ask(worker=name, wait=20.0):
                    study.tell(batch[0], score(batch[0]), cost=1.0)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=client, args=(str(n),)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert study.told == 40
        assert facts(study.result().records) == facts(study.records)

    def test_it_shows_itself_and_closes(self, begin):
        with begin(3, "random") as study:
            study.tell(study.ask()[0], 5.0)
            study.ask()
            assert "'random', 1 told, 1 open, best='5'" in repr(study)
        assert study._search is None
        assert os.getpid() == study._owner
