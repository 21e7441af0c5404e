"""The space of NAS-Bench-201 agrees with the authors' own reader of its strings."""

import numpy as np
import pytest

from rlnas.errors import InvalidArchitectureError
from rlnas.spaces import get_space

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
