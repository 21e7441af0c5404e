"""Configurations of skeletons: which a space gets, and what is refused."""

from dataclasses import replace

import pytest

from rlnas.datasets import load_task_data
from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig, published_config
from rlnas.networks.config import suitable_config
from rlnas.spaces import CellSpace
from rlnas.spaces.base import SearchSpace
from rlnas.training.objective.objective import TrainingObjective


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
