"""Tables on disk: what is written is read, and damage is told."""

import json
import pickle
import time

import hypothesis
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import strategies as st

from rlnas.benchmarks import BenchmarkTable, Column, Provenance, open_table, save_table
from rlnas.errors import ChecksumError, DataError, InvalidArgumentError
from rlnas.names import check_name
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Metric

SPACE = CellSpace("pair", [(0, 1), (1, 2)], ["a", "b"])


def is_name(text):
    try:
        return bool(check_name(text, "text"))
    except InvalidArgumentError:
        return False


LETTERS = st.characters(
    codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters='/\\$:*?"<>|.'
)
NAMES = st.text(LETTERS, min_size=1, max_size=8).filter(is_name)
AXES = st.sampled_from(
    [
        ("architecture",),
        ("architecture", "epoch"),
        ("architecture", "seed"),
        ("architecture", "seed", "epoch"),
    ]
)


@st.composite
def columns(draw, rows):
    axes = draw(AXES)
    shape = (rows, *(draw(st.integers(1, 3)) for _ in axes[1:]))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    width = 8 * np.dtype(dtype).itemsize
    values = draw(hnp.arrays(dtype, shape, elements=st.floats(width=width)))
    policy = "all" if "epoch" in axes else draw(st.sampled_from(["final", "best", "unknown"]))
    metric = Metric(
        name=draw(NAMES),
        unit=draw(NAMES),
        direction=draw(st.sampled_from(["max", "min"])),
        split=draw(st.sampled_from(["train", "valid", "test", "none", "unknown"])),
        epoch_policy=policy,
        note=draw(st.text(max_size=8)),
    )
    seeds = tuple(range(shape[1])) if "seed" in axes else ()
    return Column(draw(NAMES), metric, values, axes, seeds)


@st.composite
def tables(draw):
    subset = draw(st.booleans())
    rows = draw(st.permutations(range(4)))[: draw(st.integers(1, 4))] if subset else range(4)
    found = draw(st.lists(columns(len(rows)), min_size=1, max_size=4))
    unique = {(c.task, c.metric.name): c for c in found}
    text = st.text(max_size=10)
    source = Provenance(title=draw(text), url=draw(text), licence=draw(text), citation=draw(text))
    return BenchmarkTable(
        draw(st.sampled_from(["a", "b-1"])),
        SPACE,
        list(unique.values()),
        primary={c.task: c.metric.name for c in unique.values()},
        source=source,
        architectures=SPACE.from_index(list(rows)) if subset else None,
    )


@hypothesis.given(table=tables())
def test_what_is_saved_is_opened(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "t"
    back = open_table(save_table(table, folder), space=SPACE, verify=True)
    assert (back.name, back.tasks, back.primary) == (table.name, table.tasks, table.primary)
    assert back.source == table.source
    np.testing.assert_array_equal(back.architectures, table.architectures)
    for mine, theirs in zip(table.columns, back.columns, strict=True):
        assert (mine.task, mine.metric, mine.axes) == (theirs.task, theirs.metric, theirs.axes)
        assert mine.seeds == theirs.seeds
        assert mine.values.dtype == theirs.values.dtype
        np.testing.assert_array_equal(mine.values, theirs.values)
        assert not theirs.values.flags.writeable


@pytest.fixture
def saved(tmp_path):
    column = Column("t ü", Metric(name="acc"), np.arange(4.0))
    seeds = Column(
        "t ü",
        Metric(name="big"),
        np.zeros((4, 20_000)),
        ("architecture", "seed"),
        tuple(range(20_000)),
    )
    table = BenchmarkTable(
        "t", SPACE, [column, seeds], primary={"t ü": "acc"}, source=Provenance(title="")
    )
    return save_table(table, tmp_path / "t")


def array_of(folder):
    return next(path for path in folder.iterdir() if path.name.startswith("000."))


def test_large_arrays_are_mapped_and_small_ones_read(saved):
    small, large = open_table(saved, space=SPACE).columns
    assert not isinstance(small.values, np.memmap)
    assert isinstance(large.values, np.memmap)


def unsealed(folder):
    """Return the description of a table without checksums, as hostile hands would write it."""
    index = json.loads((folder / "table.json").read_text())
    del index["checksum"]
    for column in index["columns"]:
        del column["crc32c"]
    return index


def edit(change):
    def damage(folder):
        index = unsealed(folder)
        change(index)
        (folder / "table.json").write_text(json.dumps(index))

    return damage


def replace_array(content):
    def damage(folder):
        (folder / "table.json").write_text(json.dumps(unsealed(folder)))
        path = array_of(folder)
        path.write_bytes(content(path.read_bytes()))

    return damage


def pickled(folder):
    np.save(array_of(folder), np.array([Trap()] * 4, dtype=object), allow_pickle=True)
    index = unsealed(folder)
    index["columns"][0]["bytes"] = array_of(folder).stat().st_size
    (folder / "table.json").write_text(json.dumps(index))


class Trap:
    """Something that would raise if it were unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda f: array_of(f).unlink(), "lacks the array"),
        (replace_array(lambda b: b[:-1]), "bytes, expected"),
        (replace_array(lambda b: b + b"x"), "bytes, expected"),
        (replace_array(lambda b: b"x" * len(b)), "no readable array"),
        (lambda f: (f / "table.json").unlink(), "no readable table"),
        (lambda f: (f / "table.json").write_text("{"), "no readable table"),
        (lambda f: (f / "table.json").write_text("[" * 100_000), "no readable table"),
        (
            lambda f: (f / "table.json").write_text("[]"),
            "describes no table|expected a JSON object",
        ),
        (lambda f: (f / "table.json").write_bytes(b"\xff\xfe"), "no readable table"),
        (edit(lambda i: i.update(version=99)), "format version 99"),
        (edit(lambda i: i.pop("columns")), "missing 'columns'"),
        (edit(lambda i: i.update(columns=[])), "no column"),
        (edit(lambda i: i["columns"][0]["metric"].update(split="tset")), "damaged"),
        (edit(lambda i: i["columns"][0].update(shape=[2, 2])), "expected <f8"),
        (edit(lambda i: i["columns"][0].update(dtype="<f4")), "expected <f4"),
        (edit(lambda i: i["columns"][0].update(axes=["epoch"])), "damaged"),
        (edit(lambda i: i["columns"][0].update(file="../000.npy")), "no plain name"),
        (edit(lambda i: i.update(space="transnas-micro")), "about the search space"),
        (edit(lambda i: i.update(primary=["t"])), "damaged"),
        (pickled, "no readable array"),
    ],
)
def test_damage_is_told(saved, damage, match):
    damage(saved)
    with pytest.raises(DataError, match=match):
        open_table(saved, space=SPACE)


def test_a_changed_number_is_found_by_its_checksum(saved, flipped):
    path = array_of(saved)
    content = path.read_bytes()
    path.write_bytes(flipped(content, len(content) - 1))
    with pytest.raises(ChecksumError, match="differs from its checksum"):
        open_table(saved, space=SPACE)
    with pytest.raises(ChecksumError, match="SHA-256"):
        open_table(saved, space=SPACE, verify=True)
    (saved / "table.json").write_text(json.dumps(unsealed(saved)))
    open_table(saved, space=SPACE)  # of an earlier version


def test_one_bit_of_the_description_is_noticed(saved, flipped):
    path = saved / "table.json"
    content = path.read_bytes()
    for place in range(0, len(content), 61):
        path.write_bytes(flipped(content, place))
        with pytest.raises(DataError):
            open_table(saved, space=SPACE)


def test_what_a_killed_import_had_moved_away_comes_back(saved):
    saved.rename(saved.with_name(f".{saved.name}.0a1b2c3d.old"))
    assert open_table(saved, space=SPACE).num_rows == 4
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_folder_of_something_else_is_not_replaced(tmp_path, saved):
    table = open_table(saved, space=SPACE)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match=r"holds thesis\.tex"):
        save_table(table, tmp_path / "work")
    assert (tmp_path / "work" / "thesis.tex").read_text() == "years of work"


def test_an_unknown_space_is_told(saved):
    with pytest.raises(DataError, match="Unknown search space 'pair'"):
        open_table(saved)


def test_a_failed_save_leaves_the_old_table(saved, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("no space left on device")

    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    table = open_table(saved, space=SPACE)
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DataError, match="no space left"):
        save_table(table, saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == ["t"]


def test_a_table_that_is_open_survives_its_replacement(saved):
    old = open_table(saved, space=SPACE)
    new = BenchmarkTable(
        "t",
        SPACE,
        [Column("t", Metric(name="acc"), np.ones(4))],
        primary={},
        source=Provenance(title=""),
    )
    save_table(new, saved)
    assert old.column("t ü", "big").values.sum() == 0
    assert open_table(saved, space=SPACE).metrics("t") == ("acc",)


def test_the_largest_published_table_opens_within_50_ms(tmp_path):
    """As many columns as the official TransNAS-Bench-101 file has, 30 epochs each."""
    space = get_space("transnas-micro")
    metric = {"epoch_policy": "all"}
    values = np.zeros((space.size, 30))
    columns = [
        Column(f"t{t}", Metric(name=f"m{m}", **metric), values, ("architecture", "epoch"))
        for t in range(7)
        for m in range(10)
    ]
    table = BenchmarkTable("t", space, columns, primary={}, source=Provenance(title=""))
    save_table(table, tmp_path / "t")
    seconds = []
    for _ in range(5):
        start = time.process_time()
        open_table(tmp_path / "t")
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.05


def test_a_table_can_be_pickled_for_a_worker(saved):
    table = open_table(saved, space=SPACE)
    back = pickle.loads(pickle.dumps(table))
    np.testing.assert_array_equal(back.scores("t ü"), table.scores("t ü"))
