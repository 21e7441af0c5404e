from rlnas.reporting.pages.selection import selection_section


def test_similarities_that_cannot_be_judged_are_told(several, estimates, tmp_path, results):
    rows, _ = several
    unknown = results(rows, similarities=estimates.assign(target="unknown"))
    text = selection_section(unknown, tmp_path)
    assert "Not judged yet" in text
    alone = results(rows[rows["source"].isin(["-", "others"])], similarities=estimates)
    assert "none can judge" in selection_section(alone, tmp_path)
    assert selection_section(results(rows), tmp_path) == ""
