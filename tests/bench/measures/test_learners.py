"""Learners are charged for whole rollouts with updates, and the device engine is the fastest."""

import json

import pytest
import torch

from rlnas.agents import ControllerConfig
from rlnas.bench import learner_contenders, measure_learners, transformer_contenders
from rlnas.bench.measures.learners import device_trainer, sb3_trainer

ROLLOUT = ControllerConfig().ppo.num_envs * ControllerConfig().ppo.n_steps


def test_keys_and_steps_of_all_controllers(task):
    contenders = learner_contenders(task, many=3, reference_rollout=16)
    keys = ["device", "device-many", "sb3", "reference"]
    assert [c.key for c in contenders] == keys
    envs = ControllerConfig().ppo.num_envs
    assert [c.num_envs for c in contenders] == [envs, 3 * envs, envs, 8]
    for contender, steps in zip(contenders, [1, 3, 1, 8 * 16 / ROLLOUT], strict=True):
        assert contender.run() == steps * ROLLOUT
        assert contender.run() == steps * ROLLOUT  # and goes on where it was
    assert [c.key for c in transformer_contenders(task, many=2)] == keys[:3]


@pytest.mark.parametrize("make", [lambda *a: device_trainer(*a, 1), sb3_trainer])
def test_a_piece_of_work_learns(task, make):
    trainer = make(task, ControllerConfig())
    network = trainer.networks[0] if hasattr(trainer, "networks") else trainer.network
    before = [p.detach().clone() for p in network.parameters()]
    trainer.learn(1)
    assert any(not torch.equal(p, b) for p, b in zip(network.parameters(), before, strict=True))


def test_the_device_engine_is_no_slower(task):
    result = measure_learners(task, seconds=0.1, repeats=3, many=4, reference_rollout=64)
    assert json.loads(json.dumps(result)) == result
    assert set(result) == {"mlp", "transformer"}
    rates = {
        group: {row["key"]: row["steps_per_second"]["median"] for row in part["rows"]}
        for group, part in result.items()
    }
    mlp = rates["mlp"]
    # Far less than on a quiet machine (experiments/speed): others may be at work here.
    assert mlp["device"] > 0.5 * mlp["sb3"]
    assert mlp["device"] > 2 * mlp["reference"]
    assert mlp["device-many"] > 0.5 * mlp["device"]
    assert set(rates["transformer"]) == {"device", "device-many", "sb3"}
    assert rates["transformer"]["device"] > 0.2 * rates["transformer"]["sb3"]


@pytest.mark.gpu
def test_on_cuda_every_contender_is_there_twice(task):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    contenders = learner_contenders(task, device="cuda", many=2, reference_rollout=16)
    assert [(c.key, c.device) for c in contenders[4:]] == [
        (f"{c.key}-cuda", "cuda") for c in contenders[:4]
    ]
