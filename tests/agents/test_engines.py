"""Engines: how long a rollout takes, and that measuring it changes nothing."""

import pytest
import torch

from rlnas.agents.engines import rollout_seconds


@pytest.mark.parametrize("engine", ["device", "sb3"])
def test_a_rollout_is_timed_on_a_copy(engine, suite, barely_trained):
    controller = barely_trained["mlp"]
    before = [p.clone() for p in controller.network.parameters()]
    seconds = rollout_seconds(
        controller.network, suite["synthetic-0"], controller.config, engine=engine, device="cpu"
    )
    assert 0 < seconds < 10
    after = controller.network.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device")
@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_auto_measures_both_devices(kind, suite, barely_trained):
    controller, task = barely_trained[kind], suite["synthetic-0"]
    seconds = {
        device: rollout_seconds(
            controller.network, task, controller.config, engine="device", device=device
        )
        for device in ("cpu", "cuda")
    }
    assert controller.choose_device("auto", task, "device") == min(seconds, key=seconds.get)
