"""Weight initialisation: its options, what they do to the weights, and what they are good for."""

import numpy as np
import pytest
import torch

from rlnas.agents import (
    ControllerConfig,
    FineTuningConfig,
    PolicyConfig,
    PPOConfig,
    PPOController,
)
from rlnas.benchmarks import synthetic_suite
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces import get_space
from rlnas.testing import check_no_leakage, check_transfer_method
from rlnas.transfer import Scratch, WeightInitialization

ALL = ("encoder", "policy_head", "value_head")
OPTIONS = {
    "nothing": {"parts": ()},
    "all": {"parts": ALL},
    "critic first": {"thaw": {"encoder": 10, "policy_head": 10}},
    "anchored": {"l2_sp": 0.1, "l2_new": 0.01},
}
TOGETHER = {
    "thaw": 6,
    "copied_rate": 0.5,
    "new_rate": 2.0,
    "l2_sp": 0.1,
    "l2_new": 0.01,
    "shrink": 0.8,
    "perturb": 0.2,
}
# What an option does to the weights does not depend on rehearsal, which takes most of the time.
PLAIN = FineTuningConfig(rehearsal="none")
SPACES = ["nasbench-201", "transnas-macro"]


class Watched(WeightInitialization):
    """Keeps the networks that its last search trained, and what they were before."""

    def _begin(self, ledgers, rngs):
        networks, hooks = super()._begin(ledgers, rngs)
        (self.trained,) = networks
        self.before = {name: value.clone() for name, value in self.trained.state_dict().items()}
        return networks, hooks


def moved(method):
    """Return how far each tensor went in the last search, as the mean absolute difference."""
    after = method.trained.state_dict()
    return {n: float((after[n] - before).abs().mean()) for n, before in method.before.items()}


@pytest.fixture(scope="module")
def elsewhere():
    """A synthetic suite on each other space, and a transformer trained on its first task."""
    found = {}
    for name in SPACES:
        suite = synthetic_suite(get_space(name), num_tasks=2, correlation=0.6)
        config = ControllerConfig(
            network=PolicyConfig(kind="transformer", width=16, layers=1),
            ppo=PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2),
        )
        source = PPOController.train(suite["synthetic-0"], 320, config=config, device="cpu")
        found[name] = suite, source
    return found


@pytest.mark.parametrize("option", OPTIONS)
def test_options_conform(option, sources, synthetic):
    make = lambda: WeightInitialization(sources["mlp"], **OPTIONS[option], fine_tuning=PLAIN)  # noqa: E731
    check_transfer_method(make, synthetic["synthetic-1"])


def test_all_options_together_conform_with_a_transformer(sources, synthetic):
    make = lambda: WeightInitialization(sources["transformer"], **TOGETHER, fine_tuning=PLAIN)  # noqa: E731
    check_transfer_method(make, synthetic["synthetic-1"])


@pytest.mark.parametrize("queries", [1, 10, 23])
def test_the_budget_is_spent_exactly_whatever_the_options(queries, sources, synthetic):
    method = WeightInitialization(sources["mlp"], **TOGETHER)
    result = method.search(synthetic["synthetic-1"], queries, seed=0)
    assert len({r.architecture for r in result.records}) == len(result.records) == queries


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_searches_side_by_side_ask_what_they_ask_alone(kind, sources, synthetic):
    """They end at different steps, so frozen and anchored learners leave the batch on the way."""
    rehearsed = FineTuningConfig(rehearsal_rollouts=2, rehearsal_envs=4)
    fine_tuning = rehearsed if kind == "mlp" else PLAIN
    method = WeightInitialization(sources[kind], **TOGETHER, fine_tuning=fine_tuning)
    tasks = [synthetic[f"synthetic-{i}"] for i in (1, 2, 3)]
    together = method.search_many(tasks, 25, range(3))
    for seed, (task, result) in enumerate(zip(tasks, together, strict=True)):
        alone = method.search(task, 25, seed=seed)
        assert [r.architecture for r in alone.records] == [r.architecture for r in result.records]


@pytest.mark.parametrize("other", SPACES)
def test_from_one_space_to_another_and_back(other, sources, synthetic, elsewhere):
    suite, source = elsewhere[other]
    options = {"parts": ALL, "thaw": 5, "l2_sp": 0.1, "fine_tuning": PLAIN}
    there = WeightInitialization(sources["transformer"], **options)
    back = WeightInitialization(source, **options)
    for method, task in ((there, suite["synthetic-1"]), (back, synthetic["synthetic-1"])):
        result = method.search(task, 20, seed=0)
        assert len(result.records) == 20
        assert {report.action for report in method.report} == {"copied"}
        check_no_leakage(lambda method=method: method, task, 12, seed=1)


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_frozen_parts_stay_bit_for_bit(kind, sources, synthetic):
    fine_tuning = FineTuningConfig(rehearsal="queried" if kind == "mlp" else "none")
    method = Watched(sources[kind], thaw={"encoder": None}, fine_tuning=fine_tuning)
    method.search(synthetic["synthetic-1"], 40, seed=0)
    far = moved(method)
    assert all(far[n] == 0 for n in far if n.startswith("encoder."))
    assert far["policy_head.weight" if kind == "mlp" else "policy_head.token.weight"] > 1e-3


def test_parts_thaw_at_their_update(sources, synthetic):
    """A rollout is ten updates: in forty queries come three rollouts or more, but not thirty."""
    task = synthetic["synthetic-1"]
    soon = Watched(sources["mlp"], thaw={"encoder": 20, "policy_head": 300})
    soon.search(task, 40, seed=0)
    far = moved(soon)
    assert far["encoder.0.weight"] > 0
    assert far["policy_head.weight"] == 0
    assert far["value_head.weight"] > 0


def test_a_tensor_that_does_not_fit_is_never_frozen(sources, elsewhere):
    """The perceptron's first layer is new on another space."""
    suite, _ = elsewhere["nasbench-201"]
    frozen = {"encoder": None, "policy_head": None}
    method = Watched(sources["mlp"], thaw=frozen, fine_tuning=PLAIN)
    method.search(suite["synthetic-1"], 30, seed=0)
    far = moved(method)
    assert far["encoder.0.weight"] > 0
    assert far["policy_head.weight"] > 0
    assert far["encoder.2.weight"] == 0


def test_a_strong_anchor_holds_the_weights_at_the_source(sources, synthetic):
    free = Watched(sources["mlp"], fine_tuning=PLAIN)
    held = Watched(sources["mlp"], l2_sp=100.0, fine_tuning=PLAIN)
    for method in (free, held):
        method.search(synthetic["synthetic-1"], 50, seed=0)
    one, two = moved(free), moved(held)
    copied = [r.name for r in held.report if r.action == "copied"]
    assert len(copied) == 6
    for name in copied:
        assert two[name] < 0.35 * one[name], (name, one[name], two[name])
    assert two["value_head.weight"] > 0.3 * one["value_head.weight"]


def test_separate_rates_move_parts_in_proportion(sources, synthetic):
    """While steps are small, the gradients are the same and all that differs is their size."""
    task, slow = synthetic["synthetic-1"], FineTuningConfig(learning_rate=1e-5, rehearsal="none")
    even = Watched(sources["mlp"], fine_tuning=slow)
    apart = Watched(sources["mlp"], copied_rate=0.1, new_rate=4.0, fine_tuning=slow)
    for method in (even, apart):
        method.search(task, 40, seed=0)
    one, two = moved(even), moved(apart)
    for report in apart.report:
        wanted = 0.1 if report.action == "copied" else 4.0
        assert two[report.name] == pytest.approx(wanted * one[report.name], rel=0.1), report.name


def test_mistakes_are_explained(sources, synthetic):
    for wrong in ({"l2_sp": -1.0}, {"copied_rate": float("nan")}, {"shrink": 1.5}):
        with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
            WeightInitialization(sources["mlp"], **wrong)
    with pytest.raises(UnknownNameError, match="policy_head"):
        WeightInitialization(sources["mlp"], thaw={"head": 3}).search(synthetic["synthetic-1"], 1)


def test_options_tell_all(sources):
    options = WeightInitialization(sources["mlp"], **TOGETHER).options()
    assert {name: options[name] for name in TOGETHER} == TOGETHER


def test_the_source_keeps_its_weights(sources, synthetic):
    before = {k: v.clone() for k, v in sources["mlp"].network.state_dict().items()}
    method = WeightInitialization(sources["mlp"], **TOGETHER, fine_tuning=PLAIN)
    method.search(synthetic["synthetic-1"], 30, seed=0)
    after = sources["mlp"].network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


# -- what it is good for ---------------------------------------------------------------------


def landscapes(correlation, count):
    """Return suites of three tasks, each with a source trained on the first one."""
    suites = [synthetic_suite(num_tasks=3, correlation=correlation, seed=s) for s in range(count)]
    firsts = [suite["synthetic-0"] for suite in suites]
    controllers = PPOController.train_many(firsts, 60_000, range(count), device="cpu")
    return list(zip(suites, controllers, strict=True))


def mean_log_rank(make, pairs, seeds=4):
    """Return the mean of log10 of the rank of the best of 50 on all tasks but the sources'."""
    ranks = []
    for suite, controller in pairs:
        tasks = [suite[name] for name in list(suite)[1:] for _ in range(seeds)]
        results = make(controller).search_many(tasks, 50, list(range(seeds)) * (len(suite) - 1))
        ranks += [t.rank(r.best.score) for t, r in zip(tasks, results, strict=True)]
    return float(np.mean(np.log10(ranks)))


def test_it_wins_where_the_source_is_like_the_target():
    pairs = landscapes(0.9, 2)
    transferred = mean_log_rank(lambda c: WeightInitialization(c, fine_tuning=PLAIN), pairs)
    scratch = mean_log_rank(lambda c: Scratch(c.config, PLAIN), pairs)
    assert transferred < scratch - 0.4, (transferred, scratch)


def test_shrunk_weights_do_not_hurt_where_the_source_is_unrelated():
    """With half of the source's weights it is no worse than none, but for the noise."""
    pairs = landscapes(0.0, 4)
    options = {"shrink": 0.5, "perturb": 0.5, "fine_tuning": PLAIN}
    shrunk = mean_log_rank(lambda c: WeightInitialization(c, **options), pairs)
    scratch = mean_log_rank(lambda c: Scratch(c.config, PLAIN), pairs)
    assert shrunk < scratch + 0.15, (shrunk, scratch)
