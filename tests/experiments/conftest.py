"""The published experiments, and environments in which their commands run."""

import os
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture(scope="session")
def experiments():
    """The folder of all experiments."""
    return EXPERIMENTS


@pytest.fixture(scope="session")
def environment():
    """Variables for a run.sh: the commands of this interpreter first, one thread."""
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": commands, "OMP_NUM_THREADS": "1", "WORKERS": "1"}


def pytest_generate_tests(metafunc):
    """Give a test that asks for a ``folder`` every experiment in turn."""
    if "folder" in metafunc.fixturenames:
        folders = sorted(path.parent for path in EXPERIMENTS.glob("*/run.sh"))
        metafunc.parametrize("folder", folders, ids=lambda path: path.name)
