"""Cells: sums over edges, and what dead edges may and may not do."""

import numpy as np
import pytest
import torch

from rlnas.networks.cell import Cell
from rlnas.networks.operations import EdgeShape
from rlnas.spaces import get_space
from rlnas.spaces.graph import live_edges

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


def build(space, vector, shape):
    names = [get_space(space).operations[o] for o in vector]
    return Cell(EDGES, names, shape)


def every_edge(cell, x):
    """The published way: compute every edge, dead or not, and sum them into their heads."""
    values = {0: x}
    for head in (1, 2, 3):
        parts = [cell.edges[e](values[t]) for e, (t, h) in enumerate(EDGES) if h == head]
        values[head] = torch.stack(parts).sum(0)
    return values[3]


@pytest.mark.parametrize("space", ["transnas-micro", "nasbench-201"])
@pytest.mark.parametrize("training", [True, False])
def test_first_outputs_are_those_of_the_published_code(space, training, sample):
    """Before any shift is learned, edges that the input does not reach give zeros anyway."""
    stride = 2 if space == "transnas-micro" else 1
    shape = EdgeShape(channels_in=4, channels_out=4 * stride, stride=stride)
    x = torch.randn(3, 4, 7, 7)
    for vector in sample(space, 60):
        cell = build(space, vector, shape).train(training)
        assert torch.allclose(cell(x), every_edge(cell, x), atol=1e-5), vector


def test_only_live_edges_are_computed_and_get_gradients(sample):
    shape = EdgeShape(channels_in=4, channels_out=8, stride=2)
    seen = 0
    for vector in sample("transnas-micro", 60, seed=1):
        cell = build("transnas-micro", vector, shape)
        out = cell(torch.randn(2, 4, 6, 6))
        if out.requires_grad:
            (out**2).sum().backward()
        live = live_edges(np.array(EDGES), vector != 0, 0, 3)
        seen += int((~live & (vector != 0)).any())
        for edge, module in enumerate(cell.edges):
            for parameter in module.parameters():
                assert (parameter.grad is not None) == live[edge], (vector, edge)
                assert not live[edge] or parameter.grad.isfinite().all()
    assert seen > 10  # the sample holds cells with dead edges that have parameters


def test_a_learned_shift_on_an_unreached_edge_has_no_effect():
    # 0→1 passes nothing, so 1→3 has nothing to read; the published code would add its shift.
    cell = build("transnas-micro", [0, 3, 3, 1, 3, 0], EdgeShape(channels_in=4, channels_out=4))
    x = torch.randn(2, 4, 6, 6)
    before = cell(x)
    torch.nn.init.ones_(cell.edges[4][2].bias)
    assert torch.equal(cell(x), before)
    assert cell.live == (3,)


def test_a_cell_without_a_path_gives_zeros_of_the_right_shape():
    cell = build(
        "transnas-micro", [3, 3, 3, 0, 0, 0], EdgeShape(channels_in=4, channels_out=8, stride=2)
    )
    out = cell(torch.randn(2, 4, 5, 5))
    assert out.shape == (2, 8, 3, 3)
    assert not out.any()


def test_edges_that_leave_the_input_carry_the_stride():
    shape = EdgeShape(channels_in=4, channels_out=8, stride=2)
    cell = build("transnas-micro", [3, 3, 3, 3, 3, 3], shape)
    strides = [edge[1].stride[0] for edge in cell.edges]
    inputs = [edge[1].in_channels for edge in cell.edges]
    assert strides == [2, 2, 1, 2, 1, 1]
    assert inputs == [4, 4, 8, 4, 8, 8]


def test_the_input_is_left_as_it_was():
    cell = build("nasbench-201", [1, 1, 1, 1, 1, 1], EdgeShape(channels_in=4, channels_out=4))
    x = torch.randn(2, 4, 5, 5)
    kept = x.clone()
    assert torch.allclose(cell(x), 4 * kept)  # four paths of skips
    assert torch.equal(x, kept)
