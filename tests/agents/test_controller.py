"""Training, searching and learning of the PPO controller."""

import random

import numpy as np
import pytest
import torch

from rlnas.agents import PPOController
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.search import get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task
from rlnas.testing import check_no_leakage, check_searcher

KINDS = ("mlp", "transformer")


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_determined_by_its_seed(kind, suite, small, weights, same):
    def train(seed):
        return weights(
            PPOController.train(
                suite["synthetic-0"], 640, seed=seed, config=small[kind], device="cpu"
            )
        )

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    first = train(0)
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002
    torch.manual_seed(2)
    assert same(first, train(0))
    assert not same(first, train(1))


def global_states():
    numpy_state = np.random.get_state()  # noqa: NPY002
    return (random.getstate(), numpy_state[1].tobytes(), numpy_state[2:], torch.get_rng_state())


def test_global_generators_are_left_alone(suite, small):
    before = global_states()
    controller = PPOController.train(
        suite["synthetic-0"], 640, seed=0, config=small["mlp"], device="cpu"
    )
    controller.search(suite["synthetic-1"], 10, seed=0)
    after = global_states()
    assert before[:3] == after[:3]
    assert torch.equal(before[3], after[3])


def test_training_changes_every_part(suite, small, weights):
    controller = PPOController(suite.space, small["mlp"], seed=0)
    before = weights(controller)
    controller.continue_training(suite["synthetic-0"], 640, device="cpu")
    after = weights(controller)
    parts = {"encoder", "value_encoder", "policy_head", "value_head"}
    assert {k.split(".")[0] for k in after if not torch.equal(before[k], after[k])} == parts


def test_steps_sources_and_progress(suite, small):
    calls = []
    controller = PPOController.train(
        suite["synthetic-0"],
        700,
        config=small["mlp"],
        device="cpu",
        on_progress=lambda done, wanted: calls.append((done, wanted)),
    )
    assert controller.steps == 960  # the third rollout of 320 reaches 700
    assert controller.sources == (suite["synthetic-0"].name,)
    assert calls == [(320, 700), (640, 700), (700, 700)]
    assert controller.options()["steps"] == 960
    assert next(controller.network.parameters()).device.type == "cpu"


def test_mistakes_are_explained(suite, barely_trained, landscape, small):
    controller = PPOController(suite.space, small["mlp"])
    with pytest.raises(InvalidArgumentError, match="steps"):
        controller.continue_training(suite["synthetic-0"], 0)
    with pytest.raises(InvalidArgumentError, match="nasbench-201"):
        controller.continue_training(landscape(get_space("nasbench-201")), 100)
    with pytest.raises(InvalidArgumentError, match="transfer"):
        barely_trained["mlp"].continue_training(suite["synthetic-1"], 2000)


def test_training_on_the_target_of_a_running_search_is_leakage(suite, small):
    task = suite["synthetic-0"]
    with task.sealed(), pytest.raises(LeakageError):
        PPOController.train(task, 320, config=small["mlp"], device="cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_search_keeps_the_contract(kind, barely_trained, suite):
    check_searcher(lambda: barely_trained[kind], suite["synthetic-1"], budget=12)
    check_no_leakage(lambda: barely_trained[kind], suite["synthetic-1"], budget=25)


def test_temperature_zero_and_known_edits(suite, barely_trained, small):
    import dataclasses

    from rlnas.agents import ActingConfig

    greedy = PPOController(suite.space, small["mlp"])
    greedy.network.load_state_dict(barely_trained["mlp"].network.state_dict())
    acting = ActingConfig(temperature=0.0, avoid_known=False, patience=60)
    greedy.config = dataclasses.replace(small["mlp"], acting=acting)
    one = greedy.search(suite["synthetic-1"], 15, seed=0)
    two = greedy.search(suite["synthetic-1"], 15, seed=0)
    assert [r.architecture for r in one.records] == [r.architecture for r in two.records]


@pytest.mark.parametrize("canonical_free", [False, True])
def test_a_budget_above_the_space_ends(canonical_free):
    space = CellSpace("tiny", [(0, 1), (1, 2)], ["none", "skip", "conv"], none="none")
    task = make_task(space, lambda text: float(text.count("conv")))
    controller = PPOController(space)
    result = controller.search(task, 100, seed=0, canonical_free=canonical_free)
    classes = len(np.unique(space.canonical_index)) if canonical_free else space.size
    assert len(result.records) == classes


def test_patience_ends_a_search_that_finds_nothing_new():
    from rlnas.agents import ActingConfig, ControllerConfig

    space = CellSpace("line", [(0, 1)], ["a", "b"])
    task = make_task(space, lambda text: 1.0)
    config = ControllerConfig(acting=ActingConfig(patience=5))
    assert len(PPOController(space, config).search(task, 50, seed=0).records) == 2


def test_trains_on_a_users_function(small):
    space = CellSpace("mine", [(0, 1), (0, 2), (1, 2)], ["zero", "conv", "pool"], none="zero")
    calls = []

    def evaluate(text):
        calls.append(text)
        if text == "pool,pool,pool":
            raise RuntimeError("out of memory")
        return text.count("conv")

    task = make_task(space, evaluate)
    controller = PPOController.train(task, 12_000, config=small["mlp"], device="cpu", seed=0)
    assert len(calls) == len(set(calls)) == space.size
    found = [controller.search(task, 8, seed=s).best.score for s in range(10)]
    assert found.count(3.0) >= 8, found  # by chance three of ten: 8 of 27 architectures are tried


@pytest.mark.parametrize(
    ("engine", "steps", "points"),
    [
        ("sb3", 1280, [320, 640, 960, 1280]),
        ("device", 11_200, [5120, 10_240, 11_200]),  # every 5,000 steps, and the last
    ],
)
def test_tensorboard_has_the_usual_tags(engine, steps, points, tmp_path, suite, small):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    PPOController.train(
        suite["synthetic-0"],
        steps,
        config=small["mlp"],
        engine=engine,
        device="cpu",
        log_dir=tmp_path,
    )
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {
        "rollout/ep_rew_mean",
        "rollout/ep_len_mean",
        "train/loss",
        "train/entropy_loss",
    } <= tags
    assert {t.split("/")[0] for t in tags} <= {"rollout", "train", "time"}
    assert [e.step for e in events.Scalars("rollout/ep_rew_mean")] == points


def test_no_log_dir_writes_nothing(tmp_path, suite, small, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PPOController.train(suite["synthetic-0"], 320, config=small["mlp"], device="cpu")
    assert not list(tmp_path.iterdir())


def test_learns_to_find_the_best_of_its_own_task(suite):
    """Ranks of the best of 50 queries, five seeds; random search needs ranks near 80 of 4,096."""
    task = suite["synthetic-0"]
    controller = PPOController.train(task, 60_000, seed=0, device="cpu")

    def ranks(searcher):
        results = [searcher.search(task, 50, seed=s) for s in range(5)]
        return np.array([task.rank(r.best.score) for r in results])

    learnt, chance = ranks(controller), ranks(get_searcher("random"))
    untrained = ranks(PPOController(task.space, seed=0))
    assert learnt.mean() < 12, learnt
    assert chance.mean() > 3 * learnt.mean(), chance
    assert untrained.mean() > 2 * learnt.mean(), untrained
