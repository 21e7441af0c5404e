"""From the catalogue to tables in the cache; a failure leaves the cache as it was."""

import hashlib
import json
import multiprocessing
import sys

import numpy as np
import pytest

from rlnas.benchmarks import (
    fetch,
    install_table,
    installed_tables,
    load_suite,
    load_table,
    table_info,
)
from rlnas.benchmarks.storage import open_table
from rlnas.errors import (
    ChecksumError,
    DataError,
    DownloadError,
    InvalidArgumentError,
    UnknownNameError,
)
from rlnas.spaces import CellSpace, get_space


@pytest.fixture
def mirror(entry, small_zip, tmp_path, monkeypatch):
    """A mirror folder with the one file of the made-up catalogue."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "made-up.zip").write_bytes(small_zip[0])
    monkeypatch.setenv("RLNAS_DATA_MIRROR", str(folder))
    return folder


def test_fetch_load_and_search_space_order(cache, mirror, small_zip):
    tables = fetch("made-up")
    assert [table.name for table in tables] == ["made-up-table"]
    assert installed_tables() == ("made-up-table",)
    table = load_table("made-up-table", verify=True)
    assert table.tasks == ("class_scene", "jigsaw")  # our order, not the zip's
    # The made-up numbers are in the order of itertools.product, which is the space's index.
    np.testing.assert_array_equal(table.scores("class_scene"), small_zip[1])
    np.testing.assert_array_equal(table.scores("jigsaw"), small_zip[2])
    np.testing.assert_array_equal(table.scores("jigsaw", "zen"), np.arange(4096))
    assert table.source.sha256 == mirror_checksum(mirror)
    assert table.source.title == "Made-up numbers"
    suite = load_suite("made-up-table")
    assert suite["jigsaw"].name == "made-up-table/jigsaw"
    assert suite["jigsaw"].best()[1] == small_zip[2].max()


def mirror_checksum(mirror):
    return hashlib.sha256((mirror / "made-up.zip").read_bytes()).hexdigest()


def test_loading_fetches_what_is_not_there_and_says_so(cache, mirror, caplog):
    with caplog.at_level("INFO", logger="rlnas"):
        load_suite("made-up-table")
    assert "Fetching made-up into" in caplog.text
    caplog.clear()
    load_suite("made-up-table")
    assert caplog.text == ""


def test_nothing_is_fetched_twice(cache, mirror, snapshot):
    fetch("made-up")
    (mirror / "made-up.zip").unlink()
    before = snapshot()
    fetch("made-up")
    load_table("made-up-table")
    assert snapshot() == before
    with pytest.raises(DownloadError):
        fetch("made-up", force=True)
    assert snapshot() == before
    load_table("made-up-table", verify=True)


@pytest.mark.parametrize("held", [False, True])
def test_a_damaged_source_leaves_the_cache_as_it_was(cache, mirror, snapshot, held):
    if held:
        fetch("made-up")
    before = snapshot()
    content = (mirror / "made-up.zip").read_bytes()
    for wrong in (content[:-10], content[:-1] + b"?", b"", b"<html>"):
        (mirror / "made-up.zip").write_bytes(wrong)
        with pytest.raises(ChecksumError):
            fetch("made-up", force=True)
        assert snapshot() == before


def test_a_file_that_cannot_be_imported_leaves_the_tables_as_they_were(
    cache, mirror, snapshot, monkeypatch
):
    """Its checksum is right, but it is not what the importer expects."""
    fetch("made-up")
    before = snapshot()

    def broken(*args, **kwargs):
        raise DataError("not what was expected")

    monkeypatch.setattr(sys.modules["rlnas.benchmarks.fetch"], "import_table", broken)
    with pytest.raises(DataError, match="not what was expected"):
        fetch("made-up", force=True)
    assert snapshot() == before


def test_a_damaged_table_of_the_catalogue_is_made_again(cache, mirror, snapshot, caplog):
    fetch("made-up")
    before = snapshot()
    array = next((cache / "tables" / "made-up-table").glob("000.*"))
    array.write_bytes(array.read_bytes()[:-8])
    assert load_table("made-up-table").scores("jigsaw").shape == (4096,)
    assert "made again" in caplog.text
    assert snapshot() == before
    array.write_bytes(array.read_bytes()[:-1] + b"?")
    load_table("made-up-table", verify=True)
    assert snapshot() == before


def test_what_cannot_be_had_says_what_to_do(cache, entry):
    with pytest.raises(DownloadError, match="set RLNAS_DATA_MIRROR"):
        load_suite("made-up-table")
    assert installed_tables() == ()


def _load(results):
    try:
        results.put(float(load_table("made-up-table").scores("jigsaw").sum()))
    except Exception as error:  # shown by the assertion in the parent
        results.put(repr(error))


def test_processes_that_want_the_same_table_do_not_disturb_each_other(cache, mirror, small_zip):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_load, args=(results,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert found == pytest.approx([small_zip[2].sum()] * 4)
    assert [p.name for p in (cache / "tables").iterdir()] == ["made-up-table"]


# -- tables of the user's ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("transnas-micro", "the catalogue"),
        ("transnas-official", "the catalogue"),
        ("synthetic-micro", "a built-in suite"),
    ],
)
def test_names_of_the_catalogue_and_of_what_is_built_in_are_reserved(cache, name, owner, own_table):
    with pytest.raises(InvalidArgumentError, match=f"belongs to {owner}"):
        install_table(own_table(name))


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "a" * 101, "x\0"])
def test_names_that_are_no_folder_are_refused(cache, name, own_table):
    with pytest.raises(InvalidArgumentError, match=r"cannot name a table|The table name"):
        install_table(own_table(name))
    with pytest.raises((UnknownNameError, InvalidArgumentError)):
        load_suite(name)


def test_a_damaged_table_of_the_users_is_an_error(cache, own_table):
    install_table(own_table())
    next((cache / "tables" / "mine").glob("000.*")).unlink()
    with pytest.raises(DataError, match="lacks the array"):
        load_table("mine")


def test_a_users_own_space_is_named_when_it_is_not_registered(cache, own_table):
    space = CellSpace("unregistered", [(0, 1)], ["a", "b"])
    table = install_table(own_table("odd", space))
    assert table.space is space
    with pytest.raises(DataError, match="Unknown search space"):
        load_table("odd")
    assert open_table(cache / "tables" / "odd", space=space).num_rows == 2


def test_info_is_plain_data(cache, mirror, small_zip):
    info = json.loads(json.dumps(table_info(fetch("made-up")[0])))
    assert (info["space"], info["size"], info["rows"]) == ("transnas-micro", 4096, 4096)
    task = info["tasks"]["jigsaw"]
    row = int(small_zip[2].argmax())
    space = get_space("transnas-micro")
    assert task["optimum"]["architecture"] == space.format(space.from_index([row])[0])
    assert task["metric"]["split"] == "valid"
    assert task["metric"]["epoch_policy"] == "final"
    assert task["metrics"]["zen"]["split"] == "none"
    assert (task["metrics"]["zen"]["measured"], task["metrics"]["zen"]["missing"]) == (4096, 0)
    assert info["source"]["licence"] == "none"
