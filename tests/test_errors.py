"""Every error is a RlnasError, says what to do, and survives the way between two processes."""

import inspect
import pickle

import pytest

from rlnas import errors
from rlnas.errors import MissingDependencyError, RlnasError, UnknownNameError

SPECIAL = {
    UnknownNameError: ("searcher", "locl", ["local", "random"]),
    MissingDependencyError: ("nas-bench-201", "nasbench201", "Reading the official file"),
}
CLASSES = [
    c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == "rlnas.errors"
]


@pytest.mark.parametrize("error", CLASSES)
def test_errors_are_of_one_tree_and_can_be_sent_between_processes(error):
    made = error(*SPECIAL.get(error, ("something was wrong",)))
    assert isinstance(made, RlnasError)
    twin = pickle.loads(pickle.dumps(made))
    assert type(twin) is error
    assert str(twin) == str(made)


def test_an_unknown_name_lists_what_is_near_and_what_is_known():
    error = UnknownNameError("searcher", "locl", ["random", "local"])
    assert str(error) == "Unknown searcher 'locl'. Did you mean 'local'? Known: local, random."
    assert error.near == ["local"]
    assert "Known: none" in str(UnknownNameError("task", "x", []))


def test_a_missing_library_says_how_to_install_it():
    error = MissingDependencyError(*SPECIAL[MissingDependencyError])
    assert "pip install 'rlnas[nasbench201]'" in str(error)
    assert isinstance(error, ImportError)
