"""The event file of a search, read back as TensorBoard reads it."""

from __future__ import annotations

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard.summary import hparams

from rlnas.search import RandomSearch
from rlnas.spaces import get_space
from rlnas.tasks import Metric, TabularTask
from rlnas.transfer import log_search

SPACE = get_space("transnas-macro")
HYPERPARAMETERS = {"source": "-", "seed": 3}


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


def test_hyperparameters_come_back_with_their_metrics(task, result, tmp_path):
    log_search(tmp_path, result, hyperparameters=HYPERPARAMETERS, task=task)
    _, metadata = read(tmp_path)
    final = ("transfer/best_score", "transfer/rank", "transfer/regret")
    for summary in hparams(HYPERPARAMETERS, dict.fromkeys(final, 0.0)):
        (value,) = summary.value
        found, expected = metadata[value.tag].plugin_data, value.metadata.plugin_data
        assert found.plugin_name == expected.plugin_name == "hparams"
        parse = HParamsPluginData.FromString
        assert parse(found.content) == parse(expected.content)


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
