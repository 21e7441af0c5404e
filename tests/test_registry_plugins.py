"""An installed package adds searchers, a method, a space, an environment and more, by name."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

import rlnas

CODE = '''
from dataclasses import asdict, dataclass

import gymnasium
import numpy as np

from rlnas.benchmarks.importers.tabular import read_tabular
from rlnas.search import RandomSearch, Searcher
from rlnas.spaces import CellSpace
from rlnas.transfer.similarity import SimilarityEstimator, ranking_of_draws


@dataclass(frozen=True, kw_only=True)
class Stride(Searcher):
    """Query every so many architectures.

    Attributes:
        step: How many to go on, 1 or more.
    """

    name = "plug-searcher"
    step: int = 7

    def options(self):
        return asdict(self)

    def _search(self, ledger, rng):
        for index in range(0, ledger.space.size, self.step):
            ledger.query(ledger.space.from_index([index])[0])


class HeadList(Searcher):
    """Query the source's best architectures, the best first."""

    name = "plug-method"
    takes = ("one",)
    compares_results = True

    def __init__(self, source, skip=0):
        self.skip = skip
        self.order = (-source.scores).argsort(kind="stable")[skip:]

    @classmethod
    def from_sources(cls, pool, settings, *, skip: int = 0):
        return cls(pool.only, skip)

    def options(self):
        return {"skip": self.skip}

    def _search(self, ledger, rng):
        for index in self.order:
            ledger.query(ledger.space.from_index([index])[0])


class PlugSpace(CellSpace):
    def __init__(self):
        super().__init__("plug-space", [(0, 1), (0, 2), (1, 2)], ["none", "conv"], none="none")


class GrowthEnv(gymnasium.Env):
    observation_space = gymnasium.spaces.Discrete(2)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, size=3):
        self.size = size


class Flat(SimilarityEstimator):
    """All sources are alike."""

    name = "plug-estimator"

    def rank(self, sources, ledger, rng):
        draws = rng.normal(size=(9, len(sources)))
        return ranking_of_draws(self.name, sources, np.zeros(len(sources)), draws, ledger)


def read_lines(path, *, space="plug-space"):
    """Read a file of architectures and scores."""
    return read_tabular(path, space=space, columns={"acc": {"task": "mine"}})
'''

ENTRIES = """
[rlnas.searchers]
plug-searcher = plug.things:Stride
plug-method = plug.things:HeadList
plug-broken = plug.gone:Nothing
random = plug.things:Stride

[rlnas.spaces]
plug-space = plug.things:PlugSpace

[rlnas.environments]
Growth-v0 = plug.things:GrowthEnv

[rlnas.estimators]
plug-estimator = plug.things:Flat

[rlnas.importers]
plug-lines = plug.things:read_lines
"""


OPERATIONS = ("none", "conv")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder in which the package lies as an installer would have left it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "plug").mkdir()
    (folder / "plug" / "__init__.py").touch()
    (folder / "plug" / "things.py").write_text(CODE)
    info = folder / "rlnas_plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rlnas-plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    return folder


@pytest.fixture
def call(site, tmp_path):
    """Run a fresh interpreter that finds the package, and return what came of it."""
    ours = Path(rlnas.__file__).parent.parent
    path = os.pathsep.join([str(site), str(ours), os.environ.get("PYTHONPATH", "")])
    cache = {"RLNAS_CACHE": str(tmp_path / "cache")}

    def run(*arguments, status=0):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env={**os.environ, **cache, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done

    return run


@pytest.fixture
def rlnas_command(call):
    def run(*arguments, status=0):
        return call("-m", "rlnas", *arguments, status=status)

    return run


def test_spaces_and_environments_are_found_by_name(call):
    code = """
        import gymnasium
        import rlnas
        import rlnas.envs
        print(rlnas.get_space("plug-space").size)
        print(gymnasium.make("rlnas/Growth-v0", size=5).unwrapped.size)
        print("rlnas/Growth-v0" in rlnas.envs.environment_ids())
        print(rlnas.get_searcher("plug-searcher", step=3).step)
    """
    assert call("-c", textwrap.dedent(code)).stdout.split() == ["8", "5", "True", "3"]


@pytest.mark.slow
def test_a_format_and_a_searcher_work_on_a_space_of_the_package(rlnas_command, tmp_path):
    file, out = tmp_path / "scores.csv", tmp_path / "run"
    space = [f"{a},{b},{c}" for a in OPERATIONS for b in OPERATIONS for c in OPERATIONS]
    lines = [f'"{text}",{text.count("conv")}' for text in space]
    file.write_text("\n".join(["architecture,acc", *lines]) + "\n")
    done = rlnas_command("data", "import", file, "--format", "plug-line", status=2)
    assert "Did you mean 'plug-lines'" in done.stderr
    rlnas_command("data", "import", file, "--format", "plug-lines", "--name", "plugged")
    search = ["search", "--suite", "plugged", "--task", "mine", "--seeds", "1", "--out", out]
    done = rlnas_command(*search, "--algorithm", "plug-searcher", "--json")
    found = json.loads(done.stdout)
    assert [row["method"] for row in found["rows"]] == ["plug-searcher"]
    assert found["rows"][0]["queries"] == 2
    page = (out / "report.html").read_text()
    assert "plug-searcher" in page


@pytest.mark.slow
def test_a_method_and_a_searcher_join_a_matrix_and_its_workers(rlnas_command, tmp_path):
    out = tmp_path / "matrix"
    plan = ["--suite", "synthetic-micro", "--tasks", "synthetic-0,synthetic-1", "--seeds", "1"]
    rlnas_command(
        *("matrix", *plan, "--methods", "plug-method,plug-searcher", "--steps", "1280"),
        *("--queries", "5", "--device", "cpu", "--estimators", "plug-estimator", "--out", out),
    )
    rows = pd.read_parquet(out / "rows.parquet")
    assert set(rows["method"]) == {"plug-method", "plug-searcher"}
    own = rows[(rows["method"] == "plug-method") & (rows["source"] == rows["target"])]
    assert (own["rank"] == 1).all()
    assert set(pd.read_parquet(out / "similarity.parquet")["estimator"]) == {"plug-estimator"}
    page = (out / "report.html").read_text()
    assert "plug-method" in page
    assert "plug-searcher" in page


@pytest.mark.slow
def test_an_estimator_ranks_sources(rlnas_command, tmp_path):
    done = rlnas_command(
        *("similarity", "--suite", "synthetic-micro", "--target", "synthetic-0", "--json"),
        *("--estimator", "plug-estimator", "--probes", "3", "--out", tmp_path / "similarity"),
    )
    assert {row["estimator"] for row in json.loads(done.stdout)["rankings"]} == {"plug-estimator"}


def test_what_is_broken_is_named_and_all_else_goes_on(rlnas_command):
    done = rlnas_command("methods", "--json")
    names = [method["name"] for method in json.loads(done.stdout)["methods"]]
    assert names[-2:] == ["plug-method", "plug-searcher"]
    assert "'plug-broken' of the installed package 'rlnas-plug'" in done.stderr
    assert "the name is taken by rlnas" in done.stderr
    done = rlnas_command("methods", "plug-broken", status=1)
    assert "rlnas-plug" in done.stderr
    done = rlnas_command("methods", "plug-method", "--json")
    assert [option["name"] for option in json.loads(done.stdout)["options"]] == ["skip"]
