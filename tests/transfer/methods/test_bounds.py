"""The first transfer methods: contract, budgets, leakage, failures and what they can do."""

import numpy as np
import pytest

from rlnas.agents import ControllerConfig, FineTuningConfig, PolicyConfig, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search import get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Budget, Evaluation, Metric, Task, make_task
from rlnas.testing import (
    check_exhaustion,
    check_no_leakage,
    check_transfer_method,
)
from rlnas.transfer import Scratch, WeightInitialization, ZeroShot

METHODS = {
    "scratch": lambda controller: Scratch(controller.config),
    "zero-shot": ZeroShot,
    "weight-init": WeightInitialization,
}
# A contract does not ask how long is learnt between two queries.
SHORT = FineTuningConfig(n_epochs=2, rehearsal_rollouts=1)
BRIEF = {
    "scratch": lambda controller: Scratch(controller.config, SHORT),
    "zero-shot": ZeroShot,
    "weight-init": lambda controller: WeightInitialization(controller, fine_tuning=SHORT),
}
CASES = [(method, kind) for method in METHODS for kind in ("mlp", "transformer")]


@pytest.mark.parametrize(("method", "kind"), CASES)
def test_methods_conform(method, kind, sources, synthetic):
    methods = BRIEF if kind == "transformer" else METHODS
    check_transfer_method(lambda: methods[method](sources[kind]), synthetic["synthetic-1"])


@pytest.mark.parametrize("method", METHODS)
def test_no_leakage_at_the_usual_budget(method, sources, synthetic):
    check_no_leakage(lambda: METHODS[method](sources["mlp"]), synthetic["synthetic-2"], 50, seed=1)


@pytest.mark.parametrize("queries", [1, 2, 9, 10, 11, 50])
@pytest.mark.parametrize("method", METHODS)
def test_the_budget_is_spent_exactly(method, queries, sources, synthetic):
    result = METHODS[method](sources["mlp"]).search(synthetic["synthetic-1"], queries, seed=0)
    assert len(result.records) == queries
    assert len({r.architecture for r in result.records}) == queries


def costly(space, cost):
    class Costly:
        metric = Metric(name="m")

        def evaluate(self, architecture):
            return Evaluation(float(architecture.sum()), cost=cost)

    return Task("costly", space, Costly())


@pytest.mark.parametrize("method", METHODS)
def test_a_budget_in_seconds(method, sources, synthetic):
    task = costly(synthetic.space, 10.0)
    result = METHODS[method](sources["mlp"]).search(task, Budget(cost=95.0), seed=0)
    assert len(result.records) == 10  # the tenth begins at 90 s and passes the limit
    both = METHODS[method](sources["mlp"]).search(task, Budget(cost=95.0, queries=4), seed=0)
    assert len(both.records) == 4


@pytest.mark.parametrize("canonical_free", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_tiny_spaces_end(method, canonical_free, sources):
    """Methods for any space query all of a tiny one; the transformer of the micro space can."""
    if not canonical_free:
        check_exhaustion(lambda: BRIEF[method](sources["transformer"]))
        return
    space = CellSpace("tiny", [(0, 1), (0, 2), (1, 2)], ["none", "conv"], none="none")
    task = make_task(space, lambda text: float(text.count("conv")))
    searcher = METHODS[method](sources["transformer"])
    result = searcher.search(task, Budget(cost=1e9), seed=0, canonical_free=True)
    assert len(result.records) == len(np.unique(space.canonical_index))


@pytest.mark.parametrize("method", METHODS)
def test_failures_do_not_end_a_search(method, sources, synthetic):
    def evaluate(vector):
        if vector[0] == 1:
            raise MemoryError("out of memory")
        return float("nan") if vector[1] == 2 else float(vector.sum())

    task = make_task(synthetic.space, evaluate, pass_as="vector")
    result = METHODS[method](sources["mlp"]).search(task, 60, seed=0)
    errors = {r.evaluation.error for r in result.records}
    assert len(result.records) == 60
    assert {"MemoryError: out of memory", "score is nan", None} <= errors
    assert np.isfinite(result.best.score)


@pytest.mark.parametrize("method", ["zero-shot", "weight-init"])
@pytest.mark.parametrize("target", ["nasbench-201", "transnas-macro"])
def test_a_transformer_goes_to_another_space(method, target, sources, landscape):
    task = landscape(get_space(target))
    result = METHODS[method](sources["transformer"]).search(task, 12, seed=0)
    assert len(result.records) == 12
    assert result.space == target


def test_a_perceptron_cannot_go_to_another_space(sources, landscape):
    task = landscape(get_space("nasbench-201"))
    with pytest.raises(InvalidArgumentError, match="kind='transformer'"):
        ZeroShot(sources["mlp"]).search(task, 5)


def test_scratch_knows_nothing_of_any_source(synthetic):
    config = ControllerConfig(network=PolicyConfig(width=16))
    task = synthetic["synthetic-1"]
    one, two = (Scratch(config).search(task, 20, seed=s) for s in (0, 1))
    assert [r.architecture for r in one.records] != [r.architecture for r in two.records]


def test_fine_tuning_changes_what_is_asked(sources, synthetic):
    """Before the first update zero-shot and a full weight initialisation are the same policy."""
    task, parts = synthetic["synthetic-1"], ("encoder", "policy_head", "value_head")
    fast = FineTuningConfig(n_steps=10, batch_size=10, learning_rate=0.05)
    slow = FineTuningConfig(n_steps=10, batch_size=10, learning_rate=1e-12)

    def asked(fine_tuning):
        method = WeightInitialization(sources["mlp"], parts=parts, fine_tuning=fine_tuning)
        return [r.architecture for r in method.search(task, 40, seed=0).records]

    one, two = asked(fast), asked(slow)
    assert one[:8] == two[:8]
    assert one != two


def test_options_say_what_was_done(sources, synthetic):
    options = WeightInitialization(sources["mlp"], parts=("encoder",)).options()
    assert options["parts"] == ["encoder"]
    assert options["sources"] == [synthetic["synthetic-0"].name]
    assert options["fine_tuning"]["n_steps"] == FineTuningConfig().n_steps
    assert Scratch().options()["network"]["kind"] == "mlp"


def test_a_trained_source_beats_scratch_and_chance_on_a_similar_task(synthetic):
    """Mean rank of the best of 50 queries on the three other tasks, ten seeds each."""
    controller = PPOController.train(synthetic["synthetic-0"], 60_000, seed=0, device="cpu")
    tasks = [synthetic[name] for name in list(synthetic)[1:] for _ in range(10)]
    seeds = list(range(10)) * 3

    def mean_rank(searcher):
        results = searcher.search_many(tasks, 50, seeds)
        pairs = zip(tasks, results, strict=True)
        return float(np.mean([task.rank(result.best.score) for task, result in pairs]))

    transferred = mean_rank(ZeroShot(controller)), mean_rank(WeightInitialization(controller))
    scratch, chance = mean_rank(Scratch()), mean_rank(get_searcher("random"))
    assert max(transferred) < 0.67 * scratch, (transferred, scratch)
    assert max(transferred) < 0.4 * chance, (transferred, chance)
