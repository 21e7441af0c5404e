"""``rlnas bench``: everything in a quick look, files, page and exit codes."""

import json
import re

import pytest

from rlnas.bench.run import PARTS
from rlnas.cli.main import main

SUITE = ["--suite", "synthetic-micro"]


def test_a_quick_look_at_everything(capsys, tmp_path):
    import torch

    threads = torch.get_num_threads()
    page = tmp_path / "docs" / "performance.md"
    small = ["--repeats", "1", "--seconds", "0.02", "--max-seconds", "0.5"]
    arguments = [*SUITE, "--quick", *small, "--json"]
    places = ["--out", str(tmp_path / "out"), "--page", str(page)]
    assert main(["bench", *arguments, *places]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    result = json.loads(out)
    assert (result["command"], result["name"]) == ("bench", "all")
    assert set(PARTS) <= set(result)
    assert result["took"].keys() == set(PARTS)
    assert result["settings"]["quick"]
    assert result["machine"]["torch_threads"] == 1
    assert torch.get_num_threads() == threads

    saved = json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))
    assert saved == {key: value for key, value in result.items() if key != "files"}
    made = [str(tmp_path / "out" / f"bench.{kind}") for kind in ("json", "png", "svg")]
    assert result["files"] == [*made, str(page), str(page.with_suffix(".png"))]

    text = page.read_text(encoding="utf-8")
    assert "rely on no number here" in text
    for title in ("Time to quality", "Environment steps", "PPO steps", "Memory", "Loading a table"):
        assert f"## {title}\n" in text
        assert title in err
    assert not re.search(r"[\w,.]…", err)  # neither a number nor a name is cut off


def test_one_part(capsys, tmp_path):
    arguments = ["--num-envs", "16", "--seconds", "0.02", "--repeats", "1"]
    assert main(["bench", "envs", *SUITE, *arguments, "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "Environment steps" in out
    assert "times as fast as" in out
    assert "Measuring environment steps" in err
    saved = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert "envs" in saved
    assert "ppo" not in saved
    assert not saved["settings"]["quick"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["everything"], "everything"),
        (["envs", "--suite", "syntetic-micro"], "synthetic-micro"),
        (["envs", *SUITE, "--task", "synthetic-O"], "synthetic-0"),
        (["envs", *SUITE, "--repeats", "0"], "repeats is 0"),
        (["envs", *SUITE, "--seconds", "0"], "seconds is 0"),
        (["quality", *SUITE, "--seeds", "0"], "seeds is 0"),
        (["envs", *SUITE, "--threads", "-1"], "--threads is -1"),
        (["envs", *SUITE, "--threads", "9" * 30], "expected 0 to 1,024"),
        (["envs", *SUITE, "--device", "tpu"], "device is 'tpu'"),
        (["envs", *SUITE, "--page", "page.html"], "ends in .md"),
    ],
)
def test_mistakes(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_page_of_another_kind_is_refused_before_anything_is_measured(capsys, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Mine\n", encoding="utf-8")
    assert main(["bench", "envs", *SUITE, "--page", str(page), "--out", str(tmp_path / "o")]) == 1
    err = capsys.readouterr().err
    assert "not overwritten" in err
    assert "Measuring" not in err
    assert page.read_text(encoding="utf-8") == "# Mine\n"
