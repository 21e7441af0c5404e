"""Devices: what is accepted, and what is said where one is missing."""

import subprocess
import sys

import pytest
import torch

from rlnas.devices import (
    check_device,
    check_threads,
    choose_device,
    describe_device,
    fastest_device,
)
from rlnas.errors import InvalidArgumentError


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
@pytest.mark.parametrize("choose", [choose_device, lambda d: fastest_device(d, len)])
def test_unknown_devices_are_refused(device, choose, gpus):
    with pytest.raises(InvalidArgumentError, match="expected 'auto'"):
        choose(device)


@pytest.mark.parametrize("threads", [0, -1, 1025, 10**30])
def test_threads_that_no_machine_could_have_are_refused(threads):
    with pytest.raises(InvalidArgumentError, match=r"threads is .*; expected 1 to 1,024"):
        check_threads(threads)
    check_threads(1)


def test_missing_gpus_are_reported(gpus):
    if gpus:
        assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(InvalidArgumentError, match="no CUDA" if not gpus else "2 CUDA devices"):
        choose_device("cuda:2")


def test_a_device_is_described_for_a_record(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the GPU {device.index}")
    assert describe_device(torch.device("cpu")) == "cpu"
    assert describe_device(torch.device("cuda:1")) == "cuda: the GPU 1"


def test_naming_a_device_does_not_load_torch():
    script = (
        "import sys\n"
        "from rlnas.devices import check_device, fastest_device\n"
        "check_device('cpu'), fastest_device('cpu', len)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_nothing_is_measured_where_there_is_no_choice(monkeypatch):
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


def test_a_device_of_another_machine_is_checked_by_its_name_alone(gpus):
    check_device("cuda:7", here=False)
    with pytest.raises(InvalidArgumentError, match="device is 'cuda:x'"):
        check_device("cuda:x", here=False)
    with pytest.raises(InvalidArgumentError, match="PyTorch finds"):
        check_device("cuda:7")
