"""Devices: what is accepted, and what is said where one is missing."""

import pytest
import torch

from rlnas.devices import describe_device, fastest_device
from rlnas.devices import fastest_device as choose_by_speed
from rlnas.errors import InvalidArgumentError
from rlnas.training import choose_device
from rlnas.training.precision import autocast, loss_scaler


@pytest.fixture(params=[0, 2])
def gpus(request, monkeypatch):
    """Pretend to have so many GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)
    return request.param


def test_auto_is_a_gpu_where_there_is_one(gpus):
    assert choose_device("auto") == torch.device("cuda" if gpus else "cpu")
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cuda:", "cpu:0", ""])
@pytest.mark.parametrize("choose", [choose_device, lambda d: choose_by_speed(d, len)])
def test_unknown_devices_are_refused(device, choose, gpus):
    with pytest.raises(InvalidArgumentError, match="expected 'auto'"):
        choose(device)


def test_missing_gpus_are_reported(gpus):
    if gpus:
        assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(InvalidArgumentError, match="no CUDA" if not gpus else "2 CUDA devices"):
        choose_device("cuda:2")


def test_auto_precision_is_float32_on_a_cpu():
    cpu = torch.device("cpu")
    assert describe_device(cpu) == "cpu"
    with autocast("auto", cpu):
        assert not torch.is_autocast_enabled("cpu")
    with autocast("bfloat16", cpu):
        assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype == torch.bfloat16
    assert loss_scaler("float16", cpu).is_enabled()
    assert not loss_scaler("bfloat16", cpu).is_enabled()


def test_choice_of_device(monkeypatch):
    def never(device):
        raise AssertionError("there is nothing to measure")

    assert fastest_device("cpu", never) == "cpu"
    with pytest.raises(InvalidArgumentError, match="tpu"):
        fastest_device("tpu", never)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fastest_device("auto", never) == "cpu"
    for device in ("cuda", "cuda:1"):
        with pytest.raises(InvalidArgumentError, match="no CUDA device"):
            fastest_device(device, never)


@pytest.mark.parametrize("faster", ["cpu", "cuda"])
def test_auto_takes_the_faster_device(faster, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert fastest_device("auto", lambda device: 0.1 if device == faster else 0.2) == faster
