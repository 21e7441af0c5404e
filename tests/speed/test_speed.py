"""The bench measures what it says, in turns, and gives the promised JSON."""

import json

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.speed import Contender, measure_speed, race


@pytest.fixture(autouse=True)
def one_thread():
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_contenders_take_turns_after_a_warm_up():
    order = []

    def work(name, steps):
        def run():
            order.append(name)
            return steps

        return run

    contenders = [
        Contender("a", 4, work("a", 100)),
        Contender("b", 1, work("b", 1), warm_up=work("warm b", 0)),
    ]
    rates = race(contenders, seconds=1e-9, repeats=3)
    assert order == ["a", "warm b", *["a", "b"] * 3]
    assert [len(r.repeats) for r in rates] == [3, 3]
    row = rates[0].to_dict()
    assert (row["name"], row["num_envs"]) == ("a", 4)
    rate = row["steps_per_second"]
    assert rate["min"] <= rate["median"] <= rate["max"]
    assert sorted(rate["repeats"])[1] == rate["median"]


def test_rates_are_steps_by_seconds():
    import time

    def run():
        time.sleep(0.01)
        return 50

    rate = race([Contender("sleeper", 1, run)], seconds=0.05, repeats=1)[0]
    assert 1000 < rate.median <= 5000


@pytest.mark.parametrize(("seconds", "repeats"), [(0, 1), (float("nan"), 1), (1, 0)])
def test_impossible_settings(seconds, repeats):
    with pytest.raises(InvalidArgumentError, match="expected"):
        race([], seconds=seconds, repeats=repeats)


def check_rows(part, names):
    assert [row["num_envs"] for row in part["rows"]] == names
    for row in part["rows"]:
        rate = row["steps_per_second"]
        assert 0 < rate["min"] <= rate["median"] <= rate["max"]
    first, last = (part["rows"][i]["steps_per_second"]["median"] for i in (0, -1))
    assert part["times_faster"] == pytest.approx(first / last)


def test_everything_in_one_run_and_batched_is_faster():
    said = []
    result = measure_speed(
        num_envs=256, seconds=0.1, repeats=2, reference_rollout=64, on_part=said.append
    )
    assert said == ["table", "envs", "ppo"]
    assert json.loads(json.dumps(result)) == result
    check_rows(result["envs"], [256, 256, 8])
    check_rows(result["ppo"], [256, 8])
    assert result["envs"]["times_faster"] > 3
    assert result["ppo"]["times_faster"] > 1.5
    assert result["task"] == "synthetic-micro/synthetic-0"
    assert result["table"]["seconds"]["median"] > 0
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["torch_threads"] >= 1
    assert {"torch", "numpy", "stable-baselines3"} <= set(result["machine"]["versions"])


def test_parts_and_mistakes():
    result = measure_speed("envs", num_envs=8, seconds=0.01, repeats=1)
    assert "ppo" not in result
    with pytest.raises(InvalidArgumentError, match="num_envs"):
        measure_speed(num_envs=0)
    with pytest.raises(InvalidArgumentError, match="all"):
        measure_speed("everything")
    with pytest.raises(UnknownNameError, match="synthetic-0"):
        measure_speed(task="synthetic-O")


def test_command_line(capsys):
    import torch

    from rlnas.cli.main import main

    threads = torch.get_num_threads()
    arguments = ["--num-envs", "64", "--seconds", "0.02", "--repeats", "1", "--json"]
    assert main(["bench", "envs", *arguments]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.strip().splitlines()[-1])
    assert (result["command"], result["name"]) == ("bench", "envs")
    check_rows(result["envs"], [64, 64, 8])
    assert "environment steps per second" in err
    assert torch.get_num_threads() == threads
    assert main(["bench", "--repeats", "0"]) == 2
    assert main(["bench", "--task", "nothing"]) == 2
