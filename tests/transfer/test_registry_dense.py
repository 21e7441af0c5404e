"""Transfer methods on spaces of dense networks, by the exported checks."""

import pytest

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import DenseSpace, get_space
from rlnas.tasks import make_task
from rlnas.testing import check_transfer_method
from rlnas.transfer import Source, get_method, method_names
from rlnas.transfer.registry import make_method

# Of joint and shared ones the controllers are trained together.
METHODS = [
    name
    for name in method_names()
    if not SEARCHERS.get(name).control and get_method(name).trained != "joint"
]
CONFIG = ControllerConfig(
    network=PolicyConfig(width=16), ppo=PPOConfig(num_envs=16, n_steps=10, batch_size=80)
)


@pytest.fixture(scope="module")
def tasks(landscape):
    space = DenseSpace(2, [8, 16], ["relu", "tanh"], skips=2, name="small-dense")
    return [landscape(space, seed, name=f"land-{seed}") for seed in range(3)]


@pytest.fixture(scope="module")
def sources(tasks):
    controllers = PPOController.train_many(tasks[1:], 640, config=CONFIG, device="cpu")
    return [Source(t.name, c, t) for t, c in zip(tasks[1:], controllers, strict=True)]


def some_of(sources, name):
    takes = get_method(name).takes
    if "one" in takes:
        return sources[:1]
    return sources if "several" in takes else None


@pytest.mark.parametrize("name", METHODS)
def test_methods_conform(name, sources, tasks):
    check_transfer_method(lambda: make_method(name, some_of(sources, name)), tasks[0], budget=8)


@pytest.mark.parametrize(
    ("name", "space", "wanted"),
    [
        ("scratch", "attn", "relu"),
        ("zero-shot", "attn", "relu"),
        ("weight-init", "attn", "relu"),
        ("weight-init", "schedules", "l2-0.3"),
    ],
)
def test_controllers_search_the_space_too_large_to_tabulate(name, space, wanted):
    task = make_task(get_space(space), lambda text: float(text.count(wanted)))
    controller = PPOController.train(task, steps=320, config=CONFIG, device="cpu")
    sources = [Source("relu", controller)] if get_method(name).takes != {"none"} else None
    check_transfer_method(lambda: make_method(name, sources), task, budget=6)
