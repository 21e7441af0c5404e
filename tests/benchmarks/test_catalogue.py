"""The catalogue: complete, pinned to checksums, names without doubles."""

import re

import pytest

from rlnas.benchmarks import (
    catalogue,
    catalogue_tables,
    get_entry,
    import_formats,
)
from rlnas.errors import (
    UnknownNameError,
)
from rlnas.spaces import space_names


def test_the_catalogue_is_complete_and_pinned():
    names = [entry.name for entry in catalogue()]
    assert {"transnas-micro", "transnas-macro", "nasbench-201", "transnas-official"} <= set(names)
    assert len(set(names)) == len(names)
    assert len(set(catalogue_tables())) == len(catalogue_tables())
    for entry in catalogue():
        assert entry.importer in import_formats()
        assert set(entry.tables) <= set(space_names())
        assert entry.licence
        assert entry.citation
        for file in entry.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert all(address.startswith("https://") for address in file.addresses)
            assert file.addresses or "RLNAS_DATA_MIRROR" in entry.note
            if any("githubusercontent" in address for address in file.addresses):
                assert re.search(r"/[0-9a-f]{40}/", file.addresses[0])  # a commit, no branch
    assert get_entry("transnas-official-micro").name == "transnas-official"
    with pytest.raises(UnknownNameError, match="Did you mean 'transnas-micro'"):
        get_entry("transnas-mikro")
