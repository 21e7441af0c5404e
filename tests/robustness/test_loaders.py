"""A small part of the campaign on damaged folders of work; ``loaders.py`` runs the whole."""

import importlib.util
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("loaders", Path(__file__).with_name("loaders.py"))
loaders = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(loaders)


def test_damaged_folders_are_read_or_refused():
    count = 4 * len(loaders.KINDS)
    tally, wrong, grown = loaders.files.run(0, 0, count, loaders.__file__)
    assert not wrong
    assert sum(tally.values()) == count
    assert grown < 1024  # MiB
    for outcome in ("read", "refused"):
        assert sum(n for (_, what), n in tally.items() if what == outcome) > count / 10
