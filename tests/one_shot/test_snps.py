"""Shrinking: irreversible deletions, a genotype for each change, resume, what a result says."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from rlnas.checkpoints import read_tensors
from rlnas.errors import CheckpointError, DivergedError, InvalidArgumentError, RunError
from rlnas.networks import Genotype
from rlnas.one_shot import SNPS
from rlnas.one_shot.snps import SNPSTraining
from rlnas.search import SearchResult
from rlnas.spaces import get_space
from rlnas.testing import check_no_leakage

MICRO = get_space("transnas-micro")
FAST = {"batch_size": 16, "gamma": 0.3, "gamma_max": 0.2, "patience": 2, "threshold": 0.1}


def test_what_is_deleted_never_comes_back_and_every_node_keeps_an_operation(examples):
    options = SNPS(**FAST)
    training = SNPSTraining(MICRO, examples, 0, options)
    present = training.network.present
    for number in range(60):
        if training.done:
            break
        row = training.step(number)
        now = training.network.present
        assert not (now & ~present).any()
        assert row["operations"] == now.sum()
        kept = {id(p) for p in (*training.network.parameters(), training.alpha)}
        held = [
            p for o in training.optimizers.values() for g in o.param_groups for p in g["params"]
        ]
        assert {id(p) for p in held} == kept
        assert all(id(p) in kept for o in training.optimizers.values() for p in o.state)
        present = now
    assert present.sum() < 12
    for node in (1, 2, 3):
        into = MICRO.positions[:, 1] == node
        leads_on = present[MICRO.positions[:, 0] == node].any() or node == 3
        assert present[into].any() == leads_on
    for before, after in itertools.pairwise(training.shapes):
        assert not (after.genotype.mask & ~before.genotype.mask).any()
        assert after.macs <= before.macs
        assert after.step >= before.step


def test_the_loss_is_the_published_one(examples):
    options = SNPS(**FAST, warmup=1)
    training = SNPSTraining(MICRO, examples, 0, options)
    first, second = training.step(0), training.step(1)
    assert first["objective"] == pytest.approx(first["loss"])
    # H is that of before the step, 72-like at the uniform start; it is noted after the step.
    entropy = (second["objective"] - second["loss"]) / second["gamma"]
    expected = first["entropy"] * (second["loss"] + second["mu"])
    assert entropy == pytest.approx(expected, rel=1e-4)


def test_a_search_queries_the_end_first_and_says_every_shape(make_searched, tmp_path):
    result = SNPS(**FAST, steps=60).search(make_searched(), 5, seed=1)
    shapes = result.options["shapes"]
    assert [shapes[0]["kind"], shapes[-1]["kind"]] == ["begin", "end"]
    assert {shape["kind"] for shape in shapes} >= {"change", "stage"}
    assert result.records[0].architecture == shapes[-1]["architecture"]
    assert result.records[0].notes["several"] == shapes[-1]["several"]
    assert result.options["projected_edges"] == shapes[-1]["several"]
    assert result.cost > 0
    asked = [record.architecture for record in result.records]
    assert set(asked) <= {shape["architecture"] for shape in shapes}
    assert len(set(asked)) == len(asked)
    for shape in shapes:
        genotype = Genotype(MICRO, tuple(map(tuple, shape["genotype"])))
        assert (genotype.several == 0) == ((genotype.mask.sum(axis=1) <= 1).all())
    again = SearchResult.load(result.save(tmp_path / "r.parquet"))
    assert again.options["shapes"] == shapes


def test_the_same_seed_gives_the_same_search_and_another_another(make_searched):
    def shapes(seed):
        return SNPS(**FAST, steps=25).search(make_searched(), 3, seed=seed).options["shapes"]

    assert shapes(0) == shapes(0) != shapes(1)


def states_of(folder):
    tensors, _ = read_tensors(folder / "state.safetensors")
    trace = pd.read_parquet(folder / "trace.parquet")
    return tensors, trace


@pytest.mark.parametrize("first", [19, 24])
def test_n_and_n_steps_are_2n_bit_for_bit(make_searched, kept, first):
    """Also where the interruption falls between two states, and after deletions."""
    whole = SNPS(**FAST, steps=40, save_every=8)
    one, two = kept("one"), kept("two")
    at_once = whole.search(make_searched(one), 4, seed=2)
    SNPS(**FAST, steps=first, save_every=8).search(make_searched(two), 4, seed=2)
    in_parts = whole.search(make_searched(two), 4, seed=2)
    assert in_parts.options["shapes"] == at_once.options["shapes"]
    assert [r.architecture for r in in_parts.records] == [r.architecture for r in at_once.records]
    (tensors, trace), (others, other) = states_of(one.folder), states_of(two.folder)
    assert tensors.keys() == others.keys()
    assert all(torch.equal(value, others[name]) for name, value in tensors.items())
    pd.testing.assert_frame_equal(trace, other, check_exact=True)
    assert trace["deletions"][:first].sum() > 0


def test_a_killed_search_goes_on_from_its_last_state(make_searched, kept, monkeypatch):
    options = SNPS(**FAST, steps=30, save_every=7)
    at_once = options.search(make_searched(kept("one")), 4, seed=2)
    step = SNPSTraining.step

    def killed(self, number):
        if number == 18:
            raise KeyboardInterrupt
        return step(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(SNPSTraining, "step", killed)
        with pytest.raises(KeyboardInterrupt):
            options.search(make_searched(kept("two")), 4, seed=2)
    in_parts = options.search(make_searched(kept("two")), 4, seed=2)
    assert in_parts.options["shapes"] == at_once.options["shapes"]
    assert len(pd.read_parquet(kept("two").folder / "trace.parquet")) == len(
        pd.read_parquet(kept("one").folder / "trace.parquet")
    )


def test_every_quantity_of_a_step_is_kept_and_in_the_events(make_searched, kept):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    examples = kept("run")
    SNPS(**FAST, steps=6).search(make_searched(examples), 1)
    trace = pd.read_parquet(examples.folder / "trace.parquet")
    assert trace["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert {"entropy", "gamma", "mu", "deletions", "macs", "weight/0-1/nor_conv_3x3"} <= {*trace}
    weights = trace.filter(like="weight/0-1/").sum(axis=1)
    np.testing.assert_allclose(weights, 1, rtol=1e-5)  # node 1 has this edge alone
    events = EventAccumulator(str(examples.folder / "tensorboard")).Reload()
    assert {tag.removeprefix("one-shot/") for tag in events.Tags()["scalars"]} == {
        *trace.columns
    } - {"step"}
    told = [event.value for event in events.Scalars("one-shot/gamma")]
    np.testing.assert_allclose(told, trace["gamma"], rtol=1e-6)


def test_another_search_does_not_go_on_in_its_folder(make_searched, kept):
    examples = kept("run")
    SNPS(**FAST, steps=3).search(make_searched(examples), 1)
    with pytest.raises(RunError, match="alpha_rate"):
        SNPS(**FAST, steps=3, alpha_rate=0.1).search(make_searched(examples), 1)
    state = examples.folder / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-40])
    with pytest.raises(CheckpointError):
        SNPS(**FAST, steps=5).search(make_searched(examples), 1)


def test_a_loss_that_is_no_number_ends_in_one_clear_line(make_searched):
    with pytest.raises(DivergedError, match=r"super-network's loss is .* smaller learning_rate"):
        SNPS(**FAST, learning_rate=1e18, steps=10).search(make_searched(), 1)


def test_a_task_without_examples_is_refused(make_searched):
    with pytest.raises(InvalidArgumentError, match=r"no examples to train on.*--dataset"):
        SNPS().search(make_searched(None), 1)


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"threshold": 1.0}, {"stop": 0}, {"alpha": 0}, {"precision": "int8"}],
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        SNPS(**wrong)


def test_it_sees_nothing_but_what_it_queried(examples, landscape):
    task = landscape(MICRO)
    task.examples = examples
    check_no_leakage(lambda: SNPS(**FAST, steps=5), task, 3)
