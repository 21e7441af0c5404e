"""The package imports quickly, loads names when they are used, and lists them all."""

import json
import subprocess
import sys

import pytest

import rlnas

HEAVY = ("torch", "pandas", "gymnasium", "stable_baselines3", "matplotlib", "scipy", "pyarrow")


def modules_after(code):
    """Return the modules that a fresh interpreter has loaded after running the code."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy():
    loaded = modules_after("import rlnas\ndir(rlnas)\nrlnas.__version__")
    assert not loaded & {*HEAVY, "numpy"}


def test_searching_a_task_of_ones_own_needs_numpy_alone():
    loaded = modules_after(
        "import rlnas\n"
        "task = rlnas.make_task(rlnas.get_space('transnas-micro'), lambda s: s.count('3'))\n"
        "rlnas.get_searcher('local').search(task, budget=3, seed=0).best\n"
    )
    assert "numpy" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("name", rlnas.__all__)
def test_every_public_name_loads(name):
    assert getattr(rlnas, name) is not None
    assert name in dir(rlnas)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rlnas.nothing


def test_names_are_the_same_objects_as_at_home():
    from rlnas.search import SearchResult
    from rlnas.tasks import Task

    assert rlnas.Task is Task
    assert rlnas.SearchResult is SearchResult
