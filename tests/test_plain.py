"""Numbers of NumPy's, and what is no number, in arguments and configurations."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlnas
from rlnas.agents import FineTuningConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.benchmarks import synthetic_suite
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig
from rlnas.plain import whole
from rlnas.runs.search_run import SearchPlan
from rlnas.search import SearchResult
from rlnas.seeding import derive_seed
from rlnas.tasks import Budget
from rlnas.training import Recipe
from rlnas.transfer.matrix.config import MatrixConfig

TASK = synthetic_suite()["synthetic-0"]


@given(st.integers(0, 2**62), st.sampled_from([int, np.int64, np.uint64, np.array]))
def test_integers_of_every_kind_are_pythons_own(number, kind):
    assert type(whole(kind(number), "seed")) is int
    assert derive_seed(kind(number), "a") == derive_seed(number, "a")


def test_what_no_array_holds_is_refused():
    assert whole(2**63 - 1, "seed") == 2**63 - 1
    with pytest.raises(InvalidArgumentError, match="seed has more than 64 bits"):
        whole(2**63, "seed")


@pytest.mark.parametrize("seed", [1.5, 1.0, None, True, -1, "1", np.float64(1), [1], np.array([1])])
def test_what_is_no_seed_is_refused_wherever_one_is_taken(seed):
    for ask in (
        lambda: derive_seed(seed),
        lambda: rlnas.get_searcher("random").search(TASK, 3, seed=seed),
        lambda: rlnas.get_searcher("random").search_many([TASK], 3, [seed]),
        lambda: PPOController(TASK.space, seed=seed),
    ):
        with pytest.raises(InvalidArgumentError, match=r"seed is .*; expected an integer"):
            ask()


def test_a_search_with_numbers_of_numpy_is_saved_and_comes_back(tmp_path):
    plain = rlnas.get_searcher("local").search(TASK, 10, seed=3)
    result = rlnas.get_searcher("local").search(
        TASK, Budget(queries=np.int64(10)), seed=np.int64(3)
    )
    assert [r.architecture for r in result.records] == [r.architecture for r in plain.records]
    loaded = SearchResult.load(result.save(tmp_path / "result.parquet"))
    assert (loaded.seed, loaded.budget) == (3, Budget(queries=10))
    result = rlnas.get_searcher("random").search(TASK, np.int64(5), seed=np.uint8(3))
    result.save(tmp_path / "again.parquet")


def test_a_training_with_numbers_of_numpy_is_saved_and_comes_back(tmp_path):
    ppo = PPOConfig(
        num_envs=np.int64(4), n_steps=np.int32(5), batch_size=np.uint8(20), gamma=np.float32(0.5)
    )
    config = rlnas.agents.ControllerConfig(ppo=ppo, network=PolicyConfig(width=np.int64(8)))
    controller = PPOController.train(TASK, np.int64(40), np.int64(2), config=config, device="cpu")
    controller.save(tmp_path / "one")
    loaded = PPOController.load(tmp_path / "one")
    assert (loaded.seed, loaded.steps, loaded.config) == (2, 40, config)
    many = PPOController.train_many(
        [TASK], np.int64(40), np.array([5, 6]), config=config, device="cpu"
    )
    many[1].save(tmp_path / "many")


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (PPOConfig, "n_steps", 20.5),
        (PPOConfig, "n_steps", "20"),
        (PPOConfig, "learning_rate", "0.1"),
        (PPOConfig, "learning_rate", None),
        (PPOConfig, "ent_coef", float("nan")),
        (PolicyConfig, "width", True),
        (PolicyConfig, "kind", 3),
        (FineTuningConfig, "n_epochs", 1.5),
        (FineTuningConfig, "rehearsal_envs", [16]),
        (ImprovementConfig, "horizon", "20"),
        (ConstructionConfig, "exponent", 1j),
    ],
)
def test_configurations_refuse_what_is_of_another_kind(kind, field, value):
    with pytest.raises(InvalidArgumentError, match=field):
        kind(**{field: value})


@given(st.sampled_from([PPOConfig, PolicyConfig, FineTuningConfig, ImprovementConfig]), st.data())
def test_configurations_made_of_numbers_of_numpy_are_those_of_pythons(kind, data):
    default = kind()
    numbers = {n: v for n, v in vars(default).items() if isinstance(v, int | float)}
    field = data.draw(st.sampled_from(sorted(numbers)))
    made = kind(**{field: np.array(numbers[field])[()]})
    assert made == default
    assert type(getattr(made, field)) is type(numbers[field])
    assert json.dumps(vars(made)) == json.dumps(vars(default))


@pytest.mark.parametrize(
    "make",
    [
        lambda: PPOConfig(num_envs=10**18),
        lambda: PPOConfig(num_envs=1 << 20, n_steps=1 << 20),
        lambda: PPOConfig(n_steps=10**400),
        lambda: PolicyConfig(width=10**9),
        lambda: FineTuningConfig(n_steps=10**18, batch_size=10),
        lambda: ImprovementConfig(horizon=10**18),
        lambda: Recipe(epochs=10**18),
        lambda: SkeletonConfig(width=10**9),
        lambda: MatrixConfig(seeds=10**9),
        lambda: MatrixConfig(queries=10**18),
        lambda: SearchPlan(
            suite="a", tasks=("t",), searchers=(("random", "-"),), seeds=range(10**19), queries=5
        ),
    ],
)
def test_numbers_that_no_machine_could_hold_are_refused_at_once(make):
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert len(str(caught.value)) < 200
