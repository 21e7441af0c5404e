"""Searchers by name, and how one's own is added."""

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search import (
    LocalSearch,
    RandomSearch,
    get_searcher,
    register_searcher,
    registry,
    searcher_names,
)


class TestRegistry:
    def test_names(self):
        assert {"random", "local", "regularised-evolution"} <= set(searcher_names())
        for name in searcher_names():
            assert get_searcher(name).name == name

    def test_an_unknown_name_lists_the_nearest(self):
        with pytest.raises(UnknownNameError, match="Did you mean 'regularised-evolution'"):
            get_searcher("regularized-evolution")

    def test_options_are_passed_and_unknown_ones_refused(self):
        assert get_searcher("local", improvement="best").improvement == "best"
        with pytest.raises(InvalidArgumentError, match="no option size; it has population, sample"):
            get_searcher("regularised-evolution", size=3)
        with pytest.raises(InvalidArgumentError, match="it has none"):
            get_searcher("random", size=3)

    def test_one_can_register_ones_own(self, monkeypatch):
        monkeypatch.setattr(registry.SEARCHERS, "_entries", dict(registry.SEARCHERS._entries))
        register_searcher("mine", LocalSearch)
        assert get_searcher("mine", improvement="best").improvement == "best"
        with pytest.raises(InvalidArgumentError, match="registered already"):
            register_searcher("mine", RandomSearch)
