"""The space of NAS-Bench-201 agrees with the authors' own reader of its strings."""

import numpy as np
import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces import get_space
from rlnas.spaces.nasbench201 import NASBench201Space

SPACE = get_space("nasbench-201")


def test_sizes():
    assert (SPACE.size, SPACE.num_positions, SPACE.num_operations) == (15_625, 6, 5)


def test_strings_agree_with_the_authors_reader():
    api = pytest.importorskip("nas_201_api", reason="install rlnas[nasbench201]")
    order = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    for vector in SPACE.sample(50, np.random.default_rng(0)):
        text = SPACE.format(vector)
        nodes = api.NASBench201API.str2lists(text)
        theirs = {
            (tail, head): operation
            for head, node in enumerate(nodes, start=1)
            for operation, tail in node
        }
        ours = {
            tuple(edge): order[operation]
            for edge, operation in zip(SPACE.positions.tolist(), vector, strict=True)
        }
        assert ours == theirs


def test_a_known_string():
    text = (
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|"
        "skip_connect~2|"
    )
    assert SPACE.parse(text).tolist() == [4, 2, 1, 2, 1, 1]
    assert SPACE.format([4, 2, 1, 2, 1, 1]) == text


@pytest.mark.parametrize(
    "text",
    [
        "|none~0|+|none~0|none~1|+|none~0|none~1|",
        "|none~0|+|none~0|none~0|+|none~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|conv_9x9~2|",
        "none,none,none,none,none,none",
        "",
    ],
)
def test_wrong_strings_are_refused(text):
    with pytest.raises(InvalidArchitectureError):
        SPACE.parse(text)


@pytest.mark.parametrize(
    ("pooling", "classes"), [("apart", 5425), ("equal", 5260), ("linear", 5044)]
)
def test_pools_are_merged_where_asked_for(pooling, classes):
    space = NASBench201Space(pooling)
    assert len(np.unique(space.canonical_index)) == classes


def test_which_pools_are_one():
    keys = {p: NASBench201Space(p).canonical_key for p in ("apart", "equal", "linear")}
    none, skip, conv, pool = 0, 1, 3, 4
    # Nodes 1 and 2 are pools of the input, each with a convolution; or one pool with two of them.
    twice = [pool, pool, none, none, conv, conv]
    once = [pool, none, skip, none, conv, conv]
    # The pool of the input plus a convolution of it; and the sum of two pools.
    of_sum = [conv, skip, skip, none, none, pool]
    sum_of = [conv, none, none, pool, pool, none]
    assert keys["apart"](twice) != keys["apart"](once)
    assert keys["equal"](twice) == keys["equal"](once)
    assert keys["linear"](twice) == keys["linear"](once)
    assert keys["equal"](of_sum) != keys["equal"](sum_of)
    assert keys["linear"](of_sum) == keys["linear"](sum_of)
    # Convolutions have weights of their own and stay apart.
    apart, one = [conv, conv, none, none, conv, conv], [conv, none, skip, none, conv, conv]
    assert keys["linear"](apart) != keys["linear"](one)


def test_an_unknown_pooling_is_refused():
    with pytest.raises(InvalidArgumentError, match="'apart', 'equal', 'linear'"):
        NASBench201Space("all")
