"""A trained controller, what a command printed, and a Ctrl-C that arrives."""

import json
import signal

import pytest

from rlnas.cli.main import main


@pytest.fixture(autouse=True, scope="session")
def interruptible():
    """Heed Ctrl-C also where the tests run in a shell's background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def printed_json(capsys):
    """Return a function that reads the JSON object on standard output, its only line."""

    def read():
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        return json.loads(out)

    return read


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Run folder of a controller trained for 6,000 steps on synthetic-0."""
    folder = tmp_path_factory.mktemp("train") / "run"
    assert (
        main(
            [
                "train",
                "--suite",
                "synthetic-micro",
                "--task",
                "synthetic-0",
                "--steps",
                "6000",
                "--out",
                str(folder),
                "--check-queries",
                "10",
                "--device",
                "cpu",
            ]
        )
        == 0
    )
    return folder
