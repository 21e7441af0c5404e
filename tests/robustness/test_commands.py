"""A small part of the campaign of command lines; ``commands.py`` runs the whole."""

import importlib.util
import sys
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("commands", Path(__file__).with_name("commands.py"))
commands = importlib.util.module_from_spec(SPEC)
sys.modules["commands"] = commands  # dataclasses look their module up
SPEC.loader.exec_module(commands)


def test_command_lines_are_done_or_refused():
    count = 40
    tally, wrong, _ = commands.files.run(0, 0, count, commands.__file__)
    assert not wrong
    assert sum(tally.values()) == count
    assert tally["command_line", "refused"] > count / 4
    assert tally["command_line", "read"] > 0
