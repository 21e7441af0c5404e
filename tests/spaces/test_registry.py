"""Spaces by name: one instance of each, and the nearest to an unknown name."""

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces import CellSpace, get_space, register_space, registry, space_names

EDGES = [(0, 1), (0, 2), (1, 2)]


def test_registry_shares_one_instance_and_names_the_nearest(monkeypatch):
    assert get_space("transnas-micro") is get_space("transnas-micro")
    with pytest.raises(UnknownNameError, match="Did you mean 'transnas-micro'") as caught:
        get_space("transnas-mirco")
    assert caught.value.near[0] == "transnas-micro"
    monkeypatch.setattr(registry.SPACES, "_entries", dict(registry.SPACES._entries))
    register_space("mine", lambda: CellSpace("mine", EDGES, ["none", "conv"]))
    assert "mine" in space_names()
    assert get_space("mine").size == 8
    with pytest.raises(InvalidArgumentError, match="registered already"):
        register_space("mine", lambda: None)
    registry._instances.pop("mine")
