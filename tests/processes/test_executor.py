"""Where calls run: what all of them have in common, and what each refuses."""

import os
from concurrent.futures import wait

import pytest

from rlnas.errors import InvalidArgumentError, MissingDependencyError
from rlnas.processes import Failure, InProcess, Processes, make_executor
from rlnas.spaces import get_space
from rlnas.tasks import make_task

EVERYWHERE = ["in-process", "processes", pytest.param("ray", marks=pytest.mark.ray)]


@pytest.fixture(params=EVERYWHERE)
def executor(request):
    if request.param == "ray":
        request.getfixturevalue("ray_cluster")
    with make_executor(request.param) as executor:
        yield executor


def square(x):
    if x == 3:
        raise ValueError("three")
    return x * x


def test_calls_come_back_by_number(executor):
    calls = executor.calls(square)
    calls.check()
    for _ in range(2):
        assert dict(calls.calls([2, 4, 5], workers=1)) == {0: 4, 1: 16, 2: 25}


def test_a_pool_returns_and_raises(executor):
    pool = executor.pool(1)
    futures = [pool.submit(square, x) for x in (2, 3, 4)]
    wait(futures)
    assert futures[0].result() == 4
    assert futures[2].result() == 16
    with pytest.raises(ValueError, match="three"):
        futures[1].result()
    pool.shutdown()


def test_workers_have_one_thread_of_pytorch(executor):
    def threads():
        import torch

        return torch.get_num_threads()

    if isinstance(executor, Processes):
        pytest.skip("sends no functions of functions")
    assert executor.pool(1).submit(threads).result() == 1


@pytest.mark.parametrize("name", EVERYWHERE[1:])
def test_what_goes_wrong_is_kept_apart(name, request):
    if name == "ray":
        request.getfixturevalue("ray_cluster")

    def call(x):
        if x == "dies":
            os._exit(3)
        if x == "sleeps":
            import time

            time.sleep(60)
        return square(x)

    with make_executor(name) as executor:
        found = dict(
            executor.calls(call).calls([2, 3, "dies", "sleeps", 4], workers=2, timeout=2.0)
        )
    assert found[0] == 4
    assert found[4] == 16
    assert [found[n].kind for n in (1, 2, 3)] == ["error", "died", "timeout"]
    assert found[1].message == "ValueError: three"
    assert all(isinstance(found[n], Failure) for n in (1, 2, 3))


def test_in_this_process_a_call_that_raises_raises_and_there_is_one_worker():
    calls = InProcess().calls(square)
    outcomes = calls.calls([2, 3], workers=1)
    assert next(outcomes) == (0, 4)
    with pytest.raises(ValueError, match="three"):
        next(outcomes)
    for wrong in ({"workers": 2}, {"workers": 1, "timeout": 1.0}):
        with pytest.raises(InvalidArgumentError, match="one after the other"):
            list(calls.calls([1], **wrong))


def test_a_search_is_the_same_everywhere(executor):
    def score(architecture):
        if architecture.endswith("0"):
            raise RuntimeError("no output")
        return architecture.count("3")

    def found(**where):
        task = make_task(get_space("transnas-micro"), score, **where)
        from rlnas.search import get_searcher

        records = get_searcher("regularised-evolution").search(task, 14, seed=2).records
        return [(r.architecture, r.evaluation.error) for r in records]

    assert found(executor=executor) == found()


def test_unknown_names_and_options_of_another_are_refused():
    with pytest.raises(InvalidArgumentError, match="executor is 'dask'"):
        make_executor("dask")
    for wrong in ({"address": "auto"}, {"gpus": 1}):
        with pytest.raises(InvalidArgumentError, match="are for executor='ray'"):
            make_executor("processes", **wrong)


def test_without_the_extra_ray_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'rlnas\[ray\]'"):
        make_executor("ray")
