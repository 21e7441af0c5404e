"""Networks and the observations that they read."""

import numpy as np
import pytest
import torch

from rlnas.agents import PolicyConfig
from rlnas.agents.networks import build_multitask_network, build_policy, layout_of
from rlnas.envs import ConstructionCore, ImprovementConfig, ImprovementCore, TableScorer
from rlnas.spaces import get_space


@pytest.fixture(scope="session")
def config_of():
    """Return a maker of small configurations."""

    def make(kind, activation="relu"):
        return PolicyConfig(kind=kind, width=16, layers=1, activation=activation)

    return make


@pytest.fixture(scope="session")
def build(config_of):
    """Return a maker of networks for the space and the layout of a core."""

    def make(kind, core, seed=0, **options):
        return build_policy(config_of(kind), core.space, core.layout, seed=seed, **options)

    return make


@pytest.fixture(scope="session")
def observe(landscape):
    """Return a maker of a core and observations from the middle of its episodes."""

    def make(space, n=32, construction=False, steps=4):
        scorer = TableScorer(landscape(space), "log-rank")
        core = ConstructionCore(scorer) if construction else ImprovementCore(scorer)
        rng = np.random.default_rng(0)
        state = core.reset(n, rng)
        for _ in range(steps):
            mask = core.mask(state)
            state, *_ = core.step(state, np.where(mask, rng.random(mask.shape), -1).argmax(1))
        return core, torch.from_numpy(core.observe(state))

    return make


@pytest.fixture(scope="session")
def make_multitask(config_of):
    """Return a maker of networks for several tasks, as after training."""

    def make(kind, num_tasks=3, seed=0, environment=None, activation="relu"):
        space = get_space("transnas-micro")
        layout = layout_of(space, environment or ImprovementConfig())
        network = build_multitask_network(
            config_of(kind, activation), space, layout, num_tasks, embedding=4, seed=seed
        )
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():  # heads of their own, biases that are not 0
            for parameter in network.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
        return network

    return make


@pytest.fixture(scope="session")
def observations():
    """Return a maker of random observations with some actions masked."""

    def make(layout, *shape):
        generator = torch.Generator().manual_seed(1)
        obs = torch.rand(*shape, layout.size, generator=generator)
        obs[..., layout.mask] = (obs[..., layout.mask] < 0.7).float()
        return obs

    return make
