"""The event file of a search, read back as TensorBoard reads it."""

from __future__ import annotations

import numpy as np
import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams.api_pb2 import (
    AGGREGATION_AVG,
    ORDER_UNSPECIFIED,
    STATUS_SUCCESS,
    ColParams,
    ListSessionGroupsRequest,
)
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.hparams.list_session_groups import Handler
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from rlnas.search import RandomSearch
from rlnas.spaces import get_space
from rlnas.tasks import Metric, TabularTask
from rlnas.transfer import log_search

SPACE = get_space("transnas-macro")
HYPERPARAMETERS = {"source": "-", "method": "random", "seed": 3}


@pytest.fixture
def task():
    scores = np.random.default_rng(0).normal(size=SPACE.size)
    scores[::4] = np.nan
    return TabularTask("a/task", SPACE, scores, Metric(name="score"), costs=np.full(SPACE.size, 2))


@pytest.fixture
def result(task):
    return RandomSearch().search(task, 30, seed=0)


def read(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    scalars = {
        tag: {e.step: e.value for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]
    }
    return scalars, events.summary_metadata


def test_values_come_back_by_query(task, result, tmp_path):
    log_search(tmp_path, result, hyperparameters=HYPERPARAMETERS, task=task)
    scalars, _ = read(tmp_path)
    known = {r.query: r.score for r in result.records if not r.evaluation.failed}
    assert 0 < len(known) < 30
    assert scalars["search/score"] == pytest.approx(known)
    best = {q: b for q, b in enumerate(result.best_so_far, 1) if np.isfinite(b)}
    assert scalars["search/best_score"] == pytest.approx(best)
    assert scalars["search/cost"] == {q: 2.0 * q for q in range(1, 31)}
    score = result.best.score
    assert scalars["transfer/best_score"] == pytest.approx({30: score})
    assert scalars["transfer/rank"] == {30: task.rank(score)}
    assert scalars["transfer/regret"] == pytest.approx({30: task.regret(score)})


def test_rank_and_area_are_those_of_the_whole_table(task, result, tmp_path):
    log_search(tmp_path, result, hyperparameters=HYPERPARAMETERS, task=task)
    scalars, _ = read(tmp_path)
    best = result.best_so_far
    ranks = [task.rank(b) if np.isfinite(b) else SPACE.size for b in best]
    known = {q: r for q, (r, b) in enumerate(zip(ranks, best, strict=True), 1) if np.isfinite(b)}
    assert scalars["search/rank"] == pytest.approx(known)
    assert scalars["transfer/area"] == pytest.approx({30: -np.log10(ranks).mean()})


def test_hyperparameters_come_back_with_their_metrics(task, result, tmp_path):
    log_search(tmp_path, result, hyperparameters={**HYPERPARAMETERS, "on": True}, task=task)
    scalars, metadata = read(tmp_path)
    found = {}
    for tag, value in metadata.items():
        if value.plugin_data.plugin_name == "hparams":
            found[tag] = HParamsPluginData.FromString(value.plugin_data.content)
    experiment = found["_hparams_/experiment"].experiment
    names = {metric.name.tag for metric in experiment.metric_infos}
    assert names == {f"transfer/{name}" for name in ("best_score", "rank", "regret", "area")}
    assert names <= set(scalars)
    assert {info.name for info in experiment.hparam_infos} == {"source", "method", "on"}
    start = found["_hparams_/session_start_info"].session_start_info
    assert start.hparams["source"].string_value == "-"
    assert start.hparams["on"].bool_value
    assert found["_hparams_/session_end_info"].session_end_info.status == STATUS_SUCCESS


def test_the_hparams_page_compares_methods_by_the_mean_of_their_seeds(task, tmp_path):
    ranks = {}
    for budget, method in ((20, "short"), (60, "long")):
        for seed in range(3):
            result = RandomSearch().search(task, budget, seed=seed)
            values = {"method": method, "source": "-", "seed": seed}
            log_search(tmp_path / method / str(seed), result, hyperparameters=values, task=task)
            ranks.setdefault(method, []).append(task.rank(result.best.score))
    groups = session_groups(tmp_path)
    assert len(groups) == 2
    for group in groups:
        metrics = {value.name.tag: value.value for value in group.metric_values}
        method = group.hparams["method"].string_value
        assert len(group.sessions) == 3
        assert metrics["transfer/rank"] == pytest.approx(np.mean(ranks[method]))
    assert np.mean(ranks["long"]) < np.mean(ranks["short"])


def session_groups(folder):
    """What TensorBoard's HPARAMS page shows of a folder, asked as its server asks."""
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
    provider = MultiplexerDataProvider(multiplexer, str(folder))
    context = Context(TBContext(data_provider=provider))
    request = RequestContext()
    tags = context.hparams_metadata(request, "")
    experiment = context.experiment_from_metadata(request, "", True, tags, {})
    columns = [
        ColParams(metric=info.name, order=ORDER_UNSPECIFIED) for info in experiment.metric_infos
    ]
    asked = ListSessionGroupsRequest(
        allowed_statuses=[STATUS_SUCCESS],
        col_params=columns,
        aggregation_type=AGGREGATION_AVG,
        slice_size=100,
        include_metrics=True,
    )
    return Handler(request, context, "", asked).run().session_groups


def test_one_event_a_query_in_one_file_a_call(task, result, tmp_path):
    log_search(tmp_path / "deep" / "a", result, hyperparameters=HYPERPARAMETERS, task=task)
    (path,) = (tmp_path / "deep" / "a").iterdir()
    assert len(list(RawEventFileLoader(str(path)).Load())) == 1 + 30 + 1 + 3
    log_search(path.parent, result, hyperparameters=HYPERPARAMETERS, task=task)
    assert len(list(path.parent.iterdir())) == 2


def test_without_a_table_or_a_success_less_is_known(task, result, tmp_path):
    log_search(tmp_path / "a", result, hyperparameters=HYPERPARAMETERS)
    scalars, _ = read(tmp_path / "a")
    assert "transfer/best_score" in scalars
    assert "transfer/rank" not in scalars
    scores = task.scores.copy()
    scores[SPACE.index(np.array([r.vector for r in result.records]))] = np.nan
    barren = TabularTask("a/task", SPACE, scores, Metric(name="score"))
    failed = RandomSearch().search(barren, 30, seed=0)
    assert all(r.evaluation.failed for r in failed.records)
    log_search(tmp_path / "b", failed, hyperparameters=HYPERPARAMETERS, task=barren)
    scalars, metadata = read(tmp_path / "b")
    assert list(scalars) == ["search/cost"]
    assert "_hparams_/session_start_info" in metadata
