"""Kickstarting: the distillation term, its schedule, and what it can do."""

import json

import numpy as np
import pytest
import torch

from rlnas.agents import FineTuningConfig, PPOController
from rlnas.agents.engine.rollout import Minibatch
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import get_space
from rlnas.tasks import Budget, TabularTask
from rlnas.testing import check_no_leakage, check_transfer_method
from rlnas.transfer import Scratch
from rlnas.transfer.methods.kickstarting import Distillation, Kickstarting

QUICK = FineTuningConfig(rehearsal="none")
SCRATCH = {"start": "scratch", "weight": 5.0}


def architectures(result):
    return [record.architecture for record in result.records]


@pytest.fixture(scope="module")
def teachers(synthetic):
    """Two barely trained controllers on two tasks."""
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-2"]]
    return PPOController.train_many(tasks, 640, device="cpu")


@pytest.mark.parametrize("options", [{}, SCRATCH])
def test_it_conforms(options, teachers, synthetic):
    method = teachers[0] if not options else teachers
    check_transfer_method(
        lambda: Kickstarting(method, fine_tuning=QUICK, **options), synthetic["synthetic-1"]
    )


@pytest.mark.parametrize("rehearsal", ["none", "queried"])
def test_no_leakage_at_the_usual_budget(rehearsal, teachers, synthetic):
    fine_tuning = FineTuningConfig(rehearsal=rehearsal, rehearsal_rollouts=1)
    check_no_leakage(
        lambda: Kickstarting(teachers, fine_tuning=fine_tuning), synthetic["synthetic-3"], 50
    )


@pytest.mark.parametrize("queries", [1, 2, 9, 10, 11, 50])
def test_the_budget_is_spent_exactly(queries, teachers, synthetic):
    method = Kickstarting(teachers, fine_tuning=QUICK)
    result = method.search(synthetic["synthetic-1"], queries, seed=0)
    assert len({r.architecture for r in result.records}) == len(result.records) == queries


@pytest.mark.parametrize("options", [{}, SCRATCH])
def test_a_search_in_a_batch_is_the_search_alone(options, teachers, synthetic):
    """With costs that let some end sooner, one even with its start."""
    base = synthetic["synthetic-1"]
    tasks = [
        TabularTask(f"{s}", base.space, base.scores, base.metric, costs=np.full(4096, s))
        for s in (100.0, 1.5, 3.0)
    ]
    method = Kickstarting(teachers, fine_tuning=QUICK, **options)
    together = method.search_many(tasks, Budget(cost=60.0), [0, 1, 2])
    assert [len(result.records) for result in together] == [1, 40, 20]
    for task, seed, result in zip(tasks, range(3), together, strict=True):
        alone = method.search(task, Budget(cost=60.0), seed)
        assert architectures(result) == architectures(alone)


@pytest.mark.parametrize("target", ["nasbench-201", "transnas-macro"])
def test_a_transformer_goes_to_another_space(target, sources, landscape):
    for start in ("source", "scratch"):
        method = Kickstarting(sources["transformer"], start=start, fine_tuning=QUICK)
        assert len(method.search(landscape(get_space(target)), 12).records) == 12


def test_options_are_plain(teachers):
    options = json.loads(json.dumps(dict(Kickstarting(teachers, half_life=None).options())))
    assert options["half_life"] is None
    assert options["teacher_weights"] == [0.5, 0.5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": -1.0},
        {"half_life": 0.0},
        {"teacher_weights": [1.0]},
        {"teacher_weights": [0.0, 0.0]},
        {"teacher_weights": [2.0, -1.0]},
        {"start": "nowhere"},
    ],
)
def test_wrong_options_are_refused(wrong, teachers):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        Kickstarting(teachers, **wrong)


def test_the_weight_halves_with_queries(teachers):
    method = Kickstarting(teachers, weight=2.0, half_life=10.0)
    assert [method.strength(q) for q in (0, 10, 20)] == [2.0, 1.0, 0.5]
    assert Kickstarting(teachers, weight=2.0, half_life=None).strength(1000) == 2.0


def minibatch(controller, searches, size=5):
    rng = torch.Generator().manual_seed(0)
    obs = torch.rand(searches, size, controller.network.layout.size, generator=rng).round()
    zeros = torch.zeros(searches, size)
    return Minibatch(obs, zeros.long(), zeros, zeros, zeros, zeros, zeros.long())


def test_the_loss_is_the_cross_entropy_with_the_weighted_teachers(teachers, synthetic):
    """By hand, for searches that are differently far and after one has left."""
    method = Kickstarting(teachers, teacher_weights=[3.0, 1.0], weight=2.0, half_life=4.0)
    ledgers = [synthetic["synthetic-1"].ledger(10) for _ in range(3)]
    for number, ledger in enumerate(ledgers):
        for architecture in synthetic.space.arrays[: 4 * number]:
            ledger.query(architecture)
    distillation = Distillation(method, ledgers)
    batch = minibatch(teachers[0], 3)
    with torch.no_grad():
        outputs = [c.network(batch.obs.flatten(0, 1))[0].softmax(-1) for c in teachers]
    teacher = (0.75 * outputs[0] + 0.25 * outputs[1]).view(3, 5, -1)
    student = torch.randn(teacher.shape, generator=torch.Generator().manual_seed(1))
    student.requires_grad_()
    entropy = -(teacher * student.log_softmax(-1)).sum(-1).mean(-1)
    loss = distillation.loss(batch, student, torch.zeros(3, 5))
    torch.testing.assert_close(loss, torch.tensor([2.0, 1.0, 0.5]) * entropy)
    (gradient,) = torch.autograd.grad(loss.sum(), student)
    share = torch.tensor([2.0, 1.0, 0.5])[:, None, None] / 5
    torch.testing.assert_close(gradient, share * (student.softmax(-1) - teacher))
    distillation.keep([0, 2])
    short = distillation.loss(minibatch(teachers[0], 2), student[:2], torch.zeros(2, 5))
    torch.testing.assert_close(short / loss[:2], torch.tensor([1.0, 0.5]))


def test_a_strong_teacher_is_what_the_student_becomes(expert, log_ranks):
    """From scratch, a strong pull must bring the student's queries close to the teacher's."""
    suite, controller = expert
    tasks = [suite["synthetic-1"], suite["synthetic-2"]]
    scratch = log_ranks(Scratch(controller.config, QUICK), tasks, 12).mean()
    pulled = Kickstarting(controller, fine_tuning=QUICK, **SCRATCH)
    assert log_ranks(pulled, tasks, 12).mean() < scratch - 0.4
    assert log_ranks(Kickstarting(controller, fine_tuning=QUICK), tasks, 12).mean() < scratch - 0.6


def test_a_light_hand_does_not_hurt_where_the_source_is_unrelated(unrelated, log_ranks):
    suite, controller = unrelated
    tasks = [suite["synthetic-1"], suite["synthetic-2"]]
    scratch = log_ranks(Scratch(controller.config, QUICK), tasks, 16)
    light = Kickstarting(controller, start="scratch", weight=0.1, half_life=10.0, fine_tuning=QUICK)
    error = scratch.std() / np.sqrt(len(scratch))
    assert log_ranks(light, tasks, 16).mean() < scratch.mean() + 2 * error


def test_no_weight_is_no_kickstart(teachers, synthetic):
    task = synthetic["synthetic-1"]
    none = Kickstarting(teachers[0], weight=0.0, fine_tuning=QUICK).search(task, 40, seed=3)
    some = Kickstarting(teachers[0], weight=9.0, fine_tuning=QUICK).search(task, 40, seed=3)
    other = Kickstarting(teachers[0], weight=0.0, half_life=None, fine_tuning=QUICK).search(
        task, 40, seed=3
    )
    assert architectures(none) == architectures(other) != architectures(some)
