"""Transfer methods by name: what their entries say is true, and they refuse what does not fit."""

import dataclasses

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search import get_searcher, searcher_names
from rlnas.search.registry import SEARCHERS, Method
from rlnas.transfer import Source, SourcePool, WeightInitialization, get_method, method_names
from rlnas.transfer.registry import make_method


@pytest.mark.parametrize("name", SEARCHERS.names())
def test_an_entry_says_what_the_class_says(name):
    """A plan reads the entry, which needs no PyTorch; the class says the same."""
    entry = SEARCHERS.get(name)
    made = entry.load()
    assert Method.of(name, made) == dataclasses.replace(entry, factory=made)


def test_methods_and_searchers_share_one_registry(sources):
    assert not set(method_names()) & set(searcher_names())
    assert set(method_names()) | set(searcher_names()) == set(SEARCHERS.names())
    source = Source("synthetic-0", sources["mlp"])
    method = get_searcher("weight-init", sources=[source], shrink=0.5)
    assert isinstance(method, WeightInitialization)
    assert method.config.shrink == 0.5
    assert method.options() == make_method("weight-init", [source], shrink=0.5).options()
    assert get_searcher("scratch").name == "scratch"
    with pytest.raises(InvalidArgumentError, match="uses no sources"):
        get_searcher("random", sources=[source])
    with pytest.raises(InvalidArgumentError, match="Did you mean 'shrink'"):
        get_searcher("weight-init", sources=[source], shrnk=0.5)
    with pytest.raises(InvalidArgumentError, match="no option shrink; it has none"):
        get_searcher("zero-shot", sources=[source], shrink=0.5)
    with pytest.raises(UnknownNameError, match="transfer method 'random'"):
        get_method("random")


def test_a_method_refuses_another_number_of_sources():
    for name in ("zero-shot", "joint", "transfer-bo", "policy-reuse"):
        with pytest.raises(InvalidArgumentError, match="None source"):
            make_method(name, SourcePool())
