"""A library of policies grows by what is new."""

import pytest

from rlnas.agents import PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.transfer.methods.policy_library import PolicyLibrary
from rlnas.transfer.sources import Source


def test_a_library_grows_by_what_is_new(expert, negated):
    suite, controller = expert
    task = suite["synthetic-0"]
    other = negated(task)
    misled = PPOController.train(other, 60_000, seed=0, device="cpu")
    sources = [
        Source("first", controller, task),
        Source("alike", controller, suite["synthetic-0"]),
        Source("unlike", misled, other),
    ]
    library = PolicyLibrary.of(sources, starts=64)
    assert [source.name for source in library.sources] == ["first", "unlike"]
    assert library.controllers == (controller, misled)
    assert library.gain(controller, task) > library.gain(misled, task) + 0.25
    generous = PolicyLibrary.of(sources, starts=64, delta=10.0)
    assert [source.name for source in generous.sources] == ["first"]


def test_a_library_needs_the_sources_tasks(sources):
    with pytest.raises(InvalidArgumentError, match="no task"):
        PolicyLibrary().add(Source("x", sources["mlp"]))
    with pytest.raises(InvalidArgumentError, match="delta"):
        PolicyLibrary(delta=-1.0)
