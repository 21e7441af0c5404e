"""Timing of a network: what is warmed up, what is counted, and that nothing of it changes."""

import pytest
import torch
from torch import nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks import measure_latency


class Slow(nn.Module):
    """Takes as long as it is told, on a clock of its own."""

    def __init__(self, seconds):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seconds = iter(seconds)
        self.now = 0.0
        self.shapes = []

    def forward(self, x):
        assert torch.is_inference_mode_enabled()
        assert not self.training
        self.shapes.append(tuple(x.shape))
        self.now += next(self.seconds)
        return x


def test_median_and_quartiles_are_of_the_batches_after_the_warm_up(make_spec):
    network = Slow([100, 100, 1, 2, 3, 4, 5]).train()
    network.requires_grad_(False)
    found = measure_latency(
        network,
        make_spec("class", 8),
        batch=3,
        device="cpu",
        warmup=2,
        runs=5,
        clock=lambda: network.now,
    )
    assert (found.median_ms, found.spread_ms) == (3000, 2000)
    assert (found.batch, found.runs, found.threads) == (3, 5, torch.get_num_threads())
    assert set(network.shapes) == {(3, 3, 8, 8)}
    assert network.training


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"runs": 1}, {"warmup": -1}, {"device": "abacus"}])
def test_numbers_out_of_range_are_refused(make_spec, wrong):
    with pytest.raises(InvalidArgumentError):
        measure_latency(Slow([]), make_spec("class", 8), **wrong)


def test_tiles_and_rows_have_their_shapes(make_spec):
    network = Slow([0.0] * 3)
    measure_latency(network, make_spec("jigsaw", 6), device="cpu", warmup=0, runs=2)
    assert network.shapes[0] == (1, 9, 3, 6, 6)
