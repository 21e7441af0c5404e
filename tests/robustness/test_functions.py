"""A part of the campaign of `functions.py`: no function ends a search or spoils its file."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).with_name("functions.py")


@pytest.fixture(scope="module")
def functions():
    spec = importlib.util.spec_from_file_location("robustness_functions", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_function_ends_a_search(functions):
    counts, faults = functions.campaign(150, first=10_000)
    assert not faults, "\n".join(faults)
    assert counts["functions"] == 150
    assert counts["slower than 5 s"] == 0
    assert min(counts["succeeded"], counts["failed"]) > 150
