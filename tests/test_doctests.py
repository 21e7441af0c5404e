"""The examples in docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import rlnas

PACKAGES = (
    "rlnas.spaces",
    "rlnas.tasks",
    "rlnas.datasets",
    "rlnas.networks",
    "rlnas.training",
    "rlnas.proxies",
    "rlnas.search",
    "rlnas.testing",
)


def module_names():
    yield "rlnas"
    for package in PACKAGES:
        yield package
        path = importlib.import_module(package).__path__
        yield from (m.name for m in pkgutil.walk_packages(path, f"{package}."))


@pytest.mark.parametrize("name", list(module_names()))
def test_examples(name):
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    examples = sum(
        len(t.examples) for n in module_names() for t in finder.find(importlib.import_module(n))
    )
    assert examples > 15
    assert rlnas.__doc__
