"""Any CSV or Parquet: what its columns mean is said, and every wrong cell is named by its line."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.benchmarks import import_table, install_table, load_suite
from rlnas.benchmarks.importers import ColumnSpec
from rlnas.benchmarks.importers.naslib_encoding import ORDERS, ordered
from rlnas.benchmarks.importers.operation_order import relative_counts
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import CellSpace, get_space

A = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
B = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
C = "|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
CSV = f"""index,architecture,cifar10_valid_12,cifar10_cost_12,cifar10_test_200,cifar100_test_200
0,{A},63.364,86.6531,85.863333,52.913333
1,{B},82.834,130.1785,,70.293333
2,{C},81.0,120.0,92.0,inf
"""
COLUMNS = {
    "cifar10_valid_12": {"task": "cifar10", "unit": "%", "split": "valid", "epoch_policy": "final"},
    "cifar10_cost_12": {"task": "cifar10", "cost": True},
    "cifar10_test_200": {"task": "cifar10", "unit": "%", "split": "test", "epoch_policy": "final"},
    "cifar100_test_200": ColumnSpec(task="cifar100", metric="test", unit="%", split="test"),
}


@pytest.fixture
def read(tmp_path):
    """Return a reader of CSV text, or of a frame as Parquet."""

    def run(content, **options):
        path = tmp_path / "scores.data"
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
        return import_table(path, **{"space": "nasbench-201", "columns": COLUMNS, **options})[0]

    return run


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_become_metrics(read, tmp_path, form):
    if form == "parquet":
        (tmp_path / "t.csv").write_text(CSV)
        table = read(pd.read_csv(tmp_path / "t.csv"))
    else:
        table = read(CSV)
    space = get_space("nasbench-201")
    assert table.tasks == ("cifar10", "cifar100")
    task = table.task("cifar10")
    rows = space.index(np.stack([space.parse(text) for text in (A, B, C)]))
    np.testing.assert_array_equal(task.scores[rows], [63.364, 82.834, 81.0])
    assert np.isnan(np.delete(task.scores, rows)).all()
    np.testing.assert_array_equal(task.costs[rows], [86.6531, 130.1785, 120.0])
    np.testing.assert_array_equal(task.test_scores[rows], [85.863333, np.nan, 92.0])
    assert task.best() == (B, 82.834)
    # Infinite and empty cells are missing.
    np.testing.assert_array_equal(table.scores("cifar100")[rows], [52.913333, 70.293333, np.nan])


def test_a_search_on_a_test_column_is_refused(read):
    table = read(CSV)
    with pytest.raises(InvalidArgumentError, match="allow_test=True"):
        table.task("cifar100")
    assert table.task("cifar100", allow_test=True).best()[1] == 70.293333


def test_an_imported_table_is_a_suite(read, cache):
    columns = {"cifar10_valid_12": COLUMNS["cifar10_valid_12"]}
    install_table(read(CSV, columns=columns, name="my-scores", licence="MIT"))
    suite = load_suite("my-scores")
    assert suite["cifar10"].best() == (B, 82.834)


def test_duplicates_are_an_error_or_a_mean(read):
    content = CSV + f"3,{A},65.364,,87.863333,\n"
    with pytest.raises(DataError, match=r"line 5: .* was in line 2 already.*duplicates='mean'"):
        read(content)
    table = read(content, duplicates="mean")
    row = get_space("nasbench-201").index(get_space("nasbench-201").parse(A)[None])[0]
    assert table.scores("cifar10")[row] == pytest.approx(64.364)
    assert table.scores("cifar100")[row] == 52.913333  # over those measured
    assert table.column("cifar10", "cifar10_cost_12").select().shape == (3,)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (CSV.replace(B, B.replace("none~2", "zero~2")), "line 3: .*zero"),
        (CSV.replace(B, ""), "line 3: there is no architecture"),
        (CSV.replace("130.1785", "fast"), "line 3: 'cifar10_cost_12' holds 'fast'"),
        (CSV.replace("cifar10_cost_12", "seconds"), "no column 'cifar10_cost_12'; it has index"),
        (CSV.replace("architecture", "net"), "no column 'architecture'; name the column"),
        (CSV.splitlines()[0] + "\n", "no row"),
        (CSV + "1,2,3,4,5,6,7,8,9\n", "no readable CSV"),
        (b"a,b\n\xff\xfe\xfa,1\n", "no readable CSV"),
        (b"PAR1 and nothing more", "no readable CSV or Parquet"),
    ],
)
def test_what_is_wrong_is_said(read, content, match):
    with pytest.raises(DataError, match=match):
        read(content, format="tabular")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"columns": None}, "Columns with numbers: index, cifar10_valid_12"),
        ({"columns": {}}, "columns is missing"),
        ({"columns": {"cifar10_valid_12": {"tsak": "a"}}}, "expected the fields task, metric"),
        ({"columns": {"cifar10_valid_12": {"unit": "%"}}}, "expected the fields"),
        ({"columns": {"cifar10_valid_12": {"task": "a", "split": "tset"}}}, "split is 'tset'"),
        ({"columns": {"cifar10_valid_12": {"task": "a", "epoch_policy": "all"}}}, "all epochs"),
        ({"encoding": "morse"}, "encoding is 'morse'"),
        ({"duplicates": "first"}, "duplicates is 'first'"),
        (
            {"columns": {c: {"task": "a", "cost": True} for c in list(COLUMNS)[:2]}},
            "more than one cost",
        ),
    ],
)
def test_wrong_options_are_refused(read, options, match):
    with pytest.raises(InvalidArgumentError, match=match):
        read(CSV, **options)


def test_an_unknown_space_is_told(read):
    with pytest.raises(UnknownNameError, match="Did you mean 'nasbench-201'"):
        read(CSV, space="nasbench-202")


@pytest.mark.parametrize("text", ["013202", "0,1,3,2,0,2", "(0, 1, 3, 2, 0, 2)", "0 1 3 2 0 2"])
def test_digits(read, text):
    content = f'architecture,acc\n"{text}",1.5\n'
    columns = {"acc": {"task": "t"}}
    table = read(content, space="transnas-micro", encoding="digits", columns=columns)
    assert table.task("t").best() == ("64-41414-0_13_202", 1.5)
    assert table.column("t").metric.split == "unknown"


def test_digits_of_a_shorter_network(read):
    content = 'architecture,acc\n2243,1.5\n"(2, 2, 4, 3, 1, 0)",1\n'
    options = {"encoding": "digits", "columns": {"acc": {"task": "t"}}}
    table = read(content, space="transnas-macro", **options)
    assert table.task("t").best() == ("64-2243-basic", 1.5)
    for wrong in ("4444", "22431234", "224a", "", "(2,2,4,9)", "-1"):
        with pytest.raises(DataError, match="line 2"):
            read(f'architecture,acc\n"{wrong}",1.5\n', space="transnas-macro", **options)


def test_a_users_own_space(read, large_space):
    vectors = large_space.sample(3, np.random.default_rng(0))
    lines = [f'"{large_space.format(v)}",{i}' for i, v in enumerate(vectors)]
    content = "net,loss\n" + "\n".join(lines) + "\n"
    columns = {"loss": {"task": "t", "direction": "min"}}
    table = read(content, space=large_space, architecture="net", columns=columns)
    assert table.num_rows == 3
    assert sorted(table.column("t").select()) == [0, 1, 2]
    space = CellSpace("own", [(0, 1), (1, 2)], ["a", "b"])
    table = read('net,loss\n"a,b",1\n"b,b",2\n', space=space, architecture="net", columns=columns)
    assert table.task("t").best() == ("a,b", -1.0)


def test_no_code_runs_from_a_cell(read):
    cell = "__import__('os').system('exit 1')"
    with pytest.raises(DataError, match="line 2"):
        read(
            f'architecture,cifar10_valid_12\n"{cell}",1\n',
            columns={"cifar10_valid_12": {"task": "t"}},
        )


OWN = {"acc": {"task": "mine", "split": "valid"}}


def rows(text):
    return text.replace("A", f"{A}").replace("B", f"{B}").replace("C", f"{C}")


@pytest.mark.parametrize(
    ("content", "scores"),
    [
        ("architecture,acc\nA,1.5\nB,2\n\n", {A: 1.5, B: 2}),
        ("architecture,acc\n\nA,1.5\n  \nB,2\n,\n", {A: 1.5, B: 2}),
        ("architecture,acc\nA,1.5,\nB,2,\n", {A: 1.5, B: 2}),
        ("architecture,acc,\nA,1.5,\nB,2,\n", {A: 1.5, B: 2}),
        ("\ufeffarchitecture,acc\r\nA,1.5\r\nB,2\r\n", {A: 1.5, B: 2}),
        ('"architecture","acc"\n"A","1.5"\n"B",""\n', {A: 1.5, B: np.nan}),
        ("architecture;acc\nA;1,5\nB;2.5\n", {A: 1.5, B: 2.5}),
        ("architecture\tacc\nA\t1,5e1\nB\tNULL\n", {A: 15, B: np.nan}),
        ('architecture,note,acc\nA,"two\nlines",1.5\nB,,-inf\n', {A: 1.5, B: np.nan}),
        ("architecture,acc\nA,1e-3\nB\n", {A: 1e-3, B: np.nan}),
    ],
)
def test_what_people_save_is_read(read, content, scores):
    table = read(rows(content), columns=OWN)
    space = get_space("nasbench-201")
    found = dict(
        zip(map(space.format, table.architectures), table.column("mine").select(), strict=True)
    )
    assert found == pytest.approx(scores, nan_ok=True)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("architecture,acc\nA,True\nB,2\n", "line 2: 'acc' holds 'True', which is no number"),
        ("architecture,acc\nA,1\n\nB,2020-01-01\n", "line 4: 'acc' holds '2020-01-01'"),
        ('architecture,note,acc\nA,"x\ny",1\nB,,12:30\n', "line 4: 'acc' holds '12:30'"),
        ('architecture,acc\nA,"1,5"\n', "no number. Decimals are written with a point"),
        ("architecture,acc\nA,1,5\n", "line 2: there are 3 cells, and the header names 2"),
        ("architecture,acc\nA,1_000\n", "no number"),
        ("architecture,acc,acc\nA,1,2\n", "two columns 'acc'"),
        ("architecture,acc\nA,\nB,\n", "holds no number in 'acc'"),
        ("architecture,acc\n" + "9" * 200_000 + ",1\n", "no readable CSV"),
        ('architecture,acc\n"A,1\n', "no readable CSV"),
        ("architecture,acc\n,1\n", "line 2: there is no architecture"),
    ],
)
def test_what_is_no_score_is_named_by_its_line(read, content, match):
    with pytest.raises(DataError, match=match):
        read(rows(content), format="tabular", columns=OWN)


@pytest.mark.parametrize(
    "values",
    [
        [True, False],
        [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02")],
        [pd.Timedelta("1s"), pd.Timedelta("2s")],
        ["fast", None],
        [[1.0], [2.0]],
        [b"1", b"2"],
    ],
)
def test_what_is_no_score_in_parquet_is_named_too(read, values):
    frame = pd.DataFrame({"architecture": [A, B], "acc": values})
    with pytest.raises(DataError, match=r"line 1: 'acc' holds .* no number"):
        read(frame, columns=OWN)


def test_a_frame_saved_with_its_architectures_as_index_is_read(read):
    frame = pd.DataFrame({"architecture": [A, B], "seed": [0, 0], "acc": [1.0, 2.0]})
    for index in ("architecture", ["architecture", "seed"]):
        assert read(frame.set_index(index), columns=OWN).task("mine").best() == (B, 2.0)
    wide = frame.assign(acc=frame["acc"].map(Decimal))
    assert read(wide, columns=OWN).task("mine").best() == (B, 2.0)


def test_rows_that_a_file_cannot_hold_are_not_made(read):
    frame = pd.DataFrame({"architecture": [A] * 3_000_000, "acc": 1.0})
    with pytest.raises(DataError, match="claims 3000000 rows"):
        read(frame, columns=OWN)


def test_a_column_without_a_number_leaves_the_rest_usable(read, cache):
    columns = {**OWN, "none": {"task": "mine"}, "other": {"task": "b", "split": "valid"}}
    content = rows("architecture,acc,none,other\nA,1,,\nB,2,NULL,\n")
    table = read(content, columns=columns, name="own")
    assert table.tasks == ("mine",)
    assert table.source.note == (
        "left out, for it holds no number: the column 'none'; "
        "left out, for it holds no number: the column 'other'"
    )
    assert install_table(table).source == table.source
    assert list(load_suite("own")) == ["mine"]


def test_a_test_column_leaves_the_rest_usable(read):
    suite = read(CSV).suite()
    assert list(suite) == ["cifar10"]
    assert "cifar100 was left out: test was measured on test data" in suite.description
    assert list(read(CSV).suite(allow_test=True)) == ["cifar10", "cifar100"]
    with pytest.raises(InvalidArgumentError, match="allow_test=True"):
        read(CSV).suite(tasks=["cifar100"])


@pytest.mark.parametrize("name", ["../../victim", "a/b", "a\nb", "x" * 300, "$\\frac$", "\udcff"])
@pytest.mark.parametrize("field", ["task", "metric", "name"])
def test_names_that_lead_elsewhere_are_refused(read, name, field):
    columns, options = {"acc": {"task": "mine"}}, {}
    if field == "name":
        options["name"] = name
    else:
        columns["acc"][field] = name
    with pytest.raises(InvalidArgumentError, match=r"name '.*Rename it"):
        read(rows("architecture,acc\nA,1\n"), columns=columns, **options)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "scores.csv"
    path.write_bytes(b"architecture,acc\n" + data)
    message = ""
    try:
        import_table(path, "tabular", space="nasbench-201", columns=OWN)
    except DataError as error:
        message = str(error)
    assert len(message) < 1000


def micro_rows(order):
    """Return a CSV of 40 micro cells in an order, with parameters by the official digits."""
    space = get_space("transnas-micro")
    digits = space.sample(40, np.random.default_rng(0))
    digits = np.unique(digits, axis=0)
    counts = relative_counts(space, ordered(digits, order))["params"]
    lines = [
        f'"{tuple(row)}",{number},{3 * count + 2}'
        for number, (row, count) in enumerate(zip(digits.tolist(), counts, strict=True))
    ]
    return "architecture,acc,Params\n" + "\n".join(lines)


def test_parameters_in_a_file_tell_whether_its_digits_are_read_rightly(read):
    official, own = ORDERS["transnas-micro"]
    options = {"space": "transnas-micro", "columns": OWN}
    table = read(micro_rows(official), encoding="digits", **options)
    assert table.source.note == "parameters or FLOPs in the file agree with our counts (R² 1.000)"
    # The usual order of NASLib's tuples on this space is the official one as well.
    assert "agree with our" in read(micro_rows(official), encoding="naslib", **options).source.note
    assert (
        "do not follow our counts"
        in read(micro_rows(own), encoding="digits", **options).source.note
    )
    nasbench = {"space": "nasbench-201", "columns": OWN}
    space = get_space("nasbench-201")
    digits = np.unique(space.sample(60, np.random.default_rng(0)), axis=0)
    counts = relative_counts(space, ordered(digits, ORDERS["nasbench-201"][0]))["flops"]
    content = "architecture,acc,flops\n" + "\n".join(
        f'"{tuple(row)}",1,{count}' for row, count in zip(digits.tolist(), counts, strict=True)
    )
    assert "agree with our counts" in read(content, encoding="naslib", **nasbench).source.note
    with pytest.raises(DataError, match=r"read by encoding='naslib' \(R² 1.000\), not by 'digits'"):
        read(content, encoding="digits", **nasbench)
