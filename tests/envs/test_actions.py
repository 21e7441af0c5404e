"""What an environment says to actions that are none, whichever way it is used."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rlnas.benchmarks import synthetic_suite
from rlnas.envs import (
    ConstructionConfig,
    ConstructionEnv,
    ConstructionVectorEnv,
    ImprovementConfig,
    ImprovementEnv,
    ImprovementVectorEnv,
    TableScorer,
    make_core,
)
from rlnas.envs.actions import checked_action, checked_actions
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.errors import InvalidArgumentError

TASK = synthetic_suite()["synthetic-0"]
SINGLE = {"improvement": ImprovementEnv(task=TASK), "construction": ConstructionEnv(task=TASK)}
BATCHES = {
    "improvement": ImprovementVectorEnv(3, task=TASK),
    "construction": ConstructionVectorEnv(3, task=TASK),
    "sb3": BatchedVecEnv(make_core(TableScorer(TASK, "log-rank"), ImprovementConfig()), 3),
}

scalars = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.lists(st.integers(0, 2), max_size=2),
    st.sampled_from([np.int8(1), np.uint64(2), np.float32(1), np.array(2), np.array([1]), 1j]),
)
batches = st.one_of(
    scalars,
    st.lists(scalars, max_size=4),
    arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(max_dims=2, max_side=4)),
)


def is_integer(value):
    if isinstance(value, np.ndarray):
        return value.shape == () and value.dtype.kind in "iu"
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


@pytest.mark.parametrize("kind", SINGLE)
@given(action=scalars)
@settings(max_examples=60, deadline=None)
def test_a_single_environment_takes_an_integer_in_range_and_nothing_else(kind, action):
    env = SINGLE[kind]
    env.reset(seed=0)
    if is_integer(action) and 0 <= action < env.action_space.n:
        env.step(action)
    else:
        with pytest.raises(InvalidArgumentError, match="expected an integer in 0…"):
            env.step(action)


@pytest.mark.parametrize("kind", BATCHES)
@given(actions=batches)
@settings(max_examples=60, deadline=None)
def test_a_batch_takes_integers_in_range_and_nothing_else(kind, actions):
    env = BATCHES[kind]
    env.reset()
    try:
        array = np.asarray(actions)
    except ValueError:
        array = np.zeros(())
    fits = array.shape == (3,) and array.dtype.kind in "iu"
    if fits and all(0 <= action < env.core.layout.actions for action in array.tolist()):
        env.step(actions)
    else:
        with pytest.raises(InvalidArgumentError, match="action"):
            env.step(actions)


def test_the_messages_say_which_and_what_is_expected():
    with pytest.raises(InvalidArgumentError, match=r"action -1 of episode 1 is none of 0…4"):
        checked_actions([0, -1, 2], 3, 5)
    with pytest.raises(InvalidArgumentError, match=r"shape \(2,\) .* expected \(3,\) and integers"):
        checked_actions([0, 1], 3, 5)
    with pytest.raises(InvalidArgumentError, match=r"action is 1.5 \(float\)"):
        checked_action(1.5, 5)
    assert checked_actions(np.array([4, 0], dtype=np.uint8), 2, 5).dtype == np.int64


@pytest.mark.parametrize("config", [ImprovementConfig(), ConstructionConfig()])
@pytest.mark.parametrize("wrong", ["negative", "large", "float", "shape", "int32"])
def test_environments_of_tensors_refuse_them_too(config, wrong):
    torch = pytest.importorskip("torch")
    from rlnas.envs.tensor import TaskTables, make_tensor_environment

    tables = TaskTables([TASK], "log-rank", torch.device("cpu"))
    environment = make_tensor_environment(tables, config)
    zeros = torch.zeros(4, dtype=torch.int64)
    state = environment.reset(zeros, zeros)
    actions = {
        "negative": zeros - 1,
        "large": zeros + environment.layout.actions,
        "float": zeros.float(),
        "shape": zeros[:3],
        "int32": zeros.int(),
    }[wrong]
    with pytest.raises(InvalidArgumentError, match="actions"):
        environment.step(state, actions)
