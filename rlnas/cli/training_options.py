"""What every command that trains architectures is told about the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from rlnas.cli.options import Flag, Number, Text

_Seconds = Annotated[float | None, tyro.conf.arg(metavar="SECONDS", help_behavior_hint="")]


# Each field is an argument of `rlnas.training.prepare_training`.
@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How architectures are trained on `--dataset`."""

    space: str = "transnas-micro"
    """Search space: transnas-micro, transnas-macro, nasbench-201."""

    recipe: str = "short"
    """Recipe: short, rooms, transnas, nasbench-201, nasbench-201-12."""

    epochs: Number = None
    """Epochs; by default the recipe's."""

    device: str = "auto"
    """Where to train: auto (CUDA where there is one), cpu, cuda or cuda:N."""

    workers: int = 1
    """Trainings at once, each in a process of its own."""

    timeout: _Seconds = None
    """Seconds after which a training is given up and counts as failed; by default never."""

    retry_failed: Flag = False
    """With --resume: train again what failed before."""

    image_size: Number = None
    """Side of the images in pixels; by default the data set's own (32 for a folder)."""

    train_size: Number = None
    """Training images; by default all."""

    valid_size: Number = None
    """Validation images; by default all."""

    test_size: Number = None
    """Test images; by default all."""

    skeleton: Literal["auto", "published"] = "auto"
    """Network around the architecture: the published one of the space, or auto: a small one for
    images of up to 64 pixels, else the published one."""

    width: Number = None
    """Channels after the stem; by default the skeleton's (16 in the small one)."""

    modules: Text = None
    """What the modules of a cell network do, e.g. 414: 1 nothing, 2 doubles the channels, 3 halves
    the resolution, 4 both; by default the skeleton's."""

    cells: Number = None
    """Cells (or residual blocks) in a module or stage; by default the skeleton's."""
