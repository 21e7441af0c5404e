"""Super-networks: sums by the definition, networks taken out, deletions, users' operations."""

import numpy as np
import pytest
import torch
from torch import nn

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.networks import (
    Genotype,
    SkeletonConfig,
    build_network,
    build_super_network,
    network_statistics,
    register_operation,
)
from rlnas.networks.costs import mask_statistics
from rlnas.networks.operations import ReLUConvBN
from rlnas.networks.super_network import Mix
from rlnas.networks.super_network.network import super_config
from rlnas.spaces import CellSpace, get_space

MICRO = get_space("transnas-micro")
CELLS = ("transnas-micro", "nasbench-201")
CONFIG = {
    "transnas-micro": SkeletonConfig(
        width=8, stem_strides=(2, 1), modules="414", cells_per_module=1, decoder="light"
    ),
    "nasbench-201": SkeletonConfig(
        width=8, skeleton="stages", stem_strides=(1,), cells_per_stage=1, decoder="light"
    ),
}


def mask_of(space, architecture):
    return Genotype.of_architecture(space, architecture).mask


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("name", CELLS)
def test_a_network_taken_out_gives_the_same(name, tracked, training, make_spec, make_batch):
    space, spec = get_space(name), make_spec("class", 16)
    config = CONFIG[name] if tracked else super_config(CONFIG[name])
    network = build_super_network(space, spec, config, seed=3)
    x = make_batch(spec, 4)
    with torch.no_grad():
        network(x)  # so that statistics are no longer empty
    network.train(training)
    for architecture in space.sample(6, np.random.default_rng(1)):
        own = network.take_out(architecture)
        assert own.training is training
        with torch.no_grad():
            there = network(x, Mix(mask_of(space, architecture)))
            assert (own(x) - there).abs().max() <= 1e-6
    assert network.take_out(space.format(architecture)).architecture == space.format(architecture)


@pytest.mark.parametrize("task", ["pixels", "jigsaw", "vector", "image"])
def test_every_kind_of_task_has_its_head(task, make_spec, make_batch):
    spec = make_spec(task)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    x = make_batch(spec)
    plain = build_network(MICRO, "64-41414-3_33_132", spec, CONFIG["transnas-micro"])
    assert network(x).shape == plain(x).shape


def test_an_edge_is_the_weighted_sum_of_its_operations(make_spec):
    space = CellSpace("single", [(0, 1)], ["none", "skip_connect", "nor_conv_3x3"], none="none")
    spec = make_spec("class", 8)
    config = SkeletonConfig(width=4, skeleton="stages", stem_strides=(1,), cells_per_stage=1)
    network = build_super_network(space, spec, super_config(config))
    cell = network.encoder.cells[0]
    x = torch.randn(2, 4, 8, 8)
    weights = torch.tensor([[0.2, 0.3, 0.5]])
    out = cell(x, Mix(network.present, weights))
    assert torch.allclose(out, 0.3 * x + 0.5 * cell.edges[0]["nor_conv_3x3"](x), atol=1e-6)
    assert torch.equal(cell(x, Mix(np.array([[True, False, False]]))), torch.zeros_like(x))
    assert torch.allclose(cell(x, Mix(network.present)), x + cell.edges[0]["nor_conv_3x3"](x))


def test_what_is_not_asked_for_is_not_computed(make_spec, make_batch):
    spec = make_spec("class", 16)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    calls = []
    for cell in network.encoder.cells:
        for edge, own in enumerate(cell.edges):
            for name, module in own.items():
                module.register_forward_hook(lambda *_, e=edge, n=name: calls.append((e, n)))
    architecture = MICRO.parse("64-41414-1_02_013")
    network(make_batch(spec), Mix(mask_of(MICRO, architecture)))
    pairs = [tuple(pair) for pair in MICRO.positions.tolist()]
    # 1→2 is none of the ways, so that 0→1 leads on by 1→3 alone.
    ways = {(0, 1): 1, (0, 2): 0, (1, 2): 2, (0, 3): 0, (1, 3): 1, (2, 3): 3}
    assert {pairs[e]: o for e, o in enumerate(architecture.tolist())} == ways
    names = MICRO.operations
    expected = {(pairs.index(pair), names[o]) for pair, o in ways.items() if o}
    assert set(calls) == expected
    assert len(calls) == len(expected) * len(network.encoder.cells)
    live = network_statistics(MICRO, architecture, spec, network.config).macs
    assert mask_statistics(MICRO, mask_of(MICRO, architecture), spec, network.config).macs == live
    calls.clear()
    network(make_batch(spec), Mix(mask_of(MICRO, [0] * 6)))
    assert calls == []


def test_deleted_operations_are_gone_with_their_weights(make_spec, make_batch):
    spec = make_spec("class", 16)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    x = make_batch(spec)
    mask = np.zeros((6, 4), dtype=bool)
    mask[2, 3] = mask[:, 0] = True
    with torch.no_grad():
        expected = network(x, Mix(network.present & ~mask))
    before = sum(p.numel() for p in network.parameters())
    assert network.delete(mask) == 7
    with torch.no_grad():
        assert torch.equal(network(x), expected)
    assert not any("edges.2.nor_conv_3x3" in name for name in network.state_dict())
    counted = mask_statistics(MICRO, network.present, spec, network.config)
    assert sum(p.numel() for p in network.parameters()) == counted.parameters < before
    assert network.genotype.kept[2] == ("skip_connect", "nor_conv_1x1")
    with pytest.raises(InvalidArgumentError, match="nor_conv_3x3 on edge 2 was deleted"):
        network.take_out([3] * 6)
    assert network.delete(mask) == 0


def test_what_a_deletion_cuts_off_goes_too_but_never_all(make_spec):
    spec = make_spec("class", 16)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    heads = {tuple(pair): e for e, pair in enumerate(MICRO.positions.tolist())}
    mask = np.zeros((6, 4), dtype=bool)
    for edge in (heads[1, 2], heads[1, 3]):
        mask[edge] = True
    network.delete(mask)
    assert not network.present[heads[0, 1]].any()  # node 1 leads nowhere
    assert network.present[heads[0, 2], 1:].all()
    present = network.present.copy()
    with pytest.raises(InvalidArgumentError, match="nothing leads"):
        network.delete(np.ones((6, 4)))
    np.testing.assert_array_equal(network.present, present)


def test_operations_that_are_left_out_change_nothing_for_the_others(make_spec):
    spec, config = make_spec("class", 16), super_config(CONFIG["transnas-micro"])
    every = build_super_network(MICRO, spec, config, seed=5)
    present = np.ones((6, 4), dtype=bool)
    present[:, 0] = present[4, 2] = False
    some = build_super_network(MICRO, spec, config, present=present, seed=5)
    state = every.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in some.state_dict().items())
    assert not torch.equal(
        state["encoder.stem.0.weight"],
        build_super_network(MICRO, spec, config, seed=6).state_dict()["encoder.stem.0.weight"],
    )


def test_the_echo_of_silent_operations_is_their_gradient_alone(make_spec, make_batch):
    spec = make_spec("class", 16)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    active = mask_of(MICRO, [3, 2, 1, 3, 2, 1])
    weights = torch.from_numpy(active).float().requires_grad_()
    x = make_batch(spec)
    silent = network(x, Mix(active, weights))
    echoed = network(x, Mix(active, weights, echo=True))
    assert torch.equal(silent, echoed)
    silent_gradient, *_ = torch.autograd.grad(silent.square().sum(), weights)
    gradient, *_ = torch.autograd.grad(echoed.square().sum(), weights)
    assert (silent_gradient[~torch.from_numpy(active)] == 0).all()
    assert (gradient[~torch.from_numpy(active)] != 0).all()


def test_an_edge_that_passes_nothing_echoes_too(make_spec, make_batch):
    """Otherwise what was drawn once as nothing would never be drawn as something."""
    spec = make_spec("class", 16)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    active = mask_of(MICRO, [0, 0, 0, 3, 0, 0])  # 0→3 alone
    weights = torch.from_numpy(active).float().requires_grad_()
    out = network(make_batch(spec), Mix(active, weights, echo=True))
    (gradient,) = torch.autograd.grad(out.square().sum(), weights)
    assert (gradient[4, 1:] != 0).all()  # 1→3 enters the node that is computed
    assert (gradient[0] == 0).all()  # node 1 is not


def test_a_space_with_operations_of_ones_own(make_spec, make_batch):
    register_operation("test_wide", lambda shape: ReLUConvBN(shape, 7))
    with pytest.raises(InvalidArgumentError, match="registered already"):
        register_operation("test_wide", ReLUConvBN)
    space = CellSpace("mine", [(0, 1), (1, 2), (0, 2)], ["skip_connect", "test_wide"])
    spec = make_spec("class", 16)
    network = build_super_network(space, spec)
    x = make_batch(spec)
    own = network.take_out("test_wide,skip_connect,test_wide")
    there = Mix(mask_of(space, space.parse("test_wide,skip_connect,test_wide")))
    with torch.no_grad():
        assert torch.equal(own(x), network(x, there))
    kernels = {m.kernel_size for m in network.modules() if isinstance(m, nn.Conv2d)}
    assert (7, 7) in kernels


def test_spaces_without_cells_are_refused(make_spec):
    with pytest.raises(InvalidArgumentError, match="are no cells"):
        build_super_network("transnas-macro", make_spec("class"))
    with pytest.raises(UnknownNameError, match="network operation"):
        build_super_network(CellSpace("odd", [(0, 1)], ["a", "b"]), make_spec("class"))


def test_autocast_computes_in_bfloat16(make_spec, make_batch):
    spec = make_spec("class", 16)
    network = build_super_network(MICRO, spec, super_config(CONFIG["transnas-micro"]))
    with torch.autocast("cpu", torch.bfloat16):
        out = network(make_batch(spec))
    assert out.dtype is torch.bfloat16
    assert torch.allclose(out.float(), network(make_batch(spec)), atol=0.3)
