"""`rlnas data preview`: it writes the sheet, the same each time, and says what is wrong."""

import json

import numpy as np
import pytest
from PIL import Image

from rlnas.cli.main import main


def run(capsys, *arguments):
    code = main(["data", "preview", *arguments])
    return code, capsys.readouterr()


def test_the_command_writes_the_sheet_and_says_so(tmp_path, capsys):
    path = tmp_path / "sheet.png"
    code, output = run(
        capsys, "rooms", "--count", "2", "--image-size", "16", "--out", str(path), "--json"
    )
    assert code == 0
    assert json.loads(output.out)["path"] == str(path)
    with Image.open(path) as sheet:
        assert sheet.format == "PNG"
        assert np.asarray(sheet.convert("L")).std() > 30
    before = path.read_bytes()
    run(capsys, "rooms", "--count", "2", "--image-size", "16", "--out", str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rums"], "Did you mean 'rooms'"),
        (["rooms", "--count", "0"], "count is 0"),
        (["rooms", "--count", "65"], "expected 1 to 64"),
        (["rooms", "--image-size", "4"], "--image-size is 4"),
        (["rooms", "--out", "sheet.jpg"], "expected a file"),
        (["rooms", "--count", "1", "--out", "no-file.txt/sheet.png"], "cannot be written"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no-file.txt").touch()
    code, output = run(capsys, *arguments)
    assert code != 0
    assert message in " ".join(output.err.split())
    assert not list(tmp_path.glob("**/*.png"))
