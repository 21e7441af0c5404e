"""Sections of a page: a row for each way, and claims that follow from the rows."""

from rlnas.bench.page.sections import sections


def test_tables_and_claims(small_result):
    found = {section.title: section for section in sections(small_result)}
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


def test_a_learner_that_never_gets_there_claims_nothing(small_result, quality_row):
    small_result["quality"]["rows"][-1] = quality_row("device", None, {"sb3-tuned": None})
    (quality, _) = sections(small_result)
    assert quality.claims == ("The device engine did not reach it in half of its runs.",)
