"""Skeletons: the published ones, and what is refused."""

from dataclasses import replace

import pytest

from rlnas.datasets import load_task_data
from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig, published_config
from rlnas.networks.config import suitable_config
from rlnas.networks.skeleton import distinct_sizes, plan_blocks
from rlnas.spaces import CellSpace, get_space
from rlnas.spaces.base import SearchSpace
from rlnas.training.objective.objective import TrainingObjective


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


def test_a_users_cell_space_gets_the_skeleton_its_strides_ask_for():
    edges, operations = [(0, 1), (0, 2), (1, 2)], ["none", "nor_conv_3x3"]
    strided = CellSpace("strided", edges, operations, none="none", strided_inputs=True)
    plain = CellSpace("plain", edges, operations, none="none")
    assert published_config(strided).skeleton == "modules"
    assert published_config(plain).skeleton == "stages"


def test_a_space_without_a_skeleton_is_refused():
    class Other(SearchSpace):
        name = "other"

        format = parse = is_valid = index = from_index = graph = None

    with pytest.raises(InvalidArgumentError, match="other"):
        published_config(Other())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("width", 7),
        ("skeleton", "tower"),
        ("stem_strides", ()),
        ("stem_strides", (2, 3)),
        ("stem_strides", (2, 2, 2)),
        ("modules", ""),
        ("modules", "405"),
        ("cells_per_module", 0),
        ("cells_per_stage", 0),
        ("decoder", "heavy"),
        ("decoder_width", 0),
        ("initialisation", "zeros"),
    ],
)
def test_values_out_of_range_are_refused_by_name(field, value):
    with pytest.raises(InvalidArgumentError, match=field):
        SkeletonConfig(**{field: value})


def test_strides_from_json_compare_and_hash_like_the_original():
    config = SkeletonConfig(stem_strides=[2, 1])
    assert config == SkeletonConfig(stem_strides=(2, 1))
    assert hash(config) == hash(SkeletonConfig(stem_strides=(2, 1)))


@pytest.fixture(scope="module")
def data():
    return load_task_data("digits", "class", image_size=8, train_size=64)


@pytest.mark.parametrize(
    ("side", "strides"), [(8, (1, 1)), (16, (1, 1)), (32, (1, 2)), (64, (2, 2)), (65, (2, 2))]
)
def test_the_skeleton_follows_the_size_of_the_images(data, side, strides):
    spec = replace(data.spec, image_size=side)
    micro = suitable_config("transnas-micro", spec)
    assert micro.stem_strides == strides
    assert (micro.width, micro.modules) == ((16, "414") if side <= 64 else (64, "41414"))
    cifar = suitable_config("nasbench-201", spec)
    assert cifar.cells_per_stage == (1 if side <= 64 else 5)
    for space in ("transnas-micro", "transnas-macro", "nasbench-201"):
        small = replace(data.spec, image_size=min(side, 64))
        TrainingObjective(space, replace(data, spec=small), isolate=False, device="cpu")
