"""Controls of transfer methods: nothing that the sources' controllers learnt is in them."""

import pytest
import torch

from rlnas.agents import PPOController
from rlnas.search import get_searcher
from rlnas.search.registry import SEARCHERS
from rlnas.testing import check_transfer_method
from rlnas.transfer import Source, SourcePool
from rlnas.transfer.controls.untrained import untrained
from rlnas.transfer.matrix.config import MatrixConfig, known_methods

UNTRAINED = [name for name in known_methods(controls=True) if name.endswith("-untrained")]
RANDOM = ["guided-reuse-random", "guided-selection-random"]


def pool_for(name, pair, synthetic):
    sources = [
        Source(task, controller, synthetic[task])
        for task, controller in zip(("synthetic-0", "synthetic-2"), pair, strict=True)
    ]
    return sources if "several" in SEARCHERS.get(name).takes else sources[:1]


def strong_willed(like):
    """Return a controller whose policy is far from uniform, and from others'."""
    controller = PPOController(like.space, like.config, seed=99)
    with torch.no_grad():
        for parameter in controller.network.parameters():
            parameter.mul_(8.0)
    return controller


def asked(name, sources, task):
    records = get_searcher(name, sources=sources).search(task, 12).records
    return [r.architecture for r in records]


def test_untrained_controllers_have_the_build_and_not_the_weights(pair, synthetic):
    sources = pool_for("policy-reuse", pair, synthetic)
    fresh = untrained(SourcePool(tuple(sources), joint=pair[0]))
    for old, new in zip(sources, fresh.sources, strict=True):
        assert (new.name, new.task, new.controller.config) == (
            old.name,
            old.task,
            old.controller.config,
        )
    states = [c.network.state_dict() for c in (*fresh.controllers, fresh.joint, pair[0])]
    weights = [torch.cat([v.flatten() for v in state.values()]) for state in states]
    assert all(not torch.equal(a, b) for i, a in enumerate(weights) for b in weights[i + 1 :])


@pytest.mark.parametrize("name", [*UNTRAINED, *RANDOM])
def test_a_control_keeps_the_contract(name, pair, synthetic):
    sources = pool_for(name, pair, synthetic)
    options = {"choose": False} if name in RANDOM else {}  # each choice would take a second or two
    check_transfer_method(
        lambda: get_searcher(name, sources=sources, **options), synthetic["synthetic-1"], budget=8
    )


@pytest.mark.parametrize("name", UNTRAINED)
def test_what_a_controller_learnt_is_not_in_it(name, pair, synthetic):
    first = pool_for(name, pair, synthetic)
    other = [Source(s.name, strong_willed(s.controller), s.task) for s in first]
    task = synthetic["synthetic-1"]
    assert asked(name, first, task) == asked(name, other, task)
    method = name.removesuffix("-untrained")
    if SEARCHERS.get(method).trained == "each":
        assert asked(method, first, task) != asked(method, other, task)


@pytest.mark.parametrize("name", UNTRAINED)
def test_it_has_the_options_of_its_method(name):
    own, method = SEARCHERS.get(name), SEARCHERS.get(name.removesuffix("-untrained"))
    assert own.options == method.options
    assert own.takes == method.takes or method.trained == "shared"


def test_random_proposals_are_the_option_by_another_name(pair, synthetic):
    sources = pool_for("guided-reuse", pair, synthetic)
    control = get_searcher("guided-reuse-random", sources=sources)
    method = get_searcher("guided-reuse", sources=sources, proposals="random")
    assert control.options() == method.options()
    assert control.options()["proposals"] == "random"


def test_a_matrix_trains_nothing_for_what_nobody_learnt():
    config = MatrixConfig(
        suite="synthetic-micro",
        tasks=("synthetic-0", "synthetic-1"),
        methods=known_methods(controls=True),
    )
    assert config.batches() == []
