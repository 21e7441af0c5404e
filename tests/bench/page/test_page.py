"""The page says what a result says, and keeps what was written by hand."""

import copy
import json

import pytest

from rlnas.bench.page.page import NOTES, page_text, write_page
from rlnas.errors import DataError


def test_the_page(small_result):
    text = page_text(small_result, command="rlnas bench envs", figure="performance.png")
    assert text.startswith("# Performance\n")
    assert "```bash\nrlnas bench envs\n```" in text
    assert "](performance.png)" in text
    assert r"| processor | Abacus \| 9, 3 cores for this process |" in text
    assert "| took in all | 5.00 s |" in text
    assert "- way tensor is 200 times as fast as way dummy." in text
    assert "quick look" not in text
    widths = set()
    for line in text.splitlines():
        if line.startswith("| :--"):
            widths.add(line.count(":"))
    assert widths == {2, 5, 6}
    quick = copy.deepcopy(small_result)
    quick["settings"]["quick"] = True
    assert "rely on no number here" in page_text(quick)


def test_notes_are_kept(small_result, spread, tmp_path):
    page = tmp_path / "performance.md"
    files = write_page(small_result, page)
    assert [path.name for path in files] == ["performance.md", "performance.png"]
    assert all(path.stat().st_size > 0 for path in files)
    text = page.read_text(encoding="utf-8")
    begin, end = text.index(NOTES[0]) + len(NOTES[0]), text.index(NOTES[1])
    mine = "\n## What did not pay\n\nA | pipe, *stars* and `code`.\n"
    page.write_text(text[:begin] + mine + text[end:], encoding="utf-8")
    small_result["envs"]["rows"][0]["steps_per_second"] = spread(123_000.0)
    write_page(json.loads(json.dumps(small_result)), page)
    again = page.read_text(encoding="utf-8")
    assert f"{NOTES[0]}{mine}{NOTES[1]}" in again
    assert again.count(NOTES[0]) == 1
    assert "123,000" in again
    assert "800,000" not in again


def test_somebody_elses_page_is_not_overwritten(small_result, tmp_path):
    page = tmp_path / "README.md"
    page.write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(DataError, match="notes"):
        write_page(small_result, page)
    assert page.read_text(encoding="utf-8") == "# Mine\n"
    assert not (tmp_path / "README.png").exists()


def test_a_page_without_a_figure(small_result, tmp_path):
    del small_result["envs"], small_result["quality"]
    assert write_page(small_result, tmp_path / "page.md") == [tmp_path / "page.md"]
    assert "![" not in (tmp_path / "page.md").read_text(encoding="utf-8")
