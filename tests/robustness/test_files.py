"""A small part of the campaign on mutated files; ``files.py`` beside it runs the whole."""

import importlib.util
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("files", Path(__file__).with_name("files.py"))
files = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(files)


def test_damaged_files_are_read_or_refused():
    count = 12 * len(files.KINDS)
    tally, wrong, grown = files.run(seed=0, first=0, count=count)
    assert not wrong
    assert sum(tally.values()) == count
    assert grown < 1024  # MiB
    # The campaign is about damage: most files are refused, and some survive.
    assert sum(n for (_, outcome), n in tally.items() if outcome == "refused") > count / 3
    assert sum(n for (_, outcome), n in tally.items() if outcome == "read") > count / 20
