"""What goes wrong in one training: it is recorded, and the search goes on."""

import os
import signal
import time
from dataclasses import dataclass, field, replace

import pytest
import torch

from rlnas.datasets import load_task_data
from rlnas.networks import SkeletonConfig
from rlnas.search import get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import Task, make_task
from rlnas.training import Recipe, train_network
from rlnas.training.objective.objective import TrainingObjective
from rlnas.training.objective.worker import failure_kind

SPACE = get_space("transnas-micro")
CONFIG = SkeletonConfig(width=4, stem_strides=(1,), modules="4", cells_per_module=1)
RECIPE = Recipe(epochs=2, batch_size=16, optimizer="adamw", learning_rate=0.02)


@pytest.fixture(scope="module")
def data():
    return load_task_data(
        "digits", "class", image_size=8, train_size=128, valid_size=60, test_size=50
    )


def kill_me(record):
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Faulty:
    """Trains, but some architectures meet with what happens on a real machine."""

    faults: dict = field(default_factory=dict)

    def __call__(self, network, data, recipe, **options):
        fault = self.faults.get(network.architecture)
        if fault == "memory":
            torch.empty(2**50)  # PyTorch says so itself
        elif fault == "python memory":
            bytearray(2**60)
        elif fault == "nan":
            recipe = replace(recipe, learning_rate=1e30)
        elif fault == "raise":
            raise ZeroDivisionError("of the user's own")
        elif fault == "exit":
            os._exit(3)
        elif fault == "sleep":
            time.sleep(300)
        elif fault == "kill":  # in the middle: an epoch is over and its checkpoint written
            return train_network(network, data, recipe, on_epoch=kill_me, **options)
        return train_network(network, data, recipe, **options)


def small_objective(data, **options):
    return TrainingObjective(SPACE, data, RECIPE, config=CONFIG, device="cpu", **options)


def queried(count, seed=0):
    """The architectures that a random search asks for."""
    result = get_searcher("random").search(make_task(SPACE, lambda name: 0.0), count, seed=seed)
    return [record.architecture for record in result.records]


def test_out_of_memory_nan_and_a_killed_worker_do_not_end_a_search(data, tmp_path):
    names = queried(8)
    faults = {names[1]: "memory", names[3]: "nan", names[4]: "kill"}
    objective = small_objective(data, folder=tmp_path, workers=2, train=Faulty(faults))
    result = get_searcher("random").search(Task("faulty", SPACE, objective), 8, seed=0)
    assert [record.architecture for record in result.records] == names
    failed = {r.architecture: r.evaluation for r in result.records if r.evaluation.failed}
    assert set(failed) == set(faults)
    assert failed[names[1]].error.startswith("out of memory: RuntimeError")
    assert failed[names[3]].error.startswith("diverged: The training loss is")
    assert failed[names[4]].error == "the worker was killed by SIGKILL (out of memory?)"
    assert all(evaluation.cost > 0 for evaluation in failed.values())
    assert result.best.score > 100 / 10
    kinds = {r.architecture: r.failure for r in objective.records()}
    assert len(kinds) == 8
    assert [kinds[n] for n in (names[1], names[3], names[4])] == [
        "out of memory",
        "diverged",
        "killed",
    ]

    # The same search again: nothing is trained, failures stay failures …
    again = small_objective(data, folder=tmp_path, workers=2)
    repeated = get_searcher("random").search(Task("faulty", SPACE, again), 8, seed=0)
    assert [r.evaluation.error for r in repeated.records] == [
        r.evaluation.error for r in result.records
    ]
    # … unless they are asked for, once, and then from the first epoch on.
    retried = small_objective(data, folder=tmp_path, retry_failed=True)
    healed = list(retried.evaluate_many([SPACE.parse(n) for n in names]))
    assert not [e for e in healed if e.failed]
    clean = small_objective(data, isolate=False)
    assert healed[4].score == clean.evaluate(SPACE.parse(names[4])).score


def test_every_other_failure_says_what_it_was(data):
    names = queried(3)
    faults = dict(zip(names, ("python memory", "raise", "exit"), strict=True))
    objective = small_objective(data, workers=3, train=Faulty(faults))
    found = list(objective.evaluate_many([SPACE.parse(name) for name in names]))
    assert [e.error for e in found] == [
        "out of memory: MemoryError: no message",
        "ZeroDivisionError: of the user's own",
        "the worker died with exit code 3",
    ]
    assert [objective.record(n).failure for n in names] == ["out of memory", "error", "killed"]


def test_a_training_that_takes_too_long_is_given_up(data, tmp_path):
    (name,) = queried(1)
    objective = small_objective(data, timeout=2, folder=tmp_path, train=Faulty({name: "sleep"}))
    (found,) = objective.evaluate_many([SPACE.parse(name)])
    assert found.error == "timeout after 2 s"
    assert found.cost == pytest.approx(2, abs=1)
    assert objective.record(name).failure == "timeout"


def test_retrying_happens_once(data):
    tries = []

    def failing(network, *arguments, **options):
        tries.append(network.architecture)
        raise ZeroDivisionError

    objective = small_objective(data, isolate=False, retry_failed=True, train=failing)
    name = queried(1)[0]
    for _ in range(3):
        assert objective.evaluate(SPACE.parse(name)).failed
    assert tries == [name]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory"),
        (RuntimeError("CUDA error: out of memory"), "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "out of memory"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "out of memory",
        ),
        (MemoryError(), "out of memory"),
        (RuntimeError("shape mismatch"), "error"),
        (ValueError("this says out of memory, but is the user's own"), "error"),
    ],
)
def test_kinds_of_failures(error, kind):
    assert failure_kind(error) == kind
