"""Counts: published totals, and sums of parts against whole networks."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rlnas.networks import (
    build_network,
    count_flops,
    count_parameters,
    network_statistics,
    statistics_of_many,
)
from rlnas.networks.counting import measure
from rlnas.spaces import get_space


def executed(network, x):
    """Multiply-accumulates of one example by PyTorch's own counter."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(x[:1])
    return counter.get_total_flops() // 2


def test_parts_sum_to_the_built_network(small, kind, make_spec, make_batch, sample):
    space, config = small
    spec = make_spec(kind, 10 if kind == "jigsaw" else 33)
    architectures = sample(space, 8, seed=1)
    frame = statistics_of_many(space, architectures, spec, config)
    for architecture, row in zip(architectures, frame.itertuples(), strict=True):
        network = build_network(space, architecture, spec, config)
        assert row.parameters == count_parameters(network)
        assert row.encoder_parameters == count_parameters(network.encoder)
        assert row.macs == executed(network, make_batch(spec))
        assert row.flops == count_flops(network)
        one = network_statistics(space, network.architecture, spec, config)
        assert vars(one) == {name: getattr(row, name) for name in frame.columns}


@pytest.mark.parametrize(
    ("cell", "megaflops", "megaparameters"),
    [
        # cost_info of NAS-Bench-201's file for this cell on CIFAR-10.
        (
            "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
            "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
            15.64737,
            0.129306,
        ),
    ],
)
def test_nasbench201s_own_numbers(cell, megaflops, megaparameters, make_spec):
    """NAS-Bench-201 counts multiply-accumulates and the bias of the classifier."""
    statistics = network_statistics("nasbench-201", cell, make_spec("class", outputs=10))
    assert statistics.parameters == round(megaparameters * 1e6)
    assert statistics.macs + 10 == round(megaflops * 1e6)


@pytest.mark.parametrize(
    ("space", "architecture", "kind", "outputs", "parameters", "flops"),
    [
        # NAS-Bench-Suite-Zero, whose classifiers have 63 scenes and 9 numbers.
        ("transnas-micro", [1, 0, 0, 2, 1, 0], "class", 63, 910_687, 263_299_072),
        ("transnas-micro", [1, 0, 0, 2, 1, 0], "vector", 9, 882_985, 263_271_424),
        ("transnas-micro", [1, 0, 0, 2, 1, 0], "jigsaw", 1000, 5_487_368, 21_101_056),
        ("transnas-micro", [1, 0, 0, 2, 1, 0], "pixels", 17, 11_902_545, 1_198_817_280),
        ("transnas-micro", [1, 0, 0, 2, 1, 0], "image", 3, 23_750_227, 1_885_700_096),
        ("transnas-macro", [1, 2, 4, 2, 0, 0], "class", 63, 11_218_783, 13_602_455_552),
        ("transnas-macro", [1, 2, 4, 2, 0, 0], "image", 3, 34_058_323, 37_131_714_560),
    ],
)
def test_published_totals(space, architecture, kind, outputs, parameters, flops, make_spec):
    spec = make_spec(kind, 64 if kind == "jigsaw" else 256, outputs)
    statistics = network_statistics(space, np.array(architecture), spec)
    assert (statistics.parameters, statistics.flops) == (parameters, flops)


def test_flops_count_dead_edges_and_macs_do_not(small_micro, make_spec):
    spec = make_spec("class")
    dead, none = [3, 0, 0, 3, 0, 0], [0, 0, 0, 3, 0, 0]
    with_dead = network_statistics("transnas-micro", dead, spec, small_micro)
    without = network_statistics("transnas-micro", none, spec, small_micro)
    assert with_dead.macs == without.macs
    assert with_dead.live_parameters == without.live_parameters == without.parameters
    assert with_dead.parameters > without.parameters
    assert with_dead.flops > without.flops


def test_a_puzzles_encoder_counts_once_in_flops_and_for_every_tile_in_macs(small_micro, make_spec):
    puzzle, image = make_spec("jigsaw", 10, outputs=5), make_spec("class", 10)
    cell = "64-41414-3_33_333"
    pieces = network_statistics("transnas-micro", cell, puzzle, small_micro)
    whole = network_statistics("transnas-micro", cell, image, small_micro)
    channels = 32
    assert pieces.macs - 9 * channels * 5 == 9 * (whole.macs - channels * 5)
    assert pieces.flops < 1.1 * whole.flops


def test_flops_at_another_size(small_micro, make_spec):
    network = build_network("transnas-micro", "64-41414-3_33_333", make_spec("class"), small_micro)
    larger = build_network(
        "transnas-micro", "64-41414-3_33_333", make_spec("class", 64), small_micro
    )
    assert count_flops(network, 64) == count_flops(larger) > 3.9 * count_flops(network)


@pytest.mark.parametrize(
    ("layer", "flops", "macs"),
    [
        (lambda: nn.Conv2d(4, 6, 3, padding=1, bias=False), 4 * 6 * 9 * 64, 4 * 6 * 9 * 64),
        (lambda: nn.Conv2d(4, 6, 1), 4 * 6 * 64 + 6 * 64, 4 * 6 * 64),
        (lambda: nn.ConvTranspose2d(4, 6, 3), 0, 4 * 6 * 9 * 64),
        (lambda: nn.BatchNorm2d(4), 2 * 4 * 64, 0),
        (lambda: nn.BatchNorm2d(4, affine=False), 4 * 64, 0),
        (nn.ReLU, 4 * 64, 0),
        (nn.LeakyReLU, 4 * 64, 0),
        (lambda: nn.AvgPool2d(3, padding=1, stride=1), 9 * 4 * 64, 0),
        (lambda: nn.AvgPool2d(2), 4 * 64, 0),
        (lambda: nn.AdaptiveAvgPool2d(1), 4 * 9 * 9, 0),
        (nn.Tanh, 0, 0),
    ],
)
def test_what_each_layer_counts(layer, flops, macs):
    counts = measure(layer, (1, 4, 8, 8))
    assert (counts.flops, counts.macs) == (flops, macs)


def test_no_architectures_give_an_empty_table(small, make_spec):
    space, config = small
    none = np.zeros((0, get_space(space).num_positions), dtype=np.int8)
    assert len(statistics_of_many(space, none, make_spec("class"), config)) == 0
