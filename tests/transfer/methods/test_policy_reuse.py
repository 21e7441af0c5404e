"""Probabilistic policy reuse: mixtures, choices, the library, and what it can do."""

import json

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.spaces import get_space
from rlnas.tasks import Budget, TabularTask
from rlnas.testing import check_exhaustion, check_no_leakage, check_transfer_method
from rlnas.transfer import Scratch, ZeroShot
from rlnas.transfer.methods.policy_reuse import PolicyReuse, Reuse
from rlnas.transfer.methods.source_policies import SourcePolicies, mixture_logits

QUICK = FineTuningConfig(rehearsal="none")
PAPER = {"trial_steps": None, "temperature": 0.0, "temperature_step": 0.05, "trust": 0.0}


def architectures(result):
    return [record.architecture for record in result.records]


# -- contract ----------------------------------------------------------------------------------


def test_it_conforms(sources, synthetic):
    check_transfer_method(
        lambda: PolicyReuse(sources["mlp"], fine_tuning=QUICK), synthetic["synthetic-1"]
    )


def test_it_conforms_with_a_library_and_the_papers_options(pair, synthetic):
    before = [{n: v.clone() for n, v in c.network.state_dict().items()} for c in pair]
    for options in (PAPER, {"start": "source"}):
        check_transfer_method(
            lambda o=options: PolicyReuse(pair, fine_tuning=QUICK, **o), synthetic["synthetic-1"]
        )
    for controller, weights in zip(pair, before, strict=True):
        for name, value in controller.network.state_dict().items():
            assert torch.equal(value, weights[name])


@pytest.mark.parametrize("rehearsal", ["none", "queried"])
def test_no_leakage_at_the_usual_budget(rehearsal, pair, synthetic):
    fine_tuning = FineTuningConfig(rehearsal=rehearsal, rehearsal_rollouts=1)
    check_no_leakage(
        lambda: PolicyReuse(pair, fine_tuning=fine_tuning), synthetic["synthetic-3"], 50, seed=1
    )


@pytest.mark.parametrize("queries", [1, 2, 9, 10, 11, 50])
def test_the_budget_is_spent_exactly(queries, pair, synthetic):
    result = PolicyReuse(pair, fine_tuning=QUICK).search(synthetic["synthetic-1"], queries, seed=0)
    assert len({r.architecture for r in result.records}) == len(result.records) == queries


def test_tiny_spaces_end(sources):
    check_exhaustion(lambda: PolicyReuse(sources["transformer"], fine_tuning=QUICK))


@pytest.mark.parametrize("options", [{}, PAPER, {"start": "source"}])
def test_a_search_in_a_batch_is_the_search_alone(options, pair, synthetic):
    searcher = PolicyReuse(pair, fine_tuning=QUICK, **options)
    tasks = [synthetic[f"synthetic-{i}"] for i in (1, 2, 3)]
    together = searcher.search_many(tasks, 45, [0, 1, 2])
    reports = searcher.report
    for task, seed, result, report in zip(tasks, range(3), together, reports, strict=True):
        assert architectures(result) == architectures(searcher.search(task, 45, seed))
        np.testing.assert_array_equal(report.trials, searcher.report[0].trials)


def test_searches_may_end_at_different_times(pair, synthetic):
    """One is over with its start, before any learning: nobody takes its place."""
    base = synthetic["synthetic-1"]
    tasks = [
        TabularTask(f"{s}", base.space, base.scores, base.metric, costs=np.full(4096, s))
        for s in (100.0, 1.0, 3.0)
    ]
    searcher = PolicyReuse(pair, fine_tuning=QUICK)
    together = searcher.search_many(tasks, Budget(cost=60.0), [0, 1, 2])
    assert [len(result.records) for result in together] == [1, 60, 20]
    for task, seed, result in zip(tasks, range(3), together, strict=True):
        alone = searcher.search(task, Budget(cost=60.0), seed)
        assert architectures(result) == architectures(alone)


@pytest.mark.parametrize("target", ["nasbench-201", "transnas-macro"])
def test_a_transformer_goes_to_another_space(target, sources, landscape):
    for start in ("source", "scratch"):
        method = PolicyReuse(sources["transformer"], start=start, fine_tuning=QUICK)
        assert len(method.search(landscape(get_space(target)), 12).records) == 12


def test_construction_policies_are_reused_too(synthetic):
    config = ControllerConfig(environment=ConstructionConfig())
    policies = [PPOController(synthetic.space, config, seed=s) for s in (0, 1)]
    method = PolicyReuse(policies, fine_tuning=QUICK)
    assert len(method.search(synthetic["synthetic-1"], 15).records) == 15
    assert method.report[0].trials.sum() > 0


def test_options_are_plain_and_say_what_was_done(pair):
    options = json.loads(json.dumps(dict(PolicyReuse(pair, psi=0.5).options())))
    assert options["psi"] == 0.5
    assert options["library"] == [list(controller.sources) for controller in pair]


@pytest.mark.parametrize(
    "wrong",
    [
        {"psi": 1.1},
        {"nu": -0.1},
        {"temperature_step": float("nan")},
        {"trust": -1.0},
        {"trial_steps": 0},
        {"start": "nowhere"},
    ],
)
def test_wrong_options_are_refused(wrong, pair):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        PolicyReuse(pair, **wrong)


def test_a_library_needs_policies_that_read_the_same_observations(pair, synthetic):
    other = ControllerConfig(environment=ImprovementConfig(horizon=5))
    with pytest.raises(InvalidArgumentError, match="environment"):
        PolicyReuse([pair[0], PPOController(synthetic.space, other)])
    with pytest.raises(InvalidArgumentError, match="no source"):
        PolicyReuse([])


# -- the mixture -------------------------------------------------------------------------------


def reuse_of(pair, synthetic, count=3, **options):
    ledgers = [synthetic["synthetic-1"].ledger(30) for _ in range(count)]
    rngs = [generator(seed, "test") for seed in range(count)]
    return Reuse(PolicyReuse(pair, fine_tuning=QUICK, **options), ledgers, rngs)


def test_the_share_of_the_source_policy_falls_with_the_steps(pair, synthetic):
    reuse = reuse_of(pair, synthetic, count=8, psi=0.8, nu=0.5, trial_steps=3)
    size = pair[0].network.layout.size
    obs = torch.rand(8, 1, size, generator=torch.Generator().manual_seed(1)).round()
    own = torch.zeros(8, 1, pair[0].network.layout.actions)
    never, policies = torch.zeros(8, 1, dtype=torch.bool), SourcePolicies(pair, synthetic.space)
    for step in range(3):
        mixed = reuse.behaviour(obs, own)
        for row, choice in enumerate(reuse._running):
            expected = own[row]
            if choice.current:
                source = policies.logits(obs)[choice.current - 1, row]
                expected = mixture_logits(own[row], source, torch.tensor([0.8 * 0.5**step]))
            torch.testing.assert_close(mixed[row].softmax(-1), expected.softmax(-1))
        reuse.stepped(never.float(), never)
    assert [choice.step for choice in reuse._running] == [0] * 8  # chosen anew


def test_each_search_keeps_its_own_choice_when_others_leave(pair, synthetic):
    reuse = reuse_of(pair, synthetic, count=6)
    size, actions = pair[0].network.layout.size, pair[0].network.layout.actions
    obs, own = torch.ones(6, 1, size), torch.zeros(6, 1, actions)
    before, kept = reuse.behaviour(obs, own), [1, 4, 5]
    reuse.keep(kept)
    torch.testing.assert_close(reuse.behaviour(obs[:3], own[:3]), before[kept])
    assert len(reuse.report()) == 6


# -- what it can do ----------------------------------------------------------------------------


def test_it_beats_scratch_where_the_source_is_alike(expert, log_ranks):
    suite, controller = expert
    tasks = [suite["synthetic-1"], suite["synthetic-2"]]
    scratch = log_ranks(Scratch(controller.config, QUICK), tasks, 12)
    assert (
        log_ranks(PolicyReuse(controller, fine_tuning=QUICK), tasks, 12).mean()
        < scratch.mean() - 0.5
    )
    assert (
        log_ranks(PolicyReuse(controller, fine_tuning=QUICK, **PAPER), tasks, 12).mean()
        < scratch.mean() - 0.3
    )


def test_with_caution_it_does_not_hurt_where_the_source_is_unrelated(unrelated, log_ranks):
    """At psi 0.5 more than half of the steps remain the new policy's own."""
    suite, controller = unrelated
    tasks = [suite["synthetic-1"], suite["synthetic-2"]]
    scratch = log_ranks(Scratch(controller.config, QUICK), tasks, 16)
    error = scratch.std() / np.sqrt(len(scratch))
    cautious = log_ranks(PolicyReuse(controller, psi=0.5, fine_tuning=QUICK), tasks, 16)
    assert cautious.mean() < scratch.mean() + 2 * error


def test_it_gets_away_from_a_source_that_misleads(expert, log_ranks, negated):
    suite, controller = expert
    tasks = [negated(suite["synthetic-0"]), negated(suite["synthetic-1"])]
    alone = log_ranks(ZeroShot(controller), tasks, 12).mean()
    assert log_ranks(PolicyReuse(controller, fine_tuning=QUICK), tasks, 12).mean() < alone - 0.2


def test_it_turns_away_from_a_source_that_misleads(expert, negated):
    suite, controller = expert
    method = PolicyReuse(controller, fine_tuning=QUICK)
    method.search_many([negated(suite["synthetic-0"])] * 16, 150, list(range(16)))
    away = np.mean([report.chances[0] for report in method.report])
    gains = np.mean([report.gains for report in method.report], axis=0)
    assert gains[1] < gains[0]
    method.search_many([suite["synthetic-1"]] * 16, 150, list(range(16)))
    towards = np.mean([report.chances[1] for report in method.report])
    assert min(away, towards) > 0.7, (away, towards)


def test_it_finds_the_better_of_two_sources(expert, negated):
    suite, controller = expert
    misled = PPOController.train(negated(suite["synthetic-0"]), 60_000, seed=0, device="cpu")
    method = PolicyReuse([misled, controller], fine_tuning=QUICK)
    method.search_many([suite["synthetic-1"]] * 16, 100, list(range(16)))
    chances = np.mean([report.chances for report in method.report], axis=0)
    assert chances[2] > 0.6 > 0.2 > chances[1], chances
