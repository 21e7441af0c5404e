"""NASLib's tuples: each names one architecture, and none names a wrong one."""

import numpy as np
import pytest

from rlnas.benchmarks.importers.naslib_encoding import decode_tuple
from rlnas.errors import DataError
from rlnas.spaces import get_space


@pytest.mark.parametrize(
    ("space", "text", "official"),
    [
        ("transnas-micro", "(2, 3, 2, 3, 2, 3)", "64-41414-2_32_323"),
        ("transnas-macro", "(2, 2, 4, 3)", "64-2243-basic"),
        ("transnas-macro", "(2, 2, 4, 1, 3, 0)", "64-22413-basic"),
        # Both are in the public file nb201_zc_proxies.csv with tuple and official string.
        (
            "nasbench-201",
            "(4, 0, 3, 1, 4, 3)",
            "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|",
        ),
        (
            "nasbench-201",
            "(2, 4, 0, 0, 3, 2)",
            "|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|"
            "+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
        ),
    ],
)
def test_tuples(space, text, official):
    space = get_space(space)
    assert space.format(decode_tuple(text, space)) == official


@pytest.mark.parametrize(
    ("space", "text"),
    [
        ("transnas-micro", "(2, 3, 2, 3, 2, 4)"),
        ("transnas-micro", "(2, 3, 2, 3, 2)"),
        ("transnas-macro", "(1, 1, 1, 1)"),  # no doubling
        ("transnas-macro", "(2, 2, 4, 3, 1, 1, 1)"),
        ("transnas-macro", "(2, 0, 4, 3, 1, 1)"),
        ("nasbench-201", "(5, 0, 0, 0, 0, 0)"),
        ("nasbench-201", "(-1, 0, 0, 0, 0, 0)"),
        ("nasbench-201", ""),
        ("transnas-micro", "__import__('os')"),
        ("transnas-micro", "(1, 2, 3, 1, 2, 999999999999999999999)"),
    ],
)
def test_wrong_tuples(space, text):
    with pytest.raises(DataError, match="names no architecture"):
        decode_tuple(text, get_space(space))


def test_every_nasbench201_tuple_is_one_architecture():
    space = get_space("nasbench-201")
    tuples = [str(tuple(map(int, np.base_repr(i, 5).zfill(6)))) for i in range(space.size)]
    vectors = np.stack([decode_tuple(text, space) for text in tuples])
    assert len(np.unique(space.index(vectors))) == space.size
