"""The checks of environments catch broken cores."""

import pytest

from rlnas.envs import ImprovementCore, TableScorer
from rlnas.testing import ConformanceError, check_environment


def test_a_core_that_changes_its_input_is_caught(task):
    class InPlace(ImprovementCore):
        def step(self, state, actions):
            after, rewards, ended = super().step(state, actions)
            state.vectors[:] = after.vectors
            return after, rewards, ended

    with pytest.raises(ConformanceError, match="changed the state"):
        check_environment(lambda: InPlace(TableScorer(task, "log-rank")))


def test_a_core_whose_rows_depend_on_each_other_is_caught(task):
    class Coupled(ImprovementCore):
        def reward(self, before, after):
            rewards = super().reward(before, after)
            return rewards - rewards.mean()

    with pytest.raises(ConformanceError, match="stepped alone"):
        check_environment(lambda: Coupled(TableScorer(task, "log-rank")))


def test_a_core_with_a_wrong_mask_is_caught(task):
    class Liar(ImprovementCore):
        def observe(self, state):
            obs = super().observe(state)
            obs[:, self.layout.mask] = 1.0
            return obs

    with pytest.raises(ConformanceError, match="mask"):
        check_environment(lambda: Liar(TableScorer(task, "log-rank")))
