"""Environments are stepped as said, and the batched ones are much faster."""

import json

import pytest
import torch

from rlnas.bench import environment_contenders, measure_environments
from rlnas.bench.measures.environments import single_contender, tensor_contender
from rlnas.envs import ImprovementConfig
from rlnas.errors import InvalidArgumentError


def test_keys_environments_and_steps(task):
    contenders = environment_contenders(task, 16)
    assert [(c.key, c.num_envs) for c in contenders] == [
        ("tensor", 16),
        ("batched", 16),
        ("gymnasium", 16),
        ("dummy", 16),
        ("dummy-8", 8),
    ]
    for contender in contenders:
        assert contender.run() == 20 * contender.num_envs


def test_many_single_environments_are_measured_in_small_pieces(task):
    assert single_contender(task, 256).run() == 7 * 256


def test_the_device_environment_begins_anew_and_observes(task, monkeypatch):
    from rlnas.envs.tensor import TensorImprovement

    calls = []
    for name in ("step", "restart", "observe"):
        plain = getattr(TensorImprovement, name)

        def counted(self, *args, name=name, plain=plain, **options):
            calls.append(name)
            return plain(self, *args, **options)

        monkeypatch.setattr(TensorImprovement, name, counted)
    contender = tensor_contender(task, 4)
    assert contender.run() == 80
    assert (calls.count("step"), calls.count("observe")) == (20, 20)
    assert calls.count("restart") == 20 // ImprovementConfig().horizon


def test_ours_are_faster_than_single_environments(task):
    result = measure_environments(task, 256, seconds=0.1, repeats=3)
    assert json.loads(json.dumps(result)) == result
    times = result["times_faster"]
    assert set(times) == {"batched", "gymnasium", "dummy", "dummy-8"}
    assert times["dummy"] >= 5
    assert times["dummy-8"] >= 5
    rates = {row["key"]: row["steps_per_second"]["median"] for row in result["rows"]}
    assert rates["batched"] >= 3 * rates["dummy"]
    assert times["dummy"] == pytest.approx(rates["tensor"] / rates["dummy"])


def test_mistakes(task):
    with pytest.raises(InvalidArgumentError, match="num_envs is 0"):
        environment_contenders(task, 0)


@pytest.mark.gpu
def test_on_cuda(task):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    first = measure_environments(task, 64, device="cuda", seconds=0.05, repeats=1)["rows"][0]
    assert (first["key"], first["device"]) == ("tensor", "cuda")
