"""A table's validation accuracies as the official NAS-Bench-201 file has them.

The layout (Dong & Yang, ICLR 2020, arXiv 2001.00326) is the one that
`rlnas.benchmarks.importers.nasbench201_official` documents and reads. Its metrics have a fixed
place each, so only what it has a place for is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlnas.benchmarks import BenchmarkTable

_METRIC = "valid_accuracy"
_DATASETS = {
    "cifar10": "cifar10-valid",
    "cifar100": "cifar100",
    "ImageNet16-120": "ImageNet16-120",
}
"""Official data set with the validation accuracy of each task."""

_EPOCHS = 200
_SEED = 777
"""A seed of the official runs; tables without a seed axis do not say which one theirs is."""


def fits_nasbench201(table: BenchmarkTable) -> bool:
    """Return whether a table of this space has one validation accuracy for each task and row."""
    return set(table.tasks) <= set(_DATASETS) and all(
        _METRIC in table.metrics(task) and table.column(task, _METRIC).axes == ("architecture",)
        for task in table.tasks
    )


def nasbench201_content(
    table: BenchmarkTable, names: Sequence[str]
) -> tuple[dict[str, Any], str, str]:
    """Return the content of the file, what in it is the table's, and what is filled in.

    Args:
        table: A table that `fits_nasbench201`.
        names: Official strings of its rows.
    """
    accuracies = {task: table.column(task, _METRIC).values.tolist() for task in table.tasks}
    infos = {}
    for row, name in enumerate(names):
        runs = {
            (_DATASETS[task], _SEED): _run(_DATASETS[task], values[row])
            for task, values in accuracies.items()
        }
        seeds = {dataset: [seed] for dataset, seed in runs}
        full = {"arch_index": row, "arch_str": name, "all_results": runs, "dataset_seed": seeds}
        infos[row] = {"full": full}
    content = {
        "meta_archs": list(names),
        "total_archs": len(names),
        "arch2infos": infos,
        "evaluated_indexes": set(range(len(names))),
    }
    held = "the validation accuracies, each as the last of 200 epochs; no other metric has a place"
    filled = (
        "the seed 777, which the table does not state; parameters and FLOPs are NaN, all other "
        "curves are empty"
    )
    return content, held, filled


def _run(dataset: str, accuracy: float) -> dict[str, Any]:
    """Return the state of the official class ``ResultsCount`` after a run."""
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {},
        "train_acc5es": None,
        "train_losses": {},
        "train_times": None,
        "arch_config": None,
        "params": float("nan"),
        "flop": float("nan"),
        "seed": _SEED,
        "epochs": _EPOCHS,
        "latency": None,
        "eval_names": ["x-valid"],
        "eval_acc1es": {f"x-valid@{_EPOCHS - 1}": accuracy},
        "eval_times": {},
        "eval_losses": {},
    }
