"""Batches by the number of a step, data that cannot be searched, and resuming of every search."""

import dataclasses

import pandas as pd
import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig
from rlnas.one_shot.training import StepBatches, Trace
from rlnas.search import get_searcher
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import get_space

ONE_SHOT = [name for name in SEARCHERS.names() if SEARCHERS.get(name).trains]


def test_batches_of_steps_go_through_all_examples_in_turns(examples):
    rows = torch.arange(10, 42)
    batches = StepBatches(examples.train, rows, 8, 3, "b")
    targets = [torch.cat([batches(4 * turn + step)[1] for step in range(4)]) for turn in range(2)]
    expected = examples.train.batch(rows)[1]
    for own in targets:
        assert torch.equal(own.sort().values, expected.sort().values)
    assert not torch.equal(*targets)
    other = StepBatches(examples.train, rows, 8, 3, "b")
    assert torch.equal(other(6)[0], batches(6)[0])  # any step may be the first


@pytest.mark.parametrize("name", [n for n in ONE_SHOT if n not in ("snps", "shared-ppo")])
def test_an_interrupted_search_comes_to_the_same(name, make_searched, kept, monkeypatch):
    options = {"steps": 11, "batch_size": 16, "save_every": 4}
    if "looks" in SEARCHERS.get(name).options:
        options |= {"looks": 4, "held": 16}
    searcher = get_searcher(name, **options)
    at_once = searcher.search(make_searched(kept("one")), 2, seed=5)
    kind = type(searcher.begin(get_space("transnas-micro"), kept("zero"), 0))
    step = kind.step

    def killed(self, number):
        if number == 6:
            raise KeyboardInterrupt
        return step(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "step", killed)
        with pytest.raises(KeyboardInterrupt):
            searcher.search(make_searched(kept("two")), 2, seed=5)
    in_parts = searcher.search(make_searched(kept("two")), 2, seed=5)
    assert [r.architecture for r in in_parts.records] == [r.architecture for r in at_once.records]
    one, two = (pd.read_parquet(kept(n).folder / "trace.parquet") for n in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("name", ONE_SHOT)
def test_every_one_shot_search_is_a_searcher_by_name(name):
    searcher = get_searcher(name, steps=7)
    assert searcher.name == name
    assert searcher.options()["steps"] == 7


def test_data_of_one_class_are_refused_in_a_line(make_searched, examples):
    spec = dataclasses.replace(examples.spec, outputs=1, classes=("0",))
    single = dataclasses.replace(examples, spec=spec)
    with pytest.raises(InvalidArgumentError, match="has a single class"):
        get_searcher("darts").search(make_searched(single), 1)


def test_a_nasbench_cell_can_be_searched(examples):
    from rlnas.tasks import make_task

    config = SkeletonConfig(width=4, skeleton="stages", stem_strides=(1,), cells_per_stage=1)
    task = make_task(get_space("nasbench-201"), lambda text: float(text.count("conv")))
    task.examples = dataclasses.replace(examples, config=config)
    result = get_searcher("snps", steps=2, batch_size=16).search(task, 2)
    assert len(result.records) >= 1


def test_a_trace_is_its_columns():
    trace = Trace()
    trace.add({"loss": 1.0, "norm": 2.0})
    trace.add({"norm": 4.0, "loss": 3.0})
    again = Trace()
    again.restore(trace.names, trace.tensor())
    for columns in (trace.columns(), again.columns()):
        assert {name: values.tolist() for name, values in columns.items()} == {
            "step": [1, 2],
            "loss": [1, 3],
            "norm": [2, 4],
        }
