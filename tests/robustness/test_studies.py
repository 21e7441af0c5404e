"""A small part of the campaign against studies; ``studies.py`` beside it runs the whole."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("studies", Path(__file__).with_name("studies.py"))
studies = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(studies)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_clients_that_are_killed_lose_and_double_nothing(tmp_path):
    killed, _, wrong = studies.campaign(tmp_path, kills=12, clients=3, queries=80, seed=0)
    assert wrong == []
    assert killed >= 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_the_campaign_notices_what_is_lost_and_what_is_another(tmp_path):
    studies.campaign(tmp_path, kills=0, clients=1, queries=12, seed=0, pause=0.0)
    assert studies.check(tmp_path / "study", 12, 0) == (0, [])
    path = tmp_path / "study" / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if '"told"' in line)
    name = json.loads(lines[last].split(" ", 1)[1])["architecture"]
    path.write_text("".join(lines[:last]))
    wrong = studies.check(tmp_path / "study", 12, 0)[1]
    assert f"{name} was told and is lost" in wrong
    assert "the search is another than without kills" in wrong
