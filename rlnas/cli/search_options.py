"""What ``rlnas search`` is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from rlnas.cli.options import (
    CommonOptions,
    Flag,
    Folder,
    MethodOptions,
    Names,
    Number,
    OptionalNames,
    Place,
    TableSeed,
    Text,
)
from rlnas.cli.training_options import TableChoice, TrainingOptions

Cost = Annotated[float | None, tyro.conf.arg(metavar="NUMBER", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class SearchOptions(CommonOptions):
    """Search tasks of a suite, or train architectures on your own images or table.

    On a suite: prints for each task the best score and the mean rank of the best architecture
    found. On a --dataset or a --table: trains each architecture it asks for and gives back the
    best network, as weights and as a Python file of its own, with a report.
    """

    suite: Text = None
    """Name of the suite, transnas-micro by default; `rlnas data list` shows them."""

    dataset: Text = None
    """Instead of a suite: rooms, digits, or a folder of images with a subfolder for each class."""

    task: OptionalNames = None
    """Tasks of the suite, separated by commas, or `all`; or the task of the data set, by default
    its first, `class` for a folder; of a table classification or regression."""

    algorithm: Names = ("regularised-evolution",)
    """Searchers, separated by commas: random, local, regularised-evolution …; on a data set one,
    or a transfer method with its --source."""

    option: MethodOptions = ()
    """An option of the searcher, METHOD.NAME=VALUE where there are several; may be given again.
    `rlnas methods NAME` shows what there is."""

    queries: Number = None
    """Budget of each search: distinct architectures it may evaluate; by default 50 on a suite, 20
    on a data set."""

    seeds: Number = None
    """On a suite: number of searches of each task, with seeds from `--seed` on; 5 by default."""

    seed: int = 0
    """First seed; on a data set also that of the split and of the training."""

    table_seed: TableSeed = None
    """On a suite whose tables have several seeds: the one that searches see, `mean` of all, or by
    default `first`; the seeds they do not see judge what was found."""

    out: Folder = None
    """Run folder; by default runs/search/SUITE/ALGORITHM, runs/search/DATASET/TASK or
    runs/search/TABLE."""

    resume: Flag = False
    """Go on with the run in `--out`."""

    tensorboard: Flag = False
    """On a suite: also write TensorBoard curves of every search (takes a few seconds to load)."""

    source: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR…", help_behavior_hint="")] = ()
    """On a data set: controllers that a transfer method starts from, from `rlnas train`."""

    final_epochs: Number = None
    """On a data set: train the best architecture again for so many epochs in the end."""

    max_params: Cost = None
    """Most trainable numbers of a network. An architecture with more is passed by: it is not
    trained and costs no query."""

    max_macs: Cost = None
    """Most multiply-accumulates for one example, e.g. 5e6; likewise."""

    max_latency_ms: Cost = None
    """On a data set: most milliseconds for one example on --device, median of 50; measured before
    an architecture is trained; likewise."""

    columns: TableChoice = field(default_factory=TableChoice)

    training: TrainingOptions = field(default_factory=TrainingOptions)

    place: Place = field(default_factory=Place)

    @property
    def limits(self) -> dict[str, float]:
        """The most of each cost, by the name that the library has for it."""
        most = {
            "parameters": self.max_params,
            "macs": self.max_macs,
            "latency_ms": self.max_latency_ms,
        }
        return {name: value for name, value in most.items() if value is not None}
