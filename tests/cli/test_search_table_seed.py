"""`--table-seed`: searches see one seed of a table, and the others judge what they found."""

import numpy as np
import pytest

from rlnas.benchmarks import BenchmarkTable, Column, Provenance, install_table
from rlnas.cli.main import main
from rlnas.cli.matrix import MatrixOptions, _config
from rlnas.errors import InvalidArgumentError
from rlnas.runs.search_run import SearchRun
from rlnas.spaces import get_space
from rlnas.tasks import Metric
from rlnas.transfer import MatrixConfig
from rlnas.transfer.matrix.folder import MatrixRun

SEEDS = (7, 8, 9)


@pytest.fixture
def values(tmp_path, monkeypatch):
    """Install the table ``mine`` with three seeds of a task; return ``(architectures, seeds)``."""
    monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))
    space, rng = get_space("transnas-macro"), np.random.default_rng(0)
    truth = rng.normal(size=(space.size, 1))
    scores = truth + 0.3 * rng.normal(size=(space.size, 3))
    column = Column("jigsaw", Metric(name="score"), scores, ("architecture", "seed"), SEEDS)
    source, primary = Provenance(title="made up"), {"jigsaw": "score"}
    install_table(BenchmarkTable("mine", space, [column], primary=primary, source=source))
    return scores


def command(out, *more):
    return [
        *("search", "--suite", "mine", "--task", "jigsaw", "--algorithm", "random"),
        *("--queries", "5", "--seeds", "2", "--out", str(out), "--json", *more),
    ]


@pytest.mark.parametrize(
    ("more", "seen"),
    [((), 0), (("--table-seed", "first"), 0), (("--table-seed", "8"), 1)],
)
def test_a_search_sees_one_seed_and_the_others_judge(more, seen, values, printed_json, tmp_path):
    out = tmp_path / "run"
    assert main(command(out, *more)) == 0
    space = get_space("transnas-macro")
    for row in printed_json()["rows"]:
        at = int(space.index(space.parse(row["best_architecture"])[None])[0])
        assert row["best_score"] == pytest.approx(values[at, seen])
        others = [n for n in range(3) if n != seen]
        ranks = [1 + np.sum(values[:, n] > values[at, n]) for n in others]
        assert row["twins_rank"] == pytest.approx(np.mean(ranks))
    opened = SearchRun.open(out)
    assert opened.suite["jigsaw"].scores[3] == values[3, seen]
    assert ("table_seed" in opened.plan.to_dict()) == (seen > 0)  # as ever, where nobody chose


def test_a_mean_leaves_nobody_to_judge(values, printed_json, tmp_path):
    assert main(command(tmp_path / "run", "--table-seed", "mean")) == 0
    rows = printed_json()["rows"]
    space = get_space("transnas-macro")
    at = int(space.index(space.parse(rows[0]["best_architecture"])[None])[0])
    assert rows[0]["best_score"] == pytest.approx(values[at].mean())
    assert rows[0]["twins_rank"] is None


def test_another_seed_is_another_run(values, capsys, tmp_path):
    out = tmp_path / "run"
    assert main(command(out, "--table-seed", "8")) == 0
    assert main(command(out, "--table-seed", "9", "--resume")) == 1
    assert "--table-seed is 8 there, not 9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--table-seed", "5"), "has the seeds (7, 8, 9), not 5"),
        (("--table-seed", "second"), "second"),
        (("--suite", "synthetic-micro", "--table-seed", "1"), "one metric, seed and epoch"),
        (("--dataset", "digits", "--table-seed", "1"), "--table-seed is for searches on a suite"),
    ],
)
def test_what_is_no_seed_of_the_table_is_said(more, said, values, capsys, tmp_path):
    base = [*("search", "--task", "jigsaw", "--out", str(tmp_path / "run"))]
    suite = () if "--suite" in more or "--dataset" in more else ("--suite", "mine")
    assert main([*base, *suite, *more]) == 2
    said_there = " ".join(capsys.readouterr().err.split())
    assert said in said_there
    assert "--seed " not in said_there  # which is another one
    assert not (tmp_path / "run").exists()


def test_a_matrix_has_one_too(values, tmp_path):
    config = _config(MatrixOptions(suite="mine", table_seed=8))
    assert config.table_seed == 8
    assert MatrixConfig.from_dict(config.to_dict()) == config
    assert "table_seed" not in MatrixConfig(suite="mine").to_dict()
    run = MatrixRun(tmp_path, config)
    assert run.source_suite is run.suite
    assert run.suite["jigsaw"].scores[3] == values[3, 1]
    with pytest.raises(InvalidArgumentError, match="table_seed is 'last'"):
        MatrixConfig(table_seed="last")


def test_hostile_targets_and_their_sources_are_of_the_same_seed(values, tmp_path):
    config = MatrixConfig(suite="hostile-mine", table_seed=9, methods=("round-robin",))
    run = MatrixRun(tmp_path, config)
    assert run.source_suite["jigsaw"].scores[3] == values[3, 2]
    assert run.suite["negated-jigsaw"].scores[3] == -values[3, 2]
