"""NAS-Bench-201 through the classes of its authors' package, to compare our importer with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rlnas.benchmarks.importers.nasbench201_runs import Run
from rlnas.errors import MissingDependencyError

_RECIPES = {"200": "full", "12": "less"}


def library_runs(
    strings: list[str], infos: Mapping[int, Mapping[str, Mapping[str, Any]]]
) -> Iterator[Run]:
    """Yield the runs that ``nas_201_api.NASBench201API`` finds in an official dictionary.

    The package's own loading is a bare ``torch.load``, which PyTorch 2.6 and later refuse for the
    NumPy scalars in the file; it is handed the dictionary instead, which was read safely.

    Raises:
        MissingDependencyError: If the package is not installed.
    """
    try:
        from nas_201_api import NASBench201API
    except ImportError as error:
        raise MissingDependencyError(
            "nas-bench-201", "nasbench201", "Reading NAS-Bench-201 with its authors' classes"
        ) from error
    content = {
        "meta_archs": strings,
        "arch2infos": dict(infos),
        "evaluated_indexes": sorted(infos),
    }
    api = NASBench201API(content, verbose=False)
    for row, index in enumerate(api.evaluated_indexes):
        for epochs, recipe in _RECIPES.items():
            results = api.query_meta_info_by_index(index, epochs)
            for dataset in results.get_dataset_names():
                for seed, result in results.query(dataset).items():
                    yield _run(row, recipe, dataset, seed, result)


def _run(row: int, recipe: str, dataset: str, seed: int, result: Any) -> Run:
    epochs = range(result.get_total_epoch())
    train = [result.get_train(epoch) for epoch in epochs]
    curves = {("train", kind): np.array([t[kind] for t in train]) for kind in ("accuracy", "loss")}
    for evaluated in result.get_eval_set():
        points = [_evaluation(result, evaluated, epoch) for epoch in epochs]
        for kind in ("accuracy", "loss"):
            curves[evaluated, kind] = np.array([point.get(kind, np.nan) for point in points])
    seconds, latency = result.get_times()["T-train@total"], result.get_latency()
    facts = {
        "train_seconds": np.nan if seconds is None else float(seconds),
        "params": float(result.params),
        "flops": float(result.flop),
        "latency": latency if latency > 0 else np.nan,
    }
    return Run(row, recipe, dataset, int(seed), curves, facts)


def _evaluation(result: Any, evaluated: str, epoch: int) -> Mapping[str, float]:
    try:
        point: Mapping[str, float] = result.get_eval(evaluated, epoch)
    except KeyError:  # the published files do not hold every epoch
        return {}
    return point
