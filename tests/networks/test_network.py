"""Whole networks: shapes, seeds, gradients, and architectures that are the same function."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from rlnas.networks import (
    SkeletonConfig,
    build_network,
    network_statistics,
    published_config,
)
from rlnas.networks.encoder import Encoder
from rlnas.spaces import CellSpace, get_space


def shape_of_output(spec, examples):
    if spec.kind in ("pixels", "image"):
        return (examples, spec.outputs, spec.image_size, spec.image_size)
    return (examples, spec.outputs)


@pytest.mark.parametrize("size", [32, 33, 11, 10])
def test_every_head_on_every_space_at_even_and_odd_sizes(
    small, kind, size, make_spec, make_batch, sample
):
    space, config = small
    spec = make_spec(kind, size)
    for architecture in sample(space, 3):
        out = build_network(space, architecture, spec, config)(make_batch(spec))
        assert out.shape == shape_of_output(spec, 2)
        assert out.dtype == torch.float32
        assert kind != "image" or out.abs().max() <= 1


@pytest.mark.parametrize("kind", ["class", "pixels", "image", "jigsaw"])
def test_the_published_skeleton_on_published_sizes(kind, make_spec):
    spec = make_spec(kind, 64 if kind == "jigsaw" else 256)
    space = get_space("transnas-micro")
    with torch.device("meta"):
        encoder = Encoder(space, space.parse("64-41414-3_33_333"), SkeletonConfig(), 3)
        assert encoder(torch.empty(1, 3, 256, 256)).shape == (1, 512, 8, 8)
    macro = build_network("transnas-macro", "64-111143-basic", spec)
    tiles = (9,) if kind == "jigsaw" else ()
    out = macro.to("meta")(
        torch.empty(1, *tiles, 3, spec.image_size, spec.image_size, device="meta")
    )
    assert out.shape == shape_of_output(spec, 1)


def test_the_same_seed_gives_the_same_network_and_another_seed_another(
    small, make_spec, make_batch, sample
):
    space, config = small
    spec = make_spec("class")
    architecture = get_space(space).canonical(sample(space, 1, seed=3)[0])
    x = make_batch(spec)
    outputs = [build_network(space, architecture, spec, config, seed=s)(x) for s in (7, 7, 8)]
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_the_global_generator_is_neither_read_nor_moved(small, kind, make_spec, sample):
    space, config = small
    architecture = sample(space, 1)[0]
    states = []
    for _ in range(2):
        before = torch.random.get_rng_state()
        states.append(build_network(space, architecture, make_spec(kind), config).state_dict())
        assert torch.equal(torch.random.get_rng_state(), before)
        torch.rand(5)
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_every_tensor_is_filled(small, kind, make_spec, sample):
    """Networks are built on the meta device: what nobody fills holds whatever memory held."""
    space, config = small
    network = build_network(space, sample(space, 1)[0], make_spec(kind), config)
    for name, tensor in network.state_dict().items():
        assert tensor.device.type == "cpu"
        assert tensor.isfinite().all(), name
        assert tensor.abs().max() < 10, name
        if name.endswith(("running_mean", "num_batches_tracked")):
            assert not tensor.any(), name
        if name.endswith("running_var"):
            assert (tensor == 1).all(), name


def test_encoders_are_initialised_as_published(make_spec):
    micro = build_network("transnas-micro", "64-41414-3_33_333", make_spec("class"))
    weight = micro.encoder.blocks[9].edges[2][1].weight  # 512 → 512 channels, 3×3
    assert weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
    assert weight.abs().max() > 3 * weight.std()  # normal, not uniform
    bench = build_network("nasbench-201", [3] * 6, make_spec("class"))
    weight = bench.encoder.blocks[16].edges[0][1].weight  # 64 → 64 channels, 3×3
    bound = 1 / (64 * 9) ** 0.5
    assert 0.95 * bound < weight.abs().max() <= bound


def test_macro_shortcuts_are_normalised_as_published_or_as_usual(make_spec):
    def shortcut_norms(config):
        network = build_network("transnas-macro", "64-4111-basic", make_spec("class"), config)
        return [
            (norm.eps, norm.momentum)
            for block in network.encoder.blocks
            for norm in block.shortcut.modules()
            if isinstance(norm, torch.nn.BatchNorm2d)
        ]

    assert published_config("transnas-macro").published_shortcuts
    assert shortcut_norms(None) == [(1.0, 1.0)]
    assert shortcut_norms(SkeletonConfig(width=8)) == [(1e-5, 0.1)]


def test_dead_edges_do_not_change_outputs(small_micro, make_spec, make_batch, sample):
    space = get_space("transnas-micro")
    spec = make_spec("class")
    x = make_batch(spec)
    changed = 0
    for architecture in sample("transnas-micro", 25, seed=2):
        cleared = space.clear_dead(architecture)
        changed += not np.array_equal(cleared, architecture)
        first = build_network(space, architecture, spec, small_micro)(x)
        assert torch.equal(first, build_network(space, cleared, spec, small_micro)(x))
    assert changed > 5


def test_equal_architectures_have_live_parameters_in_equal_number(small_micro, make_spec):
    space = get_space("transnas-micro")
    spec = make_spec("class")
    rng = np.random.default_rng(0)
    for index in rng.choice(space.size, 60, replace=False):
        architecture = space.from_index([index])[0]
        numbers = [
            network_statistics(space, member, spec, small_micro)
            for member in (architecture, space.canonical(architecture))
        ]
        assert numbers[0].live_parameters == numbers[1].live_parameters
        assert numbers[0].macs == numbers[1].macs


def test_gradients_reach_every_live_parameter_and_no_dead_one(
    small_micro, make_spec, make_batch, sample
):
    spec = make_spec("class")
    for architecture in sample("transnas-micro", 10, seed=4):
        network = build_network("transnas-micro", architecture, spec, small_micro)
        network(make_batch(spec)).square().sum().backward()
        reached = sum(p.numel() for p in network.parameters() if p.grad is not None)
        statistics = network_statistics("transnas-micro", architecture, spec, small_micro)
        if network.encoder.blocks[0].live:
            assert reached == statistics.live_parameters
        else:  # cut off behind the stem: only what follows the last cell can learn
            assert reached == sum(p.numel() for p in network.head.parameters())


def test_a_network_without_a_path_still_trains(small_micro, make_spec, make_batch):
    spec = make_spec("class")
    network = build_network("transnas-micro", [3, 3, 3, 0, 0, 0], spec, small_micro)
    x, target = make_batch(spec), torch.tensor([1, 1])
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    losses = []
    for _ in range(5):
        loss = torch.nn.functional.cross_entropy(network(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_the_order_of_the_tiles_matters_and_examples_stay_apart(small_micro, make_spec, make_batch):
    spec = make_spec("jigsaw", 10)
    network = build_network("transnas-micro", "64-41414-3_33_332", spec, small_micro).eval()
    x = make_batch(spec, examples=3)
    out = network(x)
    assert torch.allclose(network(x[1:2]), out[1:2], atol=1e-5)
    assert not torch.allclose(network(x.flip(1)), out, atol=1e-3)


def test_a_saved_network_loads_into_a_new_one(small, make_spec, make_batch, sample):
    space, config = small
    spec = make_spec("pixels")
    architecture = sample(space, 1, seed=5)[0]
    first = build_network(space, architecture, spec, config, seed=1)
    second = build_network(space, first.architecture, spec, config, seed=2)
    second.load_state_dict(first.state_dict())
    x = make_batch(spec)
    assert torch.equal(first.eval()(x), second.eval()(x))


def test_other_input_channels(small_micro, make_spec):
    spec = replace(make_spec("class"), channels=1)
    network = build_network("transnas-micro", "64-41414-1_11_111", spec, small_micro)
    assert network(torch.randn(2, 1, 32, 32)).shape == (2, 5)


def test_a_users_space_with_known_operations(make_spec, make_batch):
    space = CellSpace(
        "mine",
        [(0, 1), (0, 2), (1, 2), (2, 3)],
        ["skip_connect", "nor_conv_5x5", "max_pool_3x3"],
        identity="skip_connect",
    )
    spec = make_spec("class", 16)
    config = SkeletonConfig(
        width=4, skeleton="stages", stem_strides=(1,), cells_per_stage=1, decoder="light"
    )
    for architecture in ([0, 1, 2, 0], [2, 2, 1, 1]):
        assert build_network(space, architecture, spec, config)(make_batch(spec)).shape == (2, 5)


def test_wrong_input_is_refused(make_spec, small_micro):
    spec = make_spec("class")
    with pytest.raises(UnknownNameError, match="transnas-micro"):
        build_network("transnas-mikro", "64-41414-3_33_333", spec)
    with pytest.raises(InvalidArchitectureError):
        build_network("transnas-micro", "64-41414-3_33_337", spec)
    with pytest.raises(InvalidArchitectureError):
        build_network("transnas-micro", [0, 1, 2], spec)
    unknown = CellSpace("unknown", [(0, 1)], ["skip_connect", "dilated"])
    with pytest.raises(UnknownNameError, match="dilated"):
        build_network(unknown, [1], spec, small_micro)
    with pytest.raises(InvalidArgumentError, match="light"):
        build_network("transnas-micro", "64-41414-3_33_333", make_spec("pixels", 250))
