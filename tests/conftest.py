"""Fixtures for all tests: an isolated cache, no network, real and made-up tasks."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from rlnas.errors import DownloadError
from rlnas.spaces import CellSpace
from rlnas.tasks import Metric, TabularTask

hypothesis.settings.register_profile(
    "rlnas", deadline=None, max_examples=60, derandomize=True, database=None
)
hypothesis.settings.load_profile("rlnas")


@pytest.fixture(scope="session", autouse=True)
def isolated_cache(tmp_path_factory):
    """Keep tests away from the user's cache and from the network; the mirror stays as it is."""
    base = tmp_path_factory.getbasetemp()
    # The workers of pytest-xdist share one cache, one level up, and so import a table once.
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RLNAS_CACHE", str(Path(shared) / "rlnas-cache"))
        patch.setenv("RLNAS_OFFLINE", "1")
        yield Path(shared) / "rlnas-cache"


@pytest.fixture(scope="session")
def ray_cluster(isolated_cache):
    """Start Ray once for the session, which takes a while; what tests open joins that.

    With pytest-xdist every worker would start one, so then these tests are left out.
    """
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.skip("tests on Ray run without pytest-xdist: make ray")
    pytest.importorskip("ray", reason="needs the extra ray")
    from rlnas.processes.on_ray import Ray

    with Ray() as cluster:
        cluster.connect(2)
        yield cluster


@pytest.fixture(scope="session")
def real_suite(isolated_cache):
    """Return a loader of real suites by name; the test is skipped where there is no table."""
    from rlnas.benchmarks import load_suite

    loaded = {}

    def load(name):
        if name not in loaded:
            try:
                loaded[name] = load_suite(name)
            except DownloadError as error:
                pytest.skip(
                    f"no table of {name}: set RLNAS_DATA_MIRROR to a folder or base address that "
                    f"holds the published files ({error})"
                )
        return loaded[name]

    return load


@pytest.fixture(scope="session")
def published():
    """Return a finder of published files; the test is skipped where the mirror lacks the file."""
    from rlnas.benchmarks.download import mirror_paths

    mirror = os.environ.get("RLNAS_DATA_MIRROR", "")  # tests of downloads set another

    def find(path):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RLNAS_DATA_MIRROR", mirror)
            places = mirror_paths(path)
        found = [place for place in places if place.is_file()]
        if not found:
            pytest.skip(f"no {path}: set RLNAS_DATA_MIRROR to the folder of the published files")
        return found[0]

    return find


@pytest.fixture(scope="session")
def flipped():
    """Return what changes one bit of a content, at some byte."""

    def flip(content, place):
        return content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]

    return flip


@pytest.fixture(scope="session")
def large_space():
    """A user's cell space that is too large to index: 40 edges, six operations."""
    edges = [(i, j) for j in range(1, 10) for i in range(j)][:40]
    operations = ["none", "skip", "conv1x1", "conv3x3", "conv5x5", "pool"]
    return CellSpace("large", edges, operations, none="none", identity="skip")


@pytest.fixture(scope="session")
def landscape():
    """Return a maker of smooth random tasks: each position adds its share, plus a little noise."""

    def make(space, seed=0, noise=0.1, name="landscape", **columns):
        rng = np.random.default_rng(seed)
        weights = rng.normal(size=(space.num_positions, space.num_operations))
        scores = weights[np.arange(space.num_positions), space.arrays].sum(axis=1)
        scores += noise * rng.normal(size=space.size)
        return TabularTask(name, space, scores, Metric(name="made-up"), **columns)

    return make


@pytest.fixture
def trained_here(monkeypatch):
    """Let searches train in this process: another one takes seconds to start."""
    from functools import partialmethod

    from rlnas.training.objective.task import TrainingSetup

    here = partialmethod(TrainingSetup.objective, isolate=False)
    monkeypatch.setattr(TrainingSetup, "objective", here)


@pytest.fixture(scope="session")
def search_plan():
    """Return a maker of plans of a small search run; keywords change it."""
    from rlnas.runs import NO_SOURCE, SearchPlan

    def make(**changes):
        values = {
            "suite": "s",
            "tasks": ("a", "b"),
            "searchers": (("random", NO_SOURCE),),
            "seeds": (0, 1, 2),
            "queries": 25,
        }
        return SearchPlan(**{**values, **changes})

    return make


@pytest.fixture
def search_run(landscape, search_plan, tmp_path):
    """Return a maker of such a run on two made-up tasks, its searches done if wanted."""
    from rlnas.runs import SearchRun
    from rlnas.search import RandomSearch
    from rlnas.spaces import get_space
    from rlnas.tasks import Suite

    def make(*, done=True, **changes):
        space = get_space("transnas-micro")
        tasks = {name: landscape(space, seed, name=f"s/{name}") for seed, name in enumerate("ab")}
        run = SearchRun.begin(tmp_path / "r", search_plan(**changes), Suite("s", tasks))
        for cell in run.missing() if done else ():
            run.save(cell, RandomSearch().search(run.suite[cell.target], 25, seed=cell.seed))
        return run

    return make
