"""The command line with several source tasks: joint and shared training, and pools of sources."""

import json

import pytest

from rlnas.cli.main import main

SUITE = ("--suite", "synthetic-micro")


def run(capsys, *arguments):
    """Return the exit status and the JSON object of a command."""
    status = main([*arguments, "--json"])
    captured = capsys.readouterr()
    found = json.loads(captured.out.strip().splitlines()[-1]) if status == 0 else captured.err
    return status, found


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folders of trainings: joint and shared on two tasks, and on each of them alone."""
    folder = tmp_path_factory.mktemp("sources")
    steps = ("--steps", "1280", "--check-queries", "0", "--device", "cpu")
    for kind in ("joint", "shared"):
        both = ("--task", "synthetic-0,synthetic-1", "--kind", kind)
        assert main(["train", *SUITE, *both, *steps, "--out", str(folder / kind)]) == 0
    for task in ("synthetic-0", "synthetic-1"):
        assert main(["train", *SUITE, "--task", task, *steps, "--out", str(folder / task)]) == 0
    return folder


def transfer(capsys, trained, tmp_path, method, *sources):
    return run(
        capsys,
        *("transfer", "--source", *(str(trained / source) for source in sources)),
        *(*SUITE, "--task", "synthetic-2", "--method", method, "--queries", "12", "--seeds", "1"),
        *("--baselines", "none", "--out", str(tmp_path / "run")),
    )


@pytest.mark.parametrize(
    ("method", "sources", "label"),
    [
        ("joint", ["joint"], "2-tasks"),
        ("weight-init", ["joint"], "2-tasks"),
        ("shared-representation", ["shared"], "2-tasks"),
        ("shared-representation", ["synthetic-0"], "synthetic-0"),
        ("policy-reuse", ["synthetic-0", "synthetic-1"], "others"),
        ("transfer-bo", ["synthetic-0", "synthetic-1"], "others"),
        ("selected-source", ["synthetic-0", "synthetic-1"], "others"),
    ],
)
def test_a_method_starts_from_what_it_can(capsys, trained, tmp_path, method, sources, label):
    status, found = transfer(capsys, trained, tmp_path, method, *sources)
    assert status == 0
    assert {row["source"] for row in found["rows"]} == {label}
    assert {row["queries"] for row in found["rows"]} == {12}


def test_a_method_of_one_source_runs_from_each(capsys, trained, tmp_path):
    sources = ("synthetic-0", "synthetic-1", "synthetic-0")
    status, found = transfer(capsys, trained, tmp_path, "zero-shot", *sources)
    assert status == 0
    assert [row["source"] for row in found["rows"]] == [
        *("synthetic-0", "synthetic-1", "synthetic-0#2")
    ]


@pytest.mark.parametrize(
    ("method", "source", "message"),
    [
        ("zero-shot", "shared", "use --method shared-representation"),
        ("scratch", "synthetic-0", "uses no source"),
        ("zero-shott", "synthetic-0", "zero-shot"),
    ],
)
def test_what_cannot_start_is_said(capsys, trained, tmp_path, method, source, message):
    status, error = transfer(capsys, trained, tmp_path, method, source)
    assert status == 2
    assert message in error
    assert not (tmp_path / "run").exists()


def test_a_folder_without_a_checkpoint_is_said(capsys, trained, tmp_path):
    status, error = transfer(capsys, trained, tmp_path, "zero-shot", "nowhere")
    assert status == 1
    assert "does not exist" in error
