"""TensorBoard curves of a search: the same tags wherever a search is logged."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rlnas.events import EventFile
from rlnas.runs.tables import outcome_curve
from rlnas.search import SearchResult
from rlnas.tasks import TabularTask

Hyperparameters = Mapping[str, str | int | float | bool]

_REPEATED = "seed"
"""The hyperparameter that tells repetitions of a search apart."""

_METRICS = {
    "transfer/best_score": "score of the best architecture found; more is better",
    "transfer/rank": "rank of the best architecture found; 1 is the best of the space",
    "transfer/regret": "score of the best of the space less that of the best found; 0 is the best",
    "transfer/area": "mean over queries of -log10(rank of the best so far); more is better, 0 is "
    "the best",
}


def log_search(
    folder: str | Path,
    result: SearchResult,
    *,
    hyperparameters: Hyperparameters,
    task: TabularTask | None = None,
) -> None:
    """Write ``search/*`` against queries, ``transfer/*`` at the end, and hparams with metrics.

    Searches that differ in their ``seed`` only are one group on TensorBoard's HPARAMS page, a row
    with the mean of each metric; opened, it shows the seeds.

    Args:
        folder: Folder of the event file.
        result: The finished search.
        hyperparameters: What TensorBoard's HPARAMS page shows of it.
        task: Its task, if its whole table is known: adds rank, regret and area.
    """
    curve = None if task is None else outcome_curve(result, task)
    with EventFile(folder) as events:
        for step, values in _curves(result, curve):
            events.add(step, values)
        events.add(len(result.records), _final(result, task, curve))
        for summary in _session(hyperparameters):
            events.add_summary(summary)


def _final(
    result: SearchResult, task: TabularTask | None, curve: Mapping[str, Any] | None
) -> dict[str, float]:
    """Return what the search came to by tag, nothing if every query failed."""
    best = result.best_so_far
    if not len(best) or not math.isfinite(best[-1]):
        return {}
    final = {"transfer/best_score": float(best[-1])}
    if task is not None and curve is not None:
        final["transfer/rank"] = float(curve["rank"][-1])
        final["transfer/regret"] = task.regret(best[-1])
        final["transfer/area"] = float(-np.log10(curve["rank"]).mean())
    return final


def _curves(
    result: SearchResult, curve: Mapping[str, Any] | None
) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield each query's number and what is drawn against it."""
    cost = 0.0
    for place, (record, best_score) in enumerate(
        zip(result.records, result.best_so_far.tolist(), strict=True)
    ):
        values = {}
        if math.isfinite(best_score):
            values["search/best_score"] = best_score
            if curve is not None:
                values["search/rank"] = float(curve["rank"][place])
        if math.isfinite(record.score):
            values["search/score"] = record.score
        values.update((f"search/{name}", value) for name, value in record.notes.items())
        cost += record.evaluation.cost
        yield record.query, {**values, "search/cost": cost}


def _session(hyperparameters: Hyperparameters) -> Iterator[Any]:
    """Yield the summaries of a finished session of the HPARAMS page."""
    from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]
    from tensorboard.plugins.hparams import (  # type: ignore[import-untyped]
        api_pb2,
        metadata,
        plugin_data_pb2,
    )

    shown = {name: value for name, value in hyperparameters.items() if name != _REPEATED}
    fields: dict[type, tuple[str, str]] = {
        str: ("DATA_TYPE_STRING", "string_value"),
        bool: ("DATA_TYPE_BOOL", "bool_value"),
    }
    kinds = {
        name: fields.get(type(value), ("DATA_TYPE_FLOAT64", "number_value"))
        for name, value in shown.items()
    }
    group = ", ".join(f"{name} {value}" for name, value in shown.items())
    start = plugin_data_pb2.SessionStartInfo(group_name=group, start_time_secs=time.time())
    for name, value in shown.items():
        setattr(start.hparams[name], kinds[name][1], value)
    # All metrics, also those that this search lacks: the page reads them off the first run it
    # finds, which may be one whose queries all failed.
    experiment = api_pb2.Experiment(
        hparam_infos=[api_pb2.HParamInfo(name=name, type=kinds[name][0]) for name in shown],
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), description=text)
            for tag, text in _METRICS.items()
        ],
    )
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time())
    for tag, content in (
        (metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=experiment)),
        (
            metadata.SESSION_START_INFO_TAG,
            plugin_data_pb2.HParamsPluginData(session_start_info=start),
        ),
        (metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=end)),
    ):
        yield Summary(
            value=[Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(content))]
        )
