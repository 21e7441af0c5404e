"""Peak memory: the bytes of what lives at once, counted by hand."""

import torch
from torch import nn

from rlnas.networks import build_network, peak_memory


class Chain(nn.Module):
    """Three copies of the input, of which two live at once; a view and a sum in place are free."""

    def forward(self, x):
        x = x + 1
        x = x + 1
        x = (x * 2).flatten(1)
        return x.add_(1)


class Fork(nn.Module):
    """Two copies that wait for each other."""

    def forward(self, x):
        first = x + 1
        second = x + 2
        third = x + 3
        return first + second + third


def test_what_is_let_go_is_counted_no_more(make_spec):
    spec = make_spec("class", 8)
    one = 3 * 8 * 8 * 4
    assert peak_memory(Chain(), spec, device="cpu") == one + 2 * one
    assert peak_memory(Fork(), spec, device="cpu") == one + 5 * one  # 3, their sums, before release
    assert peak_memory(Chain(), spec, batch=5, device="cpu") == 5 * 3 * one


def test_weights_count_whatever_the_batch(make_spec, small_micro):
    spec = make_spec("class")
    network = build_network("transnas-micro", "64-41414-3_33_133", spec, small_micro).train()
    once, twice, thrice = (peak_memory(network, spec, batch=b, device="cpu") for b in (1, 2, 3))
    assert thrice - twice == twice - once > 0
    weights = sum(t.nbytes for t in (*network.parameters(), *network.buffers()))
    assert once - (twice - once) == weights
    assert network.training
    assert torch.is_grad_enabled()
