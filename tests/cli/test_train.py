"""`rlnas train`."""

from rlnas.cli.main import main

SUITE = ["--suite", "synthetic-micro"]


def test_train_resumes_exactly(trained, printed_json, capsys, tmp_path):
    out = tmp_path / "twice"
    command = [
        "train",
        *SUITE,
        "--task",
        "synthetic-0",
        "--device",
        "cpu",
        "--out",
        str(out),
        "--check-queries",
        "0",
        "--json",
    ]
    assert main([*command, "--steps", "100"]) == 0
    assert printed_json()["steps"] < 6000
    assert main([*command, "--steps", "6000"]) == 1  # there is a run already
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--steps", "6000", "--resume"]) == 0
    assert printed_json()["steps_trained"] > 0
    whole, twice = trained / "checkpoint", out / "checkpoint"
    assert (twice / "weights.safetensors").read_bytes() == (
        whole / "weights.safetensors"
    ).read_bytes()
    assert main([*command, "--steps", "6000", "--resume", "--seed", "1"]) == 1
    assert "seed is 0 there, not 1" in capsys.readouterr().err


def test_train_says_how_it_does_and_where_things_are(capsys, tmp_path):
    out = tmp_path / "t"
    command = ["train", *SUITE, "--task", "synthetic-0", "--steps", "100", "--check-queries", "20"]
    assert main([*command, "--network", "transformer", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "On its own task it finds, with 20 queries" in text
    assert f"tensorboard --logdir {out / 'tensorboard'}" in text
    assert list((out / "tensorboard").glob("events.*"))
    assert (out / "versions.json").exists()
