"""A stack computes and learns what its members would alone, and gives it back to them."""

import copy

import pytest
import torch
from torch.nn import functional

from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig, build_network
from rlnas.networks.cell import Cell
from rlnas.networks.stacked.network import StackedNetwork
from rlnas.spaces import get_space

TRANSNAS_CELLS = (
    "64-41414-3_33_333",  # the same on all edges
    "64-41414-1_23_032",  # all operations; a dead edge
    "64-41414-0_10_203",
    "64-41414-1_11_111",  # identities, whose outputs are their inputs
    "64-41414-2_00_000",  # no path to the output
)
NASBENCH_CELLS = (
    "|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|nor_conv_1x1~1|skip_connect~2|",
    "|avg_pool_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|",
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|none~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
)
SKELETONS = {
    "transnas-micro": SkeletonConfig(
        width=4, stem_strides=(2, 1), modules="41", cells_per_module=1, decoder="light"
    ),
    "transnas-macro": SkeletonConfig(
        width=4, stem_strides=(2, 2), cells_per_module=1, decoder="light"
    ),
    "nasbench-201": SkeletonConfig(
        width=4, skeleton="stages", stem_strides=(2,), cells_per_stage=1, decoder="light"
    ),
}
IMAGES = ("class", "vector", "pixels", "image")


@pytest.fixture
def build(make_spec):
    """Return a builder of double-precision networks, in which rounding hides nothing."""

    def make(space, architectures, kinds):
        return [
            build_network(space, a, make_spec(k), SKELETONS[space], seed=n).double()
            for n, (a, k) in enumerate(zip(architectures, kinds, strict=True))
        ]

    return make


@pytest.fixture(
    params=["micro", "random micro", "nasbench-201", "macro", "all heads", "puzzles", "alone"]
)
def members(request, build, sample):
    """Networks that can be stacked."""
    micro = "transnas-micro"
    if request.param == "micro":
        return build(micro, TRANSNAS_CELLS, ["class"] * 5)
    if request.param == "random micro":
        return build(micro, sample(micro, 12), ["vector"] * 12)
    if request.param == "nasbench-201":
        return build("nasbench-201", NASBENCH_CELLS, ["class", "pixels", "class", "class"])
    if request.param == "macro":
        return build("transnas-macro", ["64-1424-basic"] * 4, IMAGES)
    if request.param == "all heads":
        return build(micro, sample(micro, 8), (*IMAGES, *reversed(IMAGES)))
    if request.param == "puzzles":
        return build(micro, TRANSNAS_CELLS[:3], ["jigsaw"] * 3)
    return build(micro, TRANSNAS_CELLS[1:2], ["image"])


def pull(outputs):
    """A loss that reaches every output, differently."""
    return sum(
        functional.mse_loss(o, torch.linspace(-1, 1, o.numel()).to(o).reshape(o.shape))
        for o in outputs
    )


def tensors(network):
    return dict(network.named_parameters()) | dict(network.named_buffers())


def assert_same_tensors(networks, others, tolerance):
    """Compare all weights and statistics but those that have no effect.

    Before a cell that nothing passes through, a stack's weights decay with the neighbours', so
    that the batches have other statistics there.
    """
    for number, (network, other) in enumerate(zip(networks, others, strict=True)):
        for (name, value), expected in zip(
            tensors(network).items(), tensors(other).values(), strict=True
        ):
            void = any(isinstance(b, Cell) and not b.plan for b in network.encoder.blocks)
            if void and "running" in name and name.startswith(("encoder.stem", "encoder.blocks")):
                continue
            torch.testing.assert_close(
                value,
                expected,
                rtol=tolerance,
                atol=tolerance,
                msg=f"member {number}: {name} differs",
            )


def test_outputs_are_those_of_the_members_in_both_modes(members, make_batch):
    x = make_batch(members[0].spec, examples=3).double()
    alone = copy.deepcopy(members)
    stack = StackedNetwork(members)
    for training in (True, False):
        stack.train(training)
        for mine, network in zip(stack(x), alone, strict=True):
            torch.testing.assert_close(mine, network.train(training)(x), rtol=1e-11, atol=1e-11)


def test_outputs_in_single_precision_and_with_channels_last(members, make_batch):
    x = make_batch(members[0].spec, examples=3)
    alone = copy.deepcopy(members)
    stack = StackedNetwork(members).float().to(memory_format=torch.channels_last)
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    for mine, network in zip(stack(x), alone, strict=True):
        torch.testing.assert_close(mine, network.float()(x), rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_the_members(members, make_batch):
    x = make_batch(members[0].spec, examples=3).double()
    stack = StackedNetwork(members)
    pull(stack(x)).backward()
    pull([network(x) for network in members]).backward()
    linked = set()
    for owner, name, parts in stack._links._links:
        gradient = getattr(owner, name).grad
        if gradient is None:
            continue
        for part, mine in zip(parts, gradient.chunk(len(parts)), strict=True):
            assert id(part) not in linked
            linked.add(id(part))
            expected = torch.zeros_like(mine) if part.grad is None else part.grad
            torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-11)
    reached = {id(p) for n in members for p in n.parameters() if p.grad is not None}
    assert reached <= linked


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_twenty_steps_leave_the_members_as_they_would_be_alone(members, make_batch, optimizer):
    def optimise(module):
        if optimizer == "sgd":
            options = {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05}
            return torch.optim.SGD(module.parameters(), **options)
        return torch.optim.AdamW(module.parameters(), lr=1e-3, eps=1e-3, weight_decay=0.5)

    batches = [make_batch(members[0].spec, examples=2, seed=n).double() for n in range(20)]
    alone = copy.deepcopy(members)
    before = copy.deepcopy(members)
    stack = StackedNetwork(members).train()
    optimiser = optimise(stack)
    for x in batches:
        optimiser.zero_grad()
        pull(stack(x)).backward()
        optimiser.step()
    for network in alone:
        optimiser = optimise(network.train())
        for x in batches:
            optimiser.zero_grad()
            pull([network(x)]).backward()
            optimiser.step()
    assert_same_tensors(members, before, 0)  # nothing moves before it is written back
    stack.write_back()
    assert_same_tensors(members, alone, 1e-6)
    with pytest.raises(AssertionError, match="differs"):
        assert_same_tensors(members, before, 0)


def test_what_is_learned_comes_back_after_the_stack_moved(build, make_batch):
    # Moving makes new buffers: those noted when the stack was built are then out of date.
    members = build("transnas-micro", TRANSNAS_CELLS[:2], ["class"] * 2)
    alone = copy.deepcopy(members)
    x = make_batch(members[0].spec, examples=3)
    stack = StackedNetwork(members).float().train()
    stack(x)
    stack.write_back()
    for network in alone:
        network.train()(x.double())
    assert_same_tensors(members, alone, 1e-5)
    assert int(members[0].encoder.stem[1].num_batches_tracked) == 1


def test_mixed_cells_under_bfloat16(build, make_batch):
    members = [n.float() for n in build("transnas-micro", TRANSNAS_CELLS, ["class"] * 5)]
    x = make_batch(members[0].spec, examples=4)
    stack = StackedNetwork(members)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = stack(x)
        pull([o.float() for o in outputs]).backward()
        for mine, network in zip(outputs, members, strict=True):
            torch.testing.assert_close(mine, network(x), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("decoder", ["light", "published"])
def test_decoders(make_spec, make_batch, decoder):
    config = SkeletonConfig(
        width=8, stem_strides=(2, 2), modules="11", cells_per_module=1, decoder=decoder
    )
    networks = [
        build_network("transnas-micro", TRANSNAS_CELLS[n], make_spec(kind), config, seed=n)
        for n, kind in enumerate(("pixels", "image", "pixels"))
    ]
    x = make_batch(networks[0].spec, examples=1)
    with torch.no_grad():
        for mine, network in zip(StackedNetwork(networks)(x), networks, strict=True):
            torch.testing.assert_close(mine, network(x), rtol=1e-4, atol=1e-5)


def test_not_a_number_stays_in_its_member(members, make_batch):
    if len(members) < 2:
        pytest.skip("needs a neighbour")
    x = make_batch(members[0].spec, examples=3).double()
    with torch.no_grad():
        members[0].encoder.stem[0].weight.fill_(float("nan"))
    for stack, dtype in (
        (StackedNetwork(members), torch.float64),
        (StackedNetwork(members), torch.float32),
    ):
        # In single precision and channels last, as in training, kernels work on blocks of channels.
        stack.to(dtype).to(memory_format=torch.channels_last)
        outputs = stack(x.to(dtype))
        pull(outputs).backward()
        assert all(output.isfinite().all() for output in outputs[1:])
        for owner, name, parts in stack._links._links:
            gradient = getattr(owner, name).grad
            if gradient is not None:
                for part, mine in zip(parts, gradient.chunk(len(parts)), strict=True):
                    if not any(part is own for own in members[0].parameters()):
                        assert mine.isfinite().all()


def refused(members, match):
    with pytest.raises(InvalidArgumentError, match=match):
        StackedNetwork(members)


def test_networks_that_do_not_fit_are_refused(build, make_spec):
    micro, macro = "transnas-micro", "transnas-macro"
    refused([], "no networks")
    one = build(micro, TRANSNAS_CELLS[:1], ["class"])
    refused(one * 2, "twice")
    refused(build(micro, TRANSNAS_CELLS[:2], ["class", "jigsaw"]), "puzzles apart from images")
    refused(build(macro, ["64-1424-basic", "64-1242-basic"], ["class"] * 2), "one architecture")
    wide = SkeletonConfig(width=16, stem_strides=(2, 1), modules="414", cells_per_module=1)
    refused([*one, build_network(micro, TRANSNAS_CELLS[0], one[0].spec, wide)], "skeletons")
    large = build_network(micro, TRANSNAS_CELLS[0], make_spec("class", size=64), one[0].config)
    refused([*one, large], "size of images")


def test_modules_that_may_mix_channels_are_refused(build):
    members = build("transnas-micro", TRANSNAS_CELLS[:2], ["class"] * 2)
    for member in members:
        member.encoder.close = torch.nn.Softmax(dim=1)
    refused(members, "Softmax cannot be stacked")


def test_canonical_strings_of_this_file_cover_every_operation():
    space = get_space("transnas-micro")
    used = {int(o) for string in TRANSNAS_CELLS for o in space.parse(string)}
    assert used == set(range(len(space.operations)))
