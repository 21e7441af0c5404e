"""A small part of the campaign of kills and full disks; ``faults.py`` beside it runs the whole."""

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("faults", Path(__file__).with_name("faults.py"))
faults = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(faults)


@pytest.mark.parametrize("name", faults.PLACES)
@pytest.mark.parametrize(("kind", "kill"), [("any", True), ("write", False), ("rename", False)])
def test_a_write_that_is_interrupted_leaves_the_old_or_the_new(name, kind, kill, tmp_path):
    times, wrong = faults.check_place(name, tmp_path, kind, kill=kill)
    assert not wrong
    assert times >= 1


@pytest.mark.parametrize("kill", [True, False])
def test_a_system_that_cannot_exchange_folders_heals(kill, tmp_path):
    times, wrong = faults.check_place("checkpoint", tmp_path, "rename", kill=kill, exchange=False)
    assert not wrong
    assert times == 3  # the attempt to exchange, and two renames
