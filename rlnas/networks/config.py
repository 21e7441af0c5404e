"""The skeleton that architectures are put into: widths, depths, strides, decoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.plain import at_most, make_plain
from rlnas.spaces import (
    CellSpace,
    DenseSpace,
    ScheduleSpace,
    SearchSpace,
    TransNASMacroSpace,
    get_space,
)

Skeleton = Literal["modules", "stages"]
Decoder = Literal["published", "light"]
Initialisation = Literal["kaiming_fan_out", "torch"]


@dataclass(frozen=True, kw_only=True)
class SkeletonConfig:
    """Everything of a network that its architecture does not say.

    The defaults are TransNAS-Bench-101's micro networks (Duan et al., CVPR 2021, §3.1 and the
    authors' code). `published_config` gives the published skeleton of every space.

    Attributes:
        width: Channels after the stem; 64 in TransNAS-Bench-101, 16 in NAS-Bench-201. Even where
            the stem has two convolutions, because the first has half of it.
        skeleton: ``modules``: a module for each digit of ``modules`` (TransNAS-Bench-101);
            ``stages``: three stages with residual reduction blocks between (NAS-Bench-201).
        stem_strides: Stride, 1 or 2, of each of the stem's one or two 3×3 convolutions.
        modules: What each module does, for cell spaces: 1 nothing, 2 doubles the channels,
            3 halves the resolution, 4 both. A macro architecture brings its own digits.
        cells_per_module: Cells (micro) or residual basic blocks (macro) in a module.
        cells_per_stage: Cells in a stage; NAS-Bench-201's N.
        decoder: Head of the kinds ``pixels`` and ``image``. ``published`` has TransNAS's
            1024-channel decoders, ``light`` the small one of `LightDecoder`.
        decoder_width: Channels of a light decoder's first layer; None: half the encoder's, at
            least 8.
        published_shortcuts: Whether the batch normalisation of a macro shortcut has ε = 1 and
            momentum 1, as in TransNAS-Bench-101's code, which passes two switches in their places.
            It does not change any count, but what networks compute and learn.
        affine: Whether batch normalisation learns a scale and a shift.
        track_running_stats: Whether batch normalisation keeps statistics for evaluation.
        initialisation: Of the encoder. ``kaiming_fan_out``: normal, as TransNAS's encoders;
            ``torch``: PyTorch's default, as NAS-Bench-201. Heads always have PyTorch's.

    Raises:
        InvalidArgumentError: If a field has a value outside its range.
    """

    width: int = 64
    skeleton: Skeleton = "modules"
    stem_strides: tuple[int, ...] = (2, 2)
    modules: str = "41414"
    cells_per_module: int = 2
    cells_per_stage: int = 5
    decoder: Decoder = "published"
    decoder_width: int | None = None
    published_shortcuts: bool = False
    affine: bool = True
    track_running_stats: bool = True
    initialisation: Initialisation = "kaiming_fan_out"

    def __post_init__(self) -> None:
        make_plain(self)
        # A list would do as well as a tuple, but would not hash; JSON gives lists.
        object.__setattr__(self, "stem_strides", tuple(self.stem_strides))
        for field, kind in (
            ("skeleton", Skeleton),
            ("decoder", Decoder),
            ("initialisation", Initialisation),
        ):
            if getattr(self, field) not in get_args(kind):
                raise InvalidArgumentError(
                    f"SkeletonConfig.{field} is {getattr(self, field)!r}; expected one of "
                    f"{get_args(kind)}."
                )
        at_most(self, width=1 << 14, cells_per_module=1000, cells_per_stage=1000)
        for field in ("width", "cells_per_module", "cells_per_stage"):
            if getattr(self, field) < 1:
                raise InvalidArgumentError(
                    f"SkeletonConfig.{field} is {getattr(self, field)}; expected at least 1."
                )
        if self.decoder_width is not None and self.decoder_width < 1:
            raise InvalidArgumentError(
                f"SkeletonConfig.decoder_width is {self.decoder_width}; expected at least 1, or "
                "None."
            )
        if not 1 <= len(self.stem_strides) <= 2 or not set(self.stem_strides) <= {1, 2}:
            raise InvalidArgumentError(
                f"SkeletonConfig.stem_strides is {self.stem_strides}; expected one or two strides, "
                "each 1 or 2, e.g. (2, 2)."
            )
        if len(self.stem_strides) == 2 and self.width % 2:
            raise InvalidArgumentError(
                f"SkeletonConfig.width is {self.width}; a stem of two convolutions needs an even "
                "width, because the first has half of it."
            )
        if not self.modules or set(self.modules) - set("1234"):
            raise InvalidArgumentError(
                f"SkeletonConfig.modules is {self.modules!r}; expected digits 1 normal, 2 "
                "channels, 3 resolution, 4 both, e.g. '41414'."
            )


def published_config(space: SearchSpace | str) -> SkeletonConfig:
    """Return the skeleton in which the benchmark of a search space trained its architectures.

    TransNAS-Bench-101 (arXiv 2105.11871) for the micro and the macro space, NAS-Bench-201 (arXiv
    2001.00326, §2) for its own. Any other cell space gets the one of the two whose treatment of
    strides it declares: modules if edges that leave the input node carry the stride, else stages.
    A dense network has no skeleton; it gets the default one, which nobody reads.

    Args:
        space: A search space or the name of a registered one.

    Raises:
        UnknownNameError: If no space has this name.
        InvalidArgumentError: If the space is no cell space, dense space or TransNAS's macro space.
    """
    found = get_space(space) if isinstance(space, str) else space
    if isinstance(found, DenseSpace | ScheduleSpace):
        return SkeletonConfig()
    if isinstance(found, TransNASMacroSpace):
        return SkeletonConfig(published_shortcuts=True)
    if not isinstance(found, CellSpace):
        raise InvalidArgumentError(
            f"There is no network skeleton for the search space {found.name!r}; expected a "
            "CellSpace or the TransNAS macro space."
        )
    if found.strided_inputs:
        return SkeletonConfig()
    return SkeletonConfig(
        width=16,
        skeleton="stages",
        stem_strides=(1,),
        decoder="light",
        initialisation="torch",
    )


SMALL_IMAGES = 64
"""Side in pixels up to which images are small."""


def suitable_config(space: SearchSpace | str, spec: TaskSpec) -> SkeletonConfig:
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
    if spec.features or spec.image_size > SMALL_IMAGES:
        return published
    small = replace(
        published, width=16, cells_per_module=1, cells_per_stage=1, decoder="light", modules="414"
    )
    if small.skeleton == "stages":
        return small
    strides = (1 if spec.image_size <= 32 else 2, 1 if spec.image_size <= 16 else 2)
    return replace(small, stem_strides=strides)
