"""Skeletons: the published widths and strides, block by block."""

from rlnas.networks import SkeletonConfig, published_config
from rlnas.networks.skeleton import distinct_sizes, plan_blocks
from rlnas.spaces import get_space


def channels(name, architecture, config=None):
    space = get_space(name)
    blocks = plan_blocks(space, space.parse(architecture), config or published_config(name))
    return blocks, [block.channels_out for block in blocks]


def test_micro_has_the_published_widths_and_strides():
    blocks, widths = channels("transnas-micro", "64-41414-3_33_333")
    assert widths == [128, 128, 128, 128, 256, 256, 256, 256, 512, 512]
    assert [b.stride for b in blocks] == [2, 1, 1, 1, 2, 1, 1, 1, 2, 1]
    assert distinct_sizes(256, SkeletonConfig(), blocks) == (256, 128, 64, 32, 16, 8)


def test_macro_follows_its_digits_and_not_the_modules_of_the_config():
    config = SkeletonConfig(modules="4")
    blocks, widths = channels("transnas-macro", "64-123414-basic", config)
    assert widths == [64, 64, 128, 128, 128, 128, 256, 256, 256, 256, 512, 512]
    assert [b.stride for b in blocks] == [1, 1, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1]
    assert {b.kind for b in blocks} == {"residual"}


def test_nasbench201_has_three_stages_with_reductions_between():
    cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    blocks, widths = channels("nasbench-201", cell)
    assert widths == [16] * 5 + [32] * 6 + [64] * 6
    assert [n for n, b in enumerate(blocks) if b.kind == "reduction"] == [5, 11]
    assert [n for n, b in enumerate(blocks) if b.stride == 2] == [5, 11]
