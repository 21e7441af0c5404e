"""Architectures evaluated by a call: how they are named, and what the folder and rows say."""

import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError, RunError
from rlnas.runs import evaluate_architectures
from rlnas.runs.evaluation import read_architectures
from rlnas.spaces import get_space

GOOD, EMPTY = "64-41414-3_33_333", "64-41414-0_00_000"


def test_architectures_from_strings_files_and_chance(tmp_path):
    space = get_space("transnas-micro")
    file = tmp_path / "list.txt"
    file.write_text(f"{EMPTY}\n\n  {GOOD}  \n")
    assert read_architectures((f"{GOOD},{file}",), space, 0) == [GOOD, EMPTY]
    drawn = read_architectures(("random:30",), space, 0)
    assert len(set(drawn)) == 30
    assert drawn == read_architectures(("random:30",), space, 0)
    assert drawn != read_architectures(("random:30",), space, 1)
    with pytest.raises(InvalidArgumentError, match="4096"):
        read_architectures(("random:4097",), space, 0)
    file.write_text("nonsense")
    with pytest.raises(InvalidArchitectureError):
        read_architectures((str(file),), space, 0)


def test_rows_are_of_what_was_asked_and_the_folder_resumes(tmp_path):
    stages = []

    def evaluate(**options):
        usual = {"image_size": 8, "train_size": 64, "width": 4, "modules": "4", "device": "cpu"}
        return evaluate_architectures(
            [GOOD, EMPTY],
            "digits",
            out=tmp_path / "run",
            train=False,
            on_progress=lambda *progress: stages.append(progress),
            **{**usual, **options},
        )

    counted = evaluate()
    assert list(counted.rows["architecture"]) == [GOOD, EMPTY]
    assert counted.setup.name == "digits/class"
    assert not stages
    with pytest.raises(RunError, match="resume=True"):
        evaluate()
    with pytest.raises(RunError, match=r"skeleton.width is 4 there, not 6"):
        evaluate(resume=True, width=6)
    proxies = evaluate(resume=True, proxies=True).rows
    assert (proxies["proxy/params"] == proxies["parameters"]).all()
    assert stages[-1] == ("proxies", 2, 2)
