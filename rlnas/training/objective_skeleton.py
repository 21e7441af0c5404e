"""Which skeleton suits a data set, where a user does not say."""

from __future__ import annotations

from dataclasses import replace

from rlnas.datasets.spec import TaskSpec
from rlnas.networks.config import NetworkConfig, published_config
from rlnas.spaces import SearchSpace

SMALL_IMAGES = 64
"""Side in pixels up to which images are small."""


def suitable_config(space: SearchSpace | str, spec: TaskSpec) -> NetworkConfig:
    """Return a skeleton for a task.

    For images of more than 64 pixels it is the published one of the space, `published_config`,
    made for 256 pixels. For smaller ones that would leave no map to look at, and cost hours a
    network on a CPU; so then it is a small one: a width of 16, one cell a module or stage, the
    modules ``414``, a light decoder, and as many strides in the stem as leave a map of at most 16
    pixels (none up to 16 pixels, one up to 32, two up to 64).

    Args:
        space: The search space, or the name of a registered one.
        spec: The task.

    Raises:
        UnknownNameError: If no space has this name.
        InvalidArgumentError: If there are no networks for the space.
    """
    published = published_config(space)
    if spec.image_size > SMALL_IMAGES:
        return published
    small = replace(
        published, width=16, cells_per_module=1, cells_per_stage=1, decoder="light", modules="414"
    )
    if small.skeleton == "stages":
        return small
    strides = (1 if spec.image_size <= 32 else 2, 1 if spec.image_size <= 16 else 2)
    return replace(small, stem_strides=strides)
