"""Shared representation: contract, what is frozen and when it thaws, where it wins."""

import numpy as np
import pytest
import torch

from rlnas.agents import FineTuningConfig, LearnerHooks, SharedController
from rlnas.benchmarks import synthetic_suite
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces import get_space
from rlnas.testing import check_no_leakage, check_transfer_method
from rlnas.transfer import Scratch
from rlnas.transfer.methods.shared_representation import SharedRepresentation

KINDS = ("mlp", "transformer")
LIGHT = FineTuningConfig(n_epochs=2, rehearsal="none")
PLAIN = FineTuningConfig(rehearsal="none")
OPTIONS = [
    {},
    {"head": "new"},
    {"thaw": 10},
    {"thaw": 0.4},
    {"thaw": {"encoder": 20}},
    {"adapters": True},
]


@pytest.fixture(scope="module")
def shared(synthetic, sources):
    """A shared controller of each kind, trained on the first two tasks for a moment."""
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-1"]]
    return {
        kind: SharedController.train(tasks, 320, config=source.config, device="cpu")
        for kind, source in sources.items()
    }


def queries(result):
    return [record.architecture for record in result.records]


# -- contract ------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"thaw": 0.4}, {"adapters": True}], ids=str)
def test_the_method_conforms(options, shared, synthetic):
    check_transfer_method(
        lambda: SharedRepresentation(shared["mlp"], fine_tuning=LIGHT, **options),
        synthetic["synthetic-2"],
    )


@pytest.mark.parametrize("kind", ["several", "mlp"])
def test_it_conforms_with_plain_controllers(kind, shared, sources, synthetic):
    several = kind == "several"
    source = [sources["mlp"], shared["mlp"].controller_for(None)] if several else sources[kind]
    check_transfer_method(
        lambda: SharedRepresentation(source, adapters=several, fine_tuning=LIGHT),
        synthetic["synthetic-2"],
        budget=11,
    )


def test_a_shared_transformer_leaks_nothing(shared, synthetic):
    check_no_leakage(
        lambda: SharedRepresentation(shared["transformer"], fine_tuning=LIGHT),
        synthetic["synthetic-2"],
        12,
        seed=0,
    )


def test_no_leakage_at_the_usual_budget(shared, synthetic):
    check_no_leakage(
        lambda: SharedRepresentation(shared["mlp"], thaw=0.5), synthetic["synthetic-3"], 50, seed=1
    )


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_searches_side_by_side_are_those_alone(options, shared, synthetic):
    method = SharedRepresentation(shared["mlp"], fine_tuning=LIGHT, **options)
    tasks = [synthetic["synthetic-2"], synthetic["synthetic-3"]]
    for result, task, seed in zip(
        method.search_many(tasks, 15, [3, 4]), tasks, [3, 4], strict=True
    ):
        assert len(result.records) == 15
        assert queries(result) == queries(method.search(task, 15, seed))


@pytest.mark.parametrize("target", ["nasbench-201", "transnas-macro"])
def test_a_transformer_goes_to_another_space(target, shared, sources, landscape):
    task = landscape(get_space(target))
    for source in (shared["transformer"], sources["transformer"]):
        method = SharedRepresentation(source, fine_tuning=LIGHT)
        assert len(method.search(task, 12, seed=0).records) == 12
    for source in (shared["mlp"], sources["mlp"]):
        with pytest.raises(InvalidArgumentError, match="kind='transformer'"):
            SharedRepresentation(source).search(task, 5)


# -- what is frozen ------------------------------------------------------------------------


def learnt(monkeypatch, method, task, budget=50):
    """Return the network of a search before and after it, and the updates there were."""
    from rlnas.transfer.methods import base as module

    seen = {}
    original = module.learn_on_targets

    def spy(networks, *others, hooks):
        seen["before"] = {n: p.detach().clone() for n, p in networks[0].named_parameters()}
        seen["at"] = []

        def rates(update):
            state = {n: p.detach().clone() for n, p in networks[0].named_parameters()}
            seen["at"].append((update, state))
            return hooks.rates(update) if hooks.rates is not None else {}

        original(networks, *others, hooks=LearnerHooks(rates=rates))
        seen["after"] = {n: p.detach().clone() for n, p in networks[0].named_parameters()}

    monkeypatch.setattr(module, "learn_on_targets", spy)
    method.search(task, budget, seed=0)
    return seen


def moved(one, other):
    return {name for name in one if not torch.equal(one[name], other[name])}


def in_encoder(name):
    return name.split(".")[0].endswith("encoder")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", ["mean", "new"])
def test_a_frozen_encoder_stays_bit_for_bit(head, kind, shared, synthetic, monkeypatch):
    fine_tuning = FineTuningConfig() if kind == "mlp" else PLAIN  # rehearsal or none
    method = SharedRepresentation(shared[kind], head=head, fine_tuning=fine_tuning)
    seen = learnt(monkeypatch, method, synthetic["synthetic-2"])
    changed = moved(seen["before"], seen["after"])
    assert not {name for name in changed if in_encoder(name)}
    assert {"task_embedding.weight", "policy_head.0.bias"} & changed or kind == "transformer"
    assert {"policy_head", "value_head", "task_embedding"} == {n.split(".")[0] for n in changed}
    source = shared[kind].network.state_dict()
    assert all(torch.equal(seen["after"][n], source[n]) for n in source if in_encoder(n))


@pytest.mark.parametrize("kind", KINDS)
def test_the_encoder_thaws_from_the_heads_back(kind, shared, synthetic, monkeypatch):
    """A layer every 10 updates: the last one first, what embeds the inputs last."""
    method = SharedRepresentation(shared[kind], thaw=10, fine_tuning=PLAIN)
    seen = learnt(monkeypatch, method, synthetic["synthetic-2"], 60)
    first = {}
    for (update, before), (_, after) in zip(seen["at"], seen["at"][1:], strict=False):
        for name in moved(before, after):
            first.setdefault(name, update)
    order = [("encoder.2", "encoder.0", "task_encoder")] if kind == "mlp" else []
    order = order[0] if order else ("encoder.layers", "encoder.operation")
    times = [min(u for n, u in first.items() if n.startswith(prefix)) for prefix in order]
    assert times == [10 * place for place in range(1, len(order) + 1)]
    assert min(u for n, u in first.items() if n.startswith("policy_head")) == 0


@pytest.mark.parametrize(("thaw", "update"), [(0.4, 20), ({"encoder": 17}, 17)])
def test_the_whole_encoder_thaws_at_once(thaw, update, shared, synthetic, monkeypatch):
    """Two fifths of 50 queries are two rollouts of 10 steps, with 10 updates each."""
    method = SharedRepresentation(shared["mlp"], thaw=thaw, fine_tuning=PLAIN)
    seen = learnt(monkeypatch, method, synthetic["synthetic-2"])
    states = dict(reversed(seen["at"]))  # the state before the first step of each update
    encoder = {name for name in states[0] if name.startswith("encoder")}
    assert not moved(states[0], states[update]) & encoder
    assert moved(states[update], states[update + 1]) >= encoder


def test_the_columns_of_adapters_stay_and_the_new_one_learns(shared, synthetic, monkeypatch):
    method = SharedRepresentation(shared["mlp"], adapters=True, fine_tuning=PLAIN)
    seen = learnt(monkeypatch, method, synthetic["synthetic-2"])
    changed = moved(seen["before"], seen["after"])
    assert {"encoder.0.weight", "policy_adapter.weight", "policy_head_adapter.weight"} <= changed
    assert not any(name.startswith("column") for name in seen["after"])


# -- where heads start ---------------------------------------------------------------------


@pytest.mark.parametrize("adapters", [False, True])
def test_a_search_begins_as_the_policy_of_its_head(adapters, shared, synthetic):
    """Before the first update the queries are those of a policy that learns next to nothing."""
    task, source = synthetic["synthetic-3"], shared["mlp"]
    still = FineTuningConfig(learning_rate=1e-12, n_epochs=1, rehearsal="none")
    for head in ("mean", *source.sources):
        plain = source.controller_for(None if head == "mean" else head)
        expected = SharedRepresentation(plain, fine_tuning=still).search(task, 15, seed=2)
        method = SharedRepresentation(source, head=head, adapters=adapters, fine_tuning=still)
        assert queries(method.search(task, 15, seed=2)) == queries(expected)
    new = SharedRepresentation(source, head="new", adapters=adapters, fine_tuning=still)
    assert queries(new.search(task, 15, seed=2)) != queries(expected)


def test_a_single_source_can_be_named(sources):
    (name,) = sources["mlp"].sources
    assert SharedRepresentation(sources["mlp"], head=name).options()["head"] == name


# -- mistakes and options ------------------------------------------------------------------


def test_mistakes_are_explained(shared, sources):
    mlp, transformer = shared["mlp"], shared["transformer"]
    for source, options, match in (
        ([], {}, "no source"),
        ([sources["mlp"]], {}, "adapters=True"),
        (mlp, {"adapters": True, "thaw": 3}, "never thawed"),
        (transformer, {"adapters": True}, "perceptrons only"),
        (mlp, {"thaw": 1.5}, "fraction"),
    ):
        with pytest.raises(InvalidArgumentError, match=match):
            SharedRepresentation(source, **options)
    for source in (mlp, sources["mlp"]):
        with pytest.raises(UnknownNameError, match="source task"):
            SharedRepresentation(source, head="jigsaw")


def test_mistakes_in_a_schedule_are_explained(shared, synthetic):
    with pytest.raises(UnknownNameError):
        SharedRepresentation(shared["mlp"], thaw={"trunk": 3}).search(synthetic["synthetic-2"], 5)
    with pytest.raises(InvalidArgumentError):
        SharedRepresentation(shared["mlp"], thaw=-1).search(synthetic["synthetic-2"], 5)


def test_options_say_what_was_done(shared, sources):
    options = SharedRepresentation(shared["mlp"], thaw=0.5).options()
    assert (options["head"], options["thaw"], options["adapters"]) == ("mean", 0.5, False)
    assert options["sources"] == list(shared["mlp"].sources)
    assert options["fine_tuning"]["n_steps"] == FineTuningConfig().n_steps
    both = [sources["mlp"], shared["mlp"].controller_for(None)]
    names = SharedRepresentation(both, adapters=True).options()["sources"]
    assert names == [*sources["mlp"].sources, *shared["mlp"].sources]


# -- where it wins, and where it must not hurt ---------------------------------------------


def mean_ranks(searcher, task, seeds=30):
    results = searcher.search_many([task] * seeds, 50, range(seeds))
    return np.array([task.rank(result.best.score) for result in results])


def test_it_beats_scratch_where_the_tasks_share_structure():
    """Three sources and a target of a common landscape, 30 searches each."""
    suite = synthetic_suite(num_tasks=4, correlation=0.7, seed=5)
    *tasks, target = suite.values()
    shared = SharedController.train(tasks, 8_000, device="cpu")
    scratch = mean_ranks(Scratch(fine_tuning=PLAIN), target).mean()
    assert (
        mean_ranks(SharedRepresentation(shared, fine_tuning=PLAIN), target).mean() < 0.6 * scratch
    )


def test_a_new_head_does_not_hurt_where_the_sources_are_unrelated():
    """Tasks without any common landscape: within the noise of 30 searches of scratch."""
    suite = synthetic_suite(num_tasks=3, correlation=0.0, seed=6)
    *tasks, target = suite.values()
    shared = SharedController.train(tasks, 8_000, device="cpu")
    scratch = mean_ranks(Scratch(fine_tuning=PLAIN), target)
    for options in ({}, {"adapters": True}):
        ranks = mean_ranks(
            SharedRepresentation(shared, head="new", fine_tuning=PLAIN, **options), target
        )
        noise = np.sqrt(ranks.var() / 30 + scratch.var() / 30)
        assert ranks.mean() < scratch.mean() + 2 * noise, options
