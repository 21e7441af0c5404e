"""Calls are counted by PyTorch, limits follow from the peaks, and nothing beats arithmetic."""

import json

import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig
from rlnas.bench import measure_peaks, measure_roofline
from rlnas.bench.measures.learners import device_trainer
from rlnas.bench.measures.roofline import CallCounter, _parts, _row
from rlnas.bench.measures.work import Work
from rlnas.envs import ConstructionConfig
from rlnas.errors import InvalidArgumentError

PARTS = ["step", "observe", "forward", "update", "all"]


@pytest.fixture(scope="module")
def roofline(task):
    return measure_roofline(task, controllers=(1, 3), repeats=2)


def test_rows(roofline):
    assert json.loads(json.dumps(roofline)) == roofline
    assert all(roofline["peaks"][name] > 0 for name in ("gflops", "gb_per_second", "call_us"))
    rows = roofline["rows"]
    assert [(r["part"], r["controllers"]) for r in rows] == [(p, k) for k in (1, 3) for p in PARTS]
    for row in rows:
        limits = row["limit_us"]
        assert set(limits) == {"arithmetic", "memory", "calls"}
        assert limits[row["bound"]] == max(limits.values())
        assert row["fraction_of_limit"] == pytest.approx(max(limits.values()) / row["measured_us"])
        assert row["measured"]["min"] <= row["measured_us"] <= row["measured"]["max"]
        assert limits["arithmetic"] < row["measured_us"]


def test_a_batch_makes_hardly_more_calls(roofline):
    one, three = ({r["part"]: r for r in roofline["rows"] if r["controllers"] == k} for k in (1, 3))
    for part in PARTS:
        assert one[part]["calls"] <= three[part]["calls"] < 1.2 * one[part]["calls"]
        assert one[part]["flops"] == three[part]["flops"]
        assert three[part]["limit_us"]["calls"] < 0.5 * one[part]["limit_us"]["calls"]
    parts = sum(one[part]["calls"] for part in PARTS[:-1])
    assert one["all"]["calls"] == pytest.approx(parts, rel=0.1)


def test_row():
    peaks = {"gflops": 2.0, "gb_per_second": 1.0, "call_us": 3.0}
    row = _row(peaks, Work(4_000, 1_000), 10, 100, [4.0, 8.0, 5.0])
    assert row["limit_us"] == {"arithmetic": 2.0, "memory": 1.0, "calls": 0.3}
    assert (row["bound"], row["measured_us"], row["fraction_of_limit"]) == ("arithmetic", 5.0, 0.4)


def test_operators_are_counted():
    with CallCounter() as counter:
        a = torch.zeros(3)
        a.add_(1)
        assert a[1:].sum() == 2  # a slice, a sum, a comparison and reading it as a truth value
    assert counter.calls == 6


def test_measuring_leaves_the_weights(task):
    trainer = device_trainer(task, ControllerConfig(), 1)
    before = trainer.learner.stack.parameters.clone()
    for job in _parts(trainer).values():
        job()
    assert torch.equal(trainer.learner.stack.parameters, before)


def test_peaks():
    peaks = measure_peaks(repeats=1)
    assert peaks["torch_threads"] == torch.get_num_threads()
    assert 1 < peaks["gflops"] < 1e5
    assert 0.1 < peaks["gb_per_second"] < 1e4
    assert 0.05 < peaks["call_us"] < 1e3


def test_mistakes(task):
    for options in ({"repeats": 0}, {"controllers": []}, {"controllers": [0]}):
        with pytest.raises(InvalidArgumentError, match="1 or more"):
            measure_roofline(task, **options)
    construction = ControllerConfig(environment=ConstructionConfig())
    for config in (ControllerConfig(network=PolicyConfig(kind="transformer")), construction):
        with pytest.raises(InvalidArgumentError, match="perceptron"):
            measure_roofline(task, config=config, repeats=1)
