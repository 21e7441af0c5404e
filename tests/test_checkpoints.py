"""A training state as one file: what comes back, and what is refused."""

import json

import pytest
import torch
from safetensors.torch import save_file

from rlnas.checkpoints import (
    optimizer_tensors,
    read_state_file,
    restore_optimizer,
    write_state_file,
)
from rlnas.errors import CheckpointError

TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(3)}
VALUES = {"rows": [{"loss": 0.1 + 0.2, "metric": float("nan")}], "name": "ε"}


def test_tensors_and_values_come_back(tmp_path):
    path = tmp_path / "deep" / "state.safetensors"
    write_state_file(path, (TENSORS, VALUES))
    tensors, values = read_state_file(path)
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], value) for name, value in TENSORS.items())
    assert json.dumps(values) == json.dumps(VALUES)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_tensors_that_do_not_lie_one_after_the_other_are_stored(tmp_path):
    image = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    write_state_file(tmp_path / "state", ({"image": image, "turned": image.mT}, {}))
    tensors, _ = read_state_file(tmp_path / "state")
    assert torch.equal(tensors["image"], image)
    assert torch.equal(tensors["turned"], image.mT)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "state"
    write_state_file(path, (TENSORS, VALUES))
    before = path.read_bytes()

    def half(partial, tensors, metadata):
        partial.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr("rlnas.checkpoints.write_tensors", half)
    with pytest.raises(OSError, match="no space"):
        write_state_file(path, (TENSORS, {}))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize("metadata", [None, {}, {"values": "[1]"}, {"values": "{"}])
def test_a_file_without_proper_values_is_refused(metadata, tmp_path):
    save_file(TENSORS, tmp_path / "state", metadata=metadata)
    with pytest.raises(CheckpointError, match="damaged"):
        read_state_file(tmp_path / "state")
    with pytest.raises(CheckpointError, match="missing"):
        read_state_file(tmp_path / "nowhere")


@pytest.mark.parametrize("fused", [False, True])
def test_an_optimiser_goes_on_whatever_the_memory_format(fused):
    """Fused updates walk through memory, where a stored moment may lie in another order."""

    def make():
        layer = torch.nn.utils.skip_init(torch.nn.Conv2d, 3, 4, 3)
        with torch.no_grad():
            for p in layer.parameters():
                p.copy_(torch.linspace(-1, 1, p.numel()).view_as(p))
        layer = layer.to(memory_format=torch.channels_last)
        return layer, torch.optim.Adam(layer.parameters(), 0.1, fused=fused)

    def step(layer, optimizer, number):
        inputs = torch.linspace(0, number, 75).view(1, 3, 5, 5)
        optimizer.zero_grad()
        layer(inputs).square().sum().backward()
        optimizer.step()

    whole, optimizer = make()
    step(whole, optimizer, 1)
    tensors = {
        name: value.contiguous() for name, value in optimizer_tensors(optimizer, "o").items()
    }
    weights = {name: value.clone() for name, value in whole.state_dict().items()}
    other, restored = make()
    other.load_state_dict(weights)
    restore_optimizer(restored, {**tensors, "other.0.exp_avg": torch.zeros(1)}, "o")
    step(whole, optimizer, 2)
    step(other, restored, 2)
    assert torch.equal(whole.weight, other.weight)


@pytest.mark.parametrize("name", ["o.0.exp_avg", "o.0.step", "o.7.exp_avg", "o.x.exp_avg", "o.1"])
def test_a_moment_that_does_not_fit_is_refused(name):
    optimizer = torch.optim.Adam(torch.nn.Linear(2, 2).parameters())
    with pytest.raises(ValueError, match=r"shape|invalid literal|unpack"):
        restore_optimizer(optimizer, {name: torch.zeros(5)}, "o")
