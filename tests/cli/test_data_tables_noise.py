"""`rlnas data noise`."""

import numpy as np

from rlnas.benchmarks import BenchmarkTable, Column, Provenance, install_table
from rlnas.cli.main import main
from rlnas.spaces import get_space
from rlnas.tasks import Metric


def test_it_shows_the_noise_of_a_suite(printed_json, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))
    space, rng = get_space("transnas-micro"), np.random.default_rng(0)
    truth = rng.normal(size=space.size)[space.canonical_index]
    column = Column(
        "segmentsemantic", Metric(name="valid_acc"), truth + rng.normal(size=space.size)
    )
    install_table(
        BenchmarkTable(
            "mine",
            space,
            [column],
            primary={"segmentsemantic": "valid_acc"},
            source=Provenance(title="made up"),
        )
    )
    assert main(["data", "noise", "mine", "--json"]) == 0
    shown = printed_json()
    (task,) = shown["tasks"]
    assert task["source"] == "twins"
    assert 0.8 < task["within"] < 1.2
    assert shown["oracle"][0] == task["oracle_at_10"]
    assert main(["data", "noise", "mine"]) == 0
    printed = capsys.readouterr().out
    assert "segmentsemantic" in printed  # in one line
    assert "isomorphic networks" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_what_was_not_measured_has_no_noise(capsys):
    assert main(["data", "noise", "synthetic-micro"]) == 2
    assert "not measured" in capsys.readouterr().err
