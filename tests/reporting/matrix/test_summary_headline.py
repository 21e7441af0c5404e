import json

import numpy as np
import pytest

from rlnas.reporting.matrix.summary import headline, headline_sentences


def test_the_best_transfer_method_is_named_with_its_lead(several):
    rows, _ = several
    found = headline(rows)
    json.dumps(found)
    # joint from all tasks ends lower, but has seen the target.
    assert (found["method"], found["sources"]) == ("policy-reuse", "others")
    part = rows[(rows["method"] == "policy-reuse") & (rows["source"] == "others")]
    assert found["rank"]["mean"] == pytest.approx(part["rank"].mean())
    scratch, searcher, runner_up = found["against"]
    assert (runner_up["baseline"], runner_up["kind"]) == ("joint", "runner-up")
    assert 10 ** -runner_up["gain"] == pytest.approx(8 / 20, rel=0.02)
    assert (scratch["baseline"], scratch["kind"]) == ("scratch", "scratch")
    assert searcher["baseline"] == "evolution"  # the better of the two
    for lead, ratio in ((scratch, 8 / 100), (searcher, 8 / 50)):
        assert 10 ** -lead["gain"] == pytest.approx(ratio, rel=0.02)
        assert lead["gain_low"] <= lead["gain"] <= lead["gain_high"]
        assert (lead["better"], lead["pairs"], lead["probability"]) == (3, 3, 1.0)
    text = " ".join(headline_sentences(found))
    assert "policy-reuse, from all other tasks" in text
    assert "Against evolution, the best without a source" in text
    assert "3 of 3 pairs" in text


def test_the_mean_over_sources_counts_and_not_the_best_one(several):
    rows, _ = several
    lucky = (rows["method"] == "weight-init") & (rows["source"] == "beta")
    rows.loc[lucky, "rank"] = 1.0
    assert headline(rows)["method"] == "policy-reuse"
    pooled = rows["source"].isin(["others", "all"])
    found = headline(rows[~pooled])
    assert (found["method"], found["sources"]) == ("weight-init", "single")


def test_a_method_on_one_easy_target_is_not_the_best(several):
    rows, _ = several
    unfinished = (rows["method"] == "policy-reuse") & (rows["target"] != "beta")
    assert headline(rows[~unfinished])["method"] == "joint"


def test_without_something_to_compare_with_less_is_said(several):
    rows, _ = several
    assert [a["kind"] for a in headline(rows[rows["method"] != "scratch"])["against"]] == [
        "searcher",
        "runner-up",
    ]
    assert [a["kind"] for a in headline(rows[rows["source"] != "-"])["against"]] == ["runner-up"]
    nothing = headline(rows[rows["source"] == "-"])
    assert nothing is None
    assert "no transfer" in headline_sentences(nothing)[0]


def test_one_seed_has_no_interval(several):
    rows, _ = several
    found = headline(rows[rows["seed"] == 0])
    assert np.isnan(found["against"][0]["gain_low"])
    assert "nan" not in " ".join(headline_sentences(found))
