"""An experiment's command gives again what lies beside it; kept tables say what kept rows say."""

import io
import json
import re
import subprocess
from importlib.metadata import version

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from rich.console import Console

from rlnas.benchmarks import load_suite
from rlnas.reporting import MatrixResults
from rlnas.transfer import MatrixConfig

TIMED = ["seconds"]


@pytest.fixture(scope="module")
def small(experiments):
    """The kept results of the experiment that needs no data and takes seconds."""
    return experiments / "small"


@pytest.fixture(scope="module")
def again(small, environment, tmp_path_factory):
    """The same, by its own command, in another folder."""
    base = tmp_path_factory.mktemp("small")
    folders = {"RUN": str(base / "run"), "KEEP": str(base / "kept")}
    (base / "kept").mkdir()
    done = subprocess.run(
        [small / "run.sh"], env=environment | folders, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return base / "kept"


@pytest.mark.slow
def test_the_command_writes_the_same_files(small, again):
    kept = {path.name for path in small.iterdir()} - {"run.sh", "README.md"}
    assert {path.name for path in again.iterdir()} == kept
    old, new = (json.loads((at / "config.json").read_text())["matrix"] for at in (small, again))
    assert MatrixConfig.from_dict(old) == MatrixConfig.from_dict(new)


@pytest.mark.slow
def test_what_does_not_learn_is_found_again_anywhere(small, again):
    old, new = (of_method(at, "random") for at in (small, again))
    old = old.drop(columns=TIMED)
    # Columns that came later are left out: what was written before stays as it is.
    assert_frame_equal(old, new[list(old)], check_exact=True)


@pytest.mark.slow
def test_rows_curves_and_table_are_found_again(small, again):
    if reason := other_place(small, again):
        pytest.skip(reason)
    for name in ("rows", "curves", "similarity"):
        old, new = (pd.read_parquet(at / f"{name}.parquet") for at in (small, again))
        old, new = (frame.drop(columns=TIMED, errors="ignore") for frame in (old, new))
        assert_frame_equal(old, new[list(old)], check_exact=False, rtol=1e-9)
    assert (again / "table.txt").read_text() == (small / "table.txt").read_text()


def of_method(folder, method):
    rows = pd.read_parquet(folder / "rows.parquet")
    return rows[rows["method"] == method].reset_index(drop=True)


def other_place(small, again):
    """Return why what learns may round differently here, empty if it may not.

    Our own version is no reason: a change of results has to be published anew.
    """
    for package, kept in json.loads((small / "versions.json").read_text()).items():
        if package not in ("rlnas", "python", "platform") and version(package) != kept:
            return f"kept with {package} {kept}; {version(package)} is installed"
    kept, here = ((at / "cpu.txt").read_text().strip() for at in (small, again))
    return "" if kept == here else f"kept on a processor with {kept}; this one has {here}"


def test_a_kept_table_says_what_the_rows_beside_it_say(folder):
    tables = sorted(path.parent for path in folder.rglob("rows.parquet") if is_matrix(path.parent))
    if not tables:
        pytest.skip("no transfer matrix")
    for at in tables:
        text = io.StringIO()
        screen = Console(file=text, width=80, color_system=None)
        for part in MatrixResults(pd.read_parquet(at / "rows.parquet")).table().renderables:
            screen.print(part, highlight=False, markup=False)
        kept = (at / "table.txt").read_text()
        # Random search's exact line is of the benchmark's table, which rows do not hold.
        kept = re.sub(r"^ random, exact .*\n", "", kept, flags=re.M)
        assert kept.startswith(text.getvalue()), f"{at}: run its run.sh again"


@pytest.mark.realdata
def test_kept_rows_say_what_the_benchmark_says(folder, real_suite):
    """Scores and ranks are those of the architectures that the rows name."""
    kept = sorted(path.parent for path in folder.rglob("rows.parquet") if is_matrix(path.parent))
    if not kept:
        pytest.skip("no transfer matrix")
    for at in kept:
        config = MatrixConfig.from_dict(json.loads((at / "config.json").read_text())["matrix"])
        synthetic = config.suite == "synthetic-micro"
        suite = load_suite(config.suite) if synthetic else real_suite(config.suite)
        rows = pd.read_parquet(at / "rows.parquet")
        cells = ["method", "source", "target", "seed"]
        planned = {(c.method, config.label(c.source), c.target, c.seed) for c in config.cells()}
        assert set(rows[cells].itertuples(index=False, name=None)) == planned
        for row in rows.drop_duplicates(["target", "best_architecture"]).itertuples():
            task = suite[row.target]
            vector = suite.space.parse(row.best_architecture)
            score = task.scores[suite.space.index(vector[None])[0]]
            assert score == row.best_score
            assert task.rank(score) == row.rank


def is_matrix(folder):
    config = folder / "config.json"
    return config.exists() and "matrix" in json.loads(config.read_text())
