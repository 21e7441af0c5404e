"""``rlnas search --table`` on files as people have them: a result, or one line that says why."""

import numpy as np
import pandas as pd
import pytest

from rlnas.cli.main import main


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    made = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60)}).round(3)
    made["c"] = rng.choice(["x", "y"], 60)
    made["y"] = np.where(made["a"] > 0, "yes", "no")
    return made


def changed(frame, **cells):
    """Return the table as text, some cells of it others: ``column=((row, cell), …)``."""
    other = frame.astype(object)
    for column, places in cells.items():
        for row, cell in places:
            other.loc[row, column] = cell
    return other.to_csv(index=False)


@pytest.fixture
def search(tmp_path, capsys, trained_here):
    def run(content, name="t.csv", target=("y",)):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        command = ["search", "--table", str(path), "--target", *target, "--out", f"{tmp_path}/run"]
        status = main([*command, "--queries", "1", "--epochs", "1", "--device", "cpu"])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        if status == 0:
            assert (tmp_path / "run" / "best" / "model.py").exists()
            assert (tmp_path / "run" / "report.html").exists()
        else:
            assert said.err.count("\n") == 1
            assert not (tmp_path / "run").exists()
        return status, said.err

    return run


RESULTS = {
    "latin-1": (lambda f: changed(f, c=[(0, "größe")]).encode("latin-1"), "not UTF-8"),
    "utf-16": (lambda f: changed(f).encode("utf-16"), ""),
    "byte order mark": (lambda f: changed(f).encode("utf-8-sig"), ""),
    "quotes": (lambda f: changed(f, c=[(n, 'he said: "a,\nb"') for n in range(30)]), ""),
    "mixed types": (lambda f: changed(f, a=[(3, "three"), (4, "")]), "numbers but for"),
    "decimal commas": (lambda f: f.to_csv(index=False, sep=";", decimal=","), "decimal commas"),
    "infinities": (lambda f: changed(f, a=[(n, "-inf") for n in range(9)]), "count as missing"),
    "empty lines": (lambda f: "\n\n" + changed(f).replace("\n", "\n\n"), ""),
    "short rows": (lambda f: changed(f) + "1,2\n3\n", "2 rows without a target"),
    "an index": (lambda f: f.to_csv(), "without a name"),
    "dates and nothing": (
        lambda f: f.assign(day=pd.date_range("2300-01-01", periods=60), no="").to_csv(index=False),
        "empty: no",
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_files_that_end_in_a_result(name, frame, search):
    make, note = RESULTS[name]
    status, said = search(make(frame))
    assert status == 0, said
    assert note in said
    assert not note or "Note: " in said


def test_several_targets(frame, search):
    status, said = search(frame.assign(z=-frame["b"]).to_csv(index=False), target=("a", "z"))
    assert status == 0
    assert "read off b" in said


LINES = {
    "empty": (lambda f: "", "is empty"),
    "one row": (lambda f: "a,b,y\n1,2,yes\n", "'yes' in every row"),
    "duplicate columns": (lambda f: changed(f).replace("a,b", "a,a", 1), "one column called 'a'"),
    "ragged rows": (lambda f: changed(f) + "1,2,3,4,5\n", "Expected 4 fields in line 62"),
    "an open quote": (lambda f: changed(f, c=[(0, "q")]).replace("q", '"q'), "is no table"),
    "NUL bytes": (lambda f: changed(f).encode().replace(b"x", b"x\0", 1), "NUL bytes"),
    "a constant target": (lambda f: f.assign(y="yes").to_csv(index=False), "in every row"),
    "a class of one row": (lambda f: changed(f, y=[(0, "maybe")]), "has 1 row"),
    "no such column": (lambda f: f.rename(columns={"y": "yy"}).to_csv(), "Did you mean 'yy'"),
    "no target at all": (lambda f: f.assign(y="").to_csv(index=False), "No row has its target"),
    "no table": (lambda f: np.random.default_rng(0).bytes(2000), ""),
}


@pytest.mark.parametrize("name", LINES)
def test_files_that_end_in_one_line(name, frame, search):
    make, message = LINES[name]
    status, said = search(make(frame))
    assert status in (1, 2)
    assert message in said
