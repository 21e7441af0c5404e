"""Every error is a RlnasError, says what to do, and survives the way between two processes."""

import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

import rlnas
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


def _texts(path):
    """Yield the texts of a file but for its docstrings, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said_of_code = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in said_of_code:
            parts = [node] if isinstance(node, ast.Constant) else node.values
            texts = (getattr(part, "value", "") for part in parts)
            yield node.lineno, "".join(t for t in texts if isinstance(t, str))


def test_the_library_names_arguments_of_python_and_the_command_line_alone_its_flags():
    root = Path(rlnas.__file__).parent
    wrong = [
        f"{path.relative_to(root)}:{line}: {text}"
        for path in root.rglob("*.py")
        if path.relative_to(root).parts[0] != "cli"
        for line, text in _texts(path)
        if re.search(r"(?:^|[\s(>])--[a-z]", re.sub("`(?:rlnas|ray) [^`]*`", "", text))
        and "in Python" not in text
    ]
    assert not wrong, "\n".join(wrong)
