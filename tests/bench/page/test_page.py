"""The page and its tables say what a result says, and keep what was written by hand."""

import copy
import json

import pytest

from rlnas.bench.page.page import NOTES, page_text, write_page
from rlnas.bench.page.sections import sections
from rlnas.errors import DataError


def spread(median):
    return {"median": median, "min": median / 2, "max": 2 * median, "repeats": [median]}


def rate(key, median, num_envs=8):
    return {
        "key": key,
        "name": f"way {key}",
        "device": "cpu",
        "num_envs": num_envs,
        "steps_per_second": spread(median),
    }


def quality_row(key, seconds, times):
    reached = seconds is not None
    run = {
        "seed": 0,
        "reached": reached,
        "seconds": seconds or 60.0,
        "steps": 5_000,
        "trajectory": [
            {"steps": 2_500, "seconds": 1.0, "rank": 40.0},
            {"steps": 5_000, "seconds": seconds or 60.0, "rank": 9.0 if reached else 30.0},
            {"steps": 7_500, "seconds": 2 * (seconds or 60.0), "rank": 5.0 if reached else 30.0},
        ],
    }
    return {
        "key": key,
        "name": f"learner {key}",
        "runs": [run],
        "reached": int(reached),
        "seconds": {"median": seconds, "min": seconds, "max": seconds},
        "seconds_at_least": seconds or 60.0,
        "steps": {"median": 5_000.0 if reached else None, "min": None, "max": None},
        "times_faster": times,
    }


def small_result():
    """A result with numbers that can be found again."""
    return {
        "suite": "synthetic-micro",
        "task": "synthetic-micro/synthetic-0",
        "machine": {
            "processor": "Abacus | 9",
            "cores": 3,
            "memory_gib": 16.0,
            "torch_threads": 1,
            "cuda": None,
            "system": "Linux",
            "versions": {"python": "3.11", "torch": "2.9"},
        },
        "settings": {
            "quick": False,
            "device": "cpu",
            "num_envs": 1024,
            "seconds": 1.0,
            "repeats": 3,
            "loads": 5,
            "seeds": 1,
            "curve_seeds": 2,
            "seed": 0,
        },
        "took": {"envs": 2.0, "quality": 3.0},
        "envs": {
            "rows": [rate("tensor", 800_000.0, 1024), rate("dummy", 4_000.0, 1024)],
            "times_faster": {"dummy": 200.0},
        },
        "quality": {
            "rank": 10.0,
            "queries": 50,
            "searches": 20,
            "seeds": 1,
            "max_steps": 300_000,
            "max_seconds": 60.0,
            "device": "cpu",
            "rows": [
                quality_row("sb3-default", None, {"device": None}),
                quality_row("sb3-tuned", 3.0, {"device": {"ratio": 0.05, "at_least": False}}),
                quality_row(
                    "device",
                    0.15,
                    {
                        "sb3-default": {"ratio": 400.0, "at_least": True},
                        "sb3-tuned": {"ratio": 20.0, "at_least": False},
                    },
                ),
            ],
        },
    }


def test_tables_and_claims():
    found = {section.title: section for section in sections(small_result())}
    assert list(found) == ["Time to quality", "Environment steps"]
    quality, steps = found.values()
    assert [row[1:4] for row in quality.rows] == [
        ["0 of 1", "> 60.0 s", "–"],
        ["1 of 1", "3.00 s", "3.00 s"],
        ["1 of 1", "150 ms", "150 ms"],
    ]
    assert "learner sb3-default: at least 400 times as long" in quality.claims[0]
    assert "learner sb3-tuned: 20.0 times as long" in quality.claims[1]
    assert steps.rows[0] == ["way tensor", "1,024", "800,000", "400,000", "1,600,000"]
    assert steps.claims == ("way tensor is 200 times as fast as way dummy.",)
    for section in found.values():
        assert {len(row) for row in section.rows} == {len(section.headers)}


def test_a_learner_that_never_gets_there_claims_nothing():
    result = small_result()
    result["quality"]["rows"][-1] = quality_row("device", None, {"sb3-tuned": None})
    (quality, _) = sections(result)
    assert quality.claims == ("The device engine did not reach it in half of its runs.",)


def test_the_page():
    text = page_text(small_result(), command="rlnas bench envs", figure="performance.png")
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
    quick = copy.deepcopy(small_result())
    quick["settings"]["quick"] = True
    assert "rely on no number here" in page_text(quick)


def test_notes_are_kept(tmp_path):
    page = tmp_path / "performance.md"
    files = write_page(small_result(), page)
    assert [path.name for path in files] == ["performance.md", "performance.png"]
    assert all(path.stat().st_size > 0 for path in files)
    text = page.read_text(encoding="utf-8")
    begin, end = text.index(NOTES[0]) + len(NOTES[0]), text.index(NOTES[1])
    mine = "\n## What did not pay\n\nA | pipe, *stars* and `code`.\n"
    page.write_text(text[:begin] + mine + text[end:], encoding="utf-8")
    other = small_result()
    other["envs"]["rows"][0]["steps_per_second"] = spread(123_000.0)
    write_page(json.loads(json.dumps(other)), page)
    again = page.read_text(encoding="utf-8")
    assert f"{NOTES[0]}{mine}{NOTES[1]}" in again
    assert again.count(NOTES[0]) == 1
    assert "123,000" in again
    assert "800,000" not in again


def test_somebody_elses_page_is_not_overwritten(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(DataError, match="notes"):
        write_page(small_result(), page)
    assert page.read_text(encoding="utf-8") == "# Mine\n"
    assert not (tmp_path / "README.png").exists()


def test_a_page_without_a_figure(tmp_path):
    result = small_result()
    del result["envs"], result["quality"]
    assert write_page(result, tmp_path / "page.md") == [tmp_path / "page.md"]
    assert "![" not in (tmp_path / "page.md").read_text(encoding="utf-8")
