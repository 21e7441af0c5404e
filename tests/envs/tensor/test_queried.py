"""Tables of queried architectures: episodes never leave them, and are those of the space."""

import numpy as np
import pytest
import torch

from rlnas.envs import ImprovementConfig
from rlnas.envs.tensor import TaskTables, make_tensor_environment
from rlnas.envs.tensor.queried import QueriedTables
from rlnas.spaces import get_space


@pytest.fixture(params=["transnas-micro", "transnas-macro", "nasbench-201"])
def space(request):
    return get_space(request.param)


def neighbourhood(space, start, size, rng):
    """Return indices of architectures each one edit from an earlier one."""
    found = [start]
    while len(found) < size:
        base = found[rng.integers(len(found))]
        new = int(rng.choice(space.next_index[base][space.legal[base]]))
        if new not in found:
            found.append(new)
    return np.array(found)


def test_an_edit_is_legal_exactly_where_it_leads_to_a_queried_architecture(space):
    rng = np.random.default_rng(0)
    indices = neighbourhood(space, 17, 12, rng)
    tables = QueriedTables(space, [space.from_index(indices)], [rng.normal(size=12)])
    legal = tables.features[:, -space.num_actions :].numpy() > 0.5
    expected = space.legal[indices] & np.isin(space.next_index[indices], indices)
    np.testing.assert_array_equal(legal, expected)
    for row, action in zip(*np.nonzero(legal), strict=True):
        landed = int(tables.next_index[row, action])
        assert indices[landed] == space.next_index[indices[row], action]


def test_searches_share_no_edit(space):
    rng = np.random.default_rng(1)
    first = neighbourhood(space, 5, 8, rng)
    second = first.copy()  # the same architectures: still another search
    vectors = space.from_index(first)
    tables = QueriedTables(space, [vectors, space.from_index(second)], [np.zeros(8), np.ones(8)])
    assert (tables.next_index[:8] < 8).all()
    assert (tables.next_index[8:] >= 8).all()
    assert [m.tolist() for m in tables.members] == [list(range(8)), list(range(8, 16))]


def test_an_episode_on_what_was_queried_is_that_of_the_whole_table(space):
    """The same actions give the same scores, rewards and histories as on the full table."""
    rng = np.random.default_rng(2)
    indices = np.sort(neighbourhood(space, 33, 20, rng))
    scores = rng.normal(size=space.size)
    config = ImprovementConfig(horizon=6)
    full = make_tensor_environment(TaskTables.of_scores(space, scores[None]), config)
    tables = QueriedTables(space, [space.from_index(indices)], [scores[indices]])
    part = make_tensor_environment(tables, config)
    rows = torch.from_numpy(rng.integers(len(indices), size=9))
    zeros = torch.zeros(9, dtype=torch.int64)
    whole, own = full.reset(zeros, torch.from_numpy(indices)[rows]), part.reset(zeros, rows)
    layout = part.layout
    for _ in range(6):
        obs = [torch.empty(9, layout.size) for _ in range(2)]
        full.observe(whole, obs[0])
        part.observe(own, obs[1])
        mask = obs[1][:, layout.mask] > 0.5
        for block in (layout.current, layout.scalars, layout.gain):
            torch.testing.assert_close(obs[0][:, block], obs[1][:, block])
        legal = mask.float() + 1e-9
        legal[:, -1] = 0 if mask[:, :-1].any() else 1
        actions = torch.multinomial(legal, 1, generator=torch.Generator().manual_seed(3)).squeeze(1)
        actions = torch.where(
            mask.gather(1, actions[:, None]).squeeze(1), actions, layout.actions - 1
        )
        whole, first, _ = full.step(whole, actions)
        own, second, _ = part.step(own, actions)
        torch.testing.assert_close(first, second)
        np.testing.assert_array_equal(indices[own.index.numpy()], whole.index.numpy())


def test_rescoring_changes_scores_and_signs_alone():
    space = get_space("transnas-micro")
    rng = np.random.default_rng(4)
    before, after = rng.normal(size=(2, 3, space.size))
    tables = TaskTables.of_scores(space, before)
    tables.rescore(after)
    fresh = TaskTables.of_scores(space, after)
    for name in ("scores", "gain", "features", "next_index", "neighbours"):
        torch.testing.assert_close(getattr(tables, name), getattr(fresh, name))
