"""Dense spaces: strings, the vector behind them, identity of networks, and arguments."""

import numpy as np
import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces import DenseSpace, get_space
from rlnas.spaces.dense import DenseLayer, attn
from rlnas.testing import check_space


@pytest.fixture(scope="module")
def space():
    return DenseSpace(3, [8, 16], ["relu", "tanh"], skips=3)


def test_the_candle_space_has_six_layers_and_twelve_skips():
    space = attn()
    ends = space.positions % 2  # layers end in an odd node
    assert (ends[:, 1] == 1).sum() == 6
    assert (ends[:, 1] == 0).sum() == 12
    assert space.size == 41**6 * 2**12
    assert not space.indexable
    # No skip leads from the first block into the second beyond its own input, node 6.
    second = space.positions[space.positions[:, 1] > 6]
    assert second[:, 0].min() == 6


def test_widths_of_the_candle_space_are_an_option():
    assert attn([100, 200], ["relu"]).size == 3**6 * 2**12
    with pytest.raises(InvalidArgumentError, match="78 widths × 5 activations are 390"):
        attn(range(50, 2000, 25))


def test_layers_of_a_string(space):
    vector = space.parse("8-tanh_identity-s1-s2_16-relu-s3")
    assert space.dense_layers(vector) == (
        DenseLayer(8, "tanh"),
        DenseLayer(None, "linear", (1, 2)),
        DenseLayer(16, "relu", (3,)),
    )
    assert space.format(vector) == "8-tanh_identity-s1-s2_16-relu-s3"
    assert (space.parse("8-tanh_identity-s2-s1_16-relu-s3") == vector).all()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("8-relu_8-relu", "2 layers, not 3"),
        ("8-relu_8-relu_9-relu", "'9-relu' begins with no layer"),
        ("8-relu-s2_8-relu_8-relu", "farther back"),
        ("8-relu-s1-s1_8-relu_8-relu", "twice"),
        ("8-relu_none_8-relu", "'none' begins with no layer"),
    ],
)
def test_what_is_no_architecture_is_said(space, text, why):
    with pytest.raises(InvalidArchitectureError, match=why):
        space.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("8-relu_identity_16-tanh", "identity_8-relu_16-tanh", True),
        ("8-relu_identity_16-tanh", "8-relu_16-tanh_identity", True),
        ("8-relu_16-tanh_identity", "16-tanh_8-relu_identity", False),
        # The skip comes from the first layer in both, by way of an empty one in the second.
        ("8-relu_16-tanh-s1_identity", "8-relu_identity_16-tanh-s1", True),
        ("8-relu_16-tanh-s1_identity", "8-relu_identity_16-tanh-s2", True),
        ("8-relu_16-tanh-s1_identity", "8-relu_identity_16-tanh-s3", False),
        ("8-relu_16-tanh-s1_identity", "8-relu_identity_16-tanh-s1-s2", False),
        ("8-relu_identity-s1_identity", "8-relu_identity_identity", False),
    ],
)
def test_empty_layers_do_not_count(space, one, other, same):
    keys = [space.canonical_key(space.parse(text)) for text in (one, other)]
    assert (keys[0] == keys[1]) is same


def test_a_position_only_takes_its_kind(space):
    vector = space.parse("8-relu_8-relu_8-relu")
    legal = space.action_mask(vector[None])[0].reshape(space.num_positions, -1)
    for position, (_, head) in enumerate(space.positions):
        layer = head % 2 == 1
        assert legal[position, :2].tolist() == [False, not layer]
        assert legal[position, 2:].sum() == (4 if layer else 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": 0}, "layers"),
        ({"widths": []}, "distinct widths"),
        ({"widths": [8, 8]}, "distinct widths"),
        ({"widths": [0]}, "a width"),
        ({"activations": ["relu", "swoosh"]}, "swoosh"),
        ({"skips": 4}, r"0…3"),
        ({"blocks": 0}, "blocks"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        DenseSpace(**arguments)


@pytest.mark.parametrize(
    "space",
    [
        DenseSpace(1, [4], ["relu"], skips=0),
        DenseSpace(2, [4, 8], ["relu", "gelu"], skips=1),
        DenseSpace(5, [4, 8], ["relu", "tanh"], skips=3, blocks=2),
    ],
    ids=repr,
)
def test_spaces_of_other_shapes_conform(space):
    check_space(space, samples=24)


def test_the_registered_ones_can_be_had():
    rng = np.random.default_rng(0)
    for name in ("dense", "attn"):
        (vector,) = get_space(name).sample(1, rng)
        assert get_space(name).is_valid(vector[None])[0]
