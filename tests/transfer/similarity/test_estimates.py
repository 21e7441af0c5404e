"""Estimates of many sources and targets: the target is left out and sealed."""

import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.transfer.similarity import (
    estimate_similarities,
)


def test_the_study_leaves_the_target_out_and_seals_it(family, known_sources):
    sources = {source.name: source for source in [*family.known("sun-1"), *known_sources]}
    targets = {"sun-1": family.tasks["sun-1"], "rain-1": family.tasks["rain-1"]}
    frame = estimate_similarities(
        sources, targets, ["rank-correlation", "proxy-signature"], probes=8, seeds=2
    )
    assert not (frame["source"] == frame["target"]).any()
    assert len(frame) == 2 * 2 * 2 * 3
    proxied = frame[frame["estimator"] == "proxy-signature"]
    assert proxied["similarity"].isna().all()
    assert (proxied["queries"] == 0).all()
    assert (proxied["note"] != "").all()
    ranked = frame[frame["estimator"] == "rank-correlation"]
    assert (ranked["queries"] == 8).all()
    first = ranked.drop_duplicates(["target", "seed"])
    assert set(zip(first["target"], first["source"], strict=True)) == {
        ("sun-1", "sun-2"),
        ("rain-1", "rain-2"),
    }
    with pytest.raises(InvalidArgumentError, match="no source"):
        estimate_similarities(
            {"sun-1": sources["sun-1"]}, {"sun-1": targets["sun-1"]}, ["spearman"]
        )
