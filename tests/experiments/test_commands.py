"""Every experiment's run.sh names commands, options and methods that exist."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlnas.cli import main as command_line
from rlnas.cli import matrix
from rlnas.transfer import MatrixConfig

RECORDER = """#!{python}
import json, os, sys
with open(os.environ["RECORD"], "a") as record:
    record.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""


@pytest.fixture
def recorded(folder, tmp_path, environment):
    """The commands that a run.sh would run; none of them is, and no kept file is touched."""
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("rlnas", "python", "cp"):
        (commands / name).write_text(RECORDER.format(python=sys.executable))
        (commands / name).chmod(0o755)
    copy = tmp_path / "root" / "experiments" / folder.name
    copy.mkdir(parents=True)
    shutil.copy(folder / "run.sh", copy)
    record = tmp_path / "record"
    path = os.pathsep.join([str(commands), environment["PATH"]])
    done = subprocess.run(
        [copy / "run.sh"],
        env=environment | {"PATH": path, "RECORD": str(record)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in record.read_text().splitlines()]


def test_it_stops_at_the_first_failure(folder):
    script = folder / "run.sh"
    assert os.access(script, os.X_OK), f"chmod +x {script}"
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert next(line for line in lines if not line.startswith("#")) == "set -euo pipefail"


def test_it_names_only_what_exists(folder, recorded):
    called = [command[1:] for command in recorded if command[0] == "rlnas"]
    scripts = [command[1] for command in recorded if command[0] == "python"]
    assert called or scripts
    for arguments in called:
        # Exits where an option is unknown or has a wrong value.
        name, options = command_line._parse(arguments)
        if name == "matrix":
            matrix._config(options)  # raises where a method or estimator is unknown
    for script in scripts:
        assert script == "-c" or (folder.parents[1] / script).is_file(), script


def test_what_is_kept_lies_here(folder, recorded):
    """Where figures are copied by name, they are those that lie beside the command."""
    for command, *paths in recorded:
        if command != "cp":
            continue
        *sources, target = paths
        assert (folder.parents[1] / target).exists(), f"{target}: not run yet"
        if (folder.parents[1] / target).is_dir():
            for name in (Path(source).name for source in sources):
                assert "*" in name or (folder.parents[1] / target / name).is_file(), name


def test_kept_settings_are_those_of_the_command(folder, recorded):
    """What was measured with other settings, or before a method was added, is measured anew."""
    given = None
    for program, *arguments in recorded:
        if program == "rlnas" and arguments[0] == "matrix":
            given = matrix._config(command_line._parse(arguments)[1]).to_dict()
        elif program == "cp" and given is not None and arguments[0].endswith("config.json"):
            config = folder.parents[1] / arguments[-1] / "config.json"
            kept = MatrixConfig.from_dict(json.loads(config.read_text())["matrix"]).to_dict()
            if not kept["versions"]:  # it is of before they were kept
                del given["versions"]
            for name, value in given.items():
                whole = name in ("tasks", "source_tasks") and not value  # means every task
                assert whole or kept[name] == value, f"{config}: {name}; run it again"


def test_readmes_link_to_what_lies_there(folder):
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert "run.sh" in text, "a README names its command"
    for link in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in link:
            assert (folder / link).exists(), f"{readme}: {link}"


def test_every_experiment_is_in_the_list(experiments):
    text = (experiments / "README.md").read_text(encoding="utf-8")
    folders = {path.name for path in experiments.iterdir() if path.is_dir()}
    folders -= {"__pycache__"}
    listed = set(re.findall(r"^\| \[[^]]+\]\(([^)/]+)/\)", text, flags=re.MULTILINE))
    assert listed == folders
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (experiments / link).exists(), link
