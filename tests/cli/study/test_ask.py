"""`rlnas ask` and `rlnas tell`, and a shell loop around a script of the user's."""

import json
import shutil
import subprocess
import sys

import pytest

from rlnas.cli.main import main
from rlnas.search import get_searcher
from rlnas.spaces import get_space
from rlnas.studies import open_study
from rlnas.tasks import make_task

NEW = ["--space", "transnas-micro", "--queries", "4", "--seed", "3"]


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "study")


def test_asked_and_told_in_lines(folder, capsys):
    assert main(["ask", folder, *NEW, "--in-flight", "2", "--number", "2"]) == 0
    one, two = capsys.readouterr().out.split()
    assert main(["ask", folder]) == 0
    three = capsys.readouterr().out.strip()
    assert main(["ask", folder, "--number", "9"]) == 0
    (four,) = capsys.readouterr().out.split()
    assert main(["ask", folder]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert f"Waits for 4 answers: {one}, {two}, {three}." in said.err
    for number, name in enumerate((two, one, three), start=1):
        assert main(["tell", folder, name, "--score", str(-number)]) == 0
        assert f"{number}/4 {name}: {-number} (best -1)" in capsys.readouterr().out
    assert main(["tell", folder, four, "--failure", "out of memory"]) == 0
    assert "failed: out of memory (best -1)" in capsys.readouterr().out
    assert main(["ask", folder]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert f"The study is finished: 4 told, best -1 ({two})." in said.err


def test_asked_and_told_in_json(folder, printed_json):
    assert main(["ask", folder, *NEW, "--direction", "min", "--metric", "loss", "--json"]) == 0
    asked = printed_json()
    (name,) = asked["architectures"]
    assert asked == {
        "command": "ask",
        "out": folder,
        "architectures": [name],
        "waiting": [name],
        "told": 0,
        "queries": 4,
        "finished": False,
    }
    assert main(["tell", folder, name, "--score", "0.25", "--cost", "60", "--json"]) == 0
    assert printed_json() == {
        "command": "tell",
        "out": folder,
        "query": 1,
        "architecture": name,
        "value": 0.25,
        "error": None,
        "cost": 60.0,
        "best": {"architecture": name, "value": 0.25},
        "told": 1,
        "queries": 4,
        "finished": False,
    }


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["tell", "{}", "64-41414-3_33_333", "--score", "1"], 1, "never asked for"),
        (["tell", "{}", "3_33_333", "--score", "1"], 1, "not a TransNAS-Bench-101 micro"),
        (["tell", "{}", "{asked}"], 2, "a score or a failure"),
        (["tell", "{}-missing", "x", "--score", "1"], 2, "holds no study yet"),
        (["ask", "{}-missing"], 2, "the space to begin one with is missing"),
        (["ask", "{}", "--seed", "4"], 1, "seed is 3 there, not 4"),
        (["ask", "{}", "--number", "0"], 2, "n is 0"),
        (["ask", "{}", "--option", "population=0"], 2, "population is 0"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_recorded(folder, capsys, arguments, status, said):
    assert main(["ask", folder, *NEW]) == 0
    asked = capsys.readouterr().out.strip()
    words = [word.replace("{asked}", asked).replace("{}", folder) for word in arguments]
    assert main(words) == status
    assert said in capsys.readouterr().err
    study = open_study(folder)
    assert (study.told, study.waiting) == (0, [asked])


def test_a_transfer_method_starts_from_a_training(folder, trained, capsys):
    begin = ["--space", "transnas-micro", "--queries", "3", "--algorithm", "zero-shot"]
    found = []
    for _ in range(3):
        assert main(["ask", folder, *begin, "--source", str(trained)]) == 0
        found += capsys.readouterr().out.split()
        assert main(["tell", folder, found[-1], "--score", "1"]) == 0
        capsys.readouterr()
        begin = ["--algorithm", "zero-shot"]
    assert len(set(found)) == 3


SCRIPT = """
import sys
architecture = sys.argv[1]
if architecture.endswith("0"):
    sys.exit("no output")
print(architecture.count("3"))
"""
LOOP = """
set -u
while architecture=$(rlnas ask study --worker mine) && [ -n "$architecture" ]; do
    if score=$("$PYTHON" train.py "$architecture"); then
        rlnas tell study "$architecture" --score "$score"
    else
        rlnas tell study "$architecture" --failure "train.py failed"
    fi
    test -e "$STOP" && exit 7
done
echo done
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")
def test_a_shell_loop_around_a_training_script(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "stop").touch()

    def shell(text):
        python = sys.executable
        head = f'PYTHON={python} STOP=stop; rlnas() {{ "$PYTHON" -m rlnas "$@"; }}\n'
        return subprocess.run(
            [shutil.which("bash"), "-c", head + text],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    begun = shell(
        "rlnas ask study --space transnas-micro --queries 3 --seed 1 --worker mine --json"
    )
    (first,) = json.loads(begun.stdout)["architectures"]
    stopped = shell(LOOP)  # begins with what it had
    assert stopped.returncode == 7, stopped.stderr
    assert first in stopped.stdout
    (tmp_path / "stop").unlink()
    ended = shell(LOOP)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "done"
    records = open_study(tmp_path / "study").records
    fails = [r.architecture.endswith("0") for r in records]
    assert [r.evaluation.failed for r in records] == fails

    def own(architecture):
        if architecture.endswith("0"):
            raise RuntimeError
        return architecture.count("3")

    task = make_task(get_space("transnas-micro"), own)
    expected = get_searcher("regularised-evolution").search(task, 3, seed=1)
    assert [r.architecture for r in records] == [r.architecture for r in expected.records]
