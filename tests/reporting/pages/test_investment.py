import pytest

from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.pages.investment import investment_section


def test_costs_follow_the_table_or_are_not_counted(several, tmp_path, results, parse):
    rows, curves = several
    text = " ".join(parse(investment_section(results(rows, curves), Investment())).text)
    assert "give --cost-per-query SECONDS, in Python cost_per_query_seconds=SECONDS" in text
    assert "pretraining costs no query" in text
    assert "at once" in text
    assert "GPU h saved" not in text
    timed = rows.assign(cost=rows["queries"] * 3600.0)
    text = " ".join(parse(investment_section(results(timed, curves), Investment(gpus=2))).text)
    assert "those of the benchmark's table" in text
    assert "GPU h saved" not in text  # nobody said that it is a GPU's
    saved = results(timed, curves).return_on_investment(Investment(gpus=2))
    (entry,) = [
        e
        for e in saved
        if (e["method"], e["sources"], e["against"], e["quality"])
        == ("policy-reuse", "others", "scratch", "baseline")
    ]
    assert entry["gpu_hours_saved"] == pytest.approx(2 * entry["queries_saved"])
    assert f"{entry['gpu_hours_saved']:.2g} " in text
    nothing = [frame[frame["source"] == "-"] for frame in (rows, curves)]
    assert investment_section(results(*nothing), Investment()) == ""


@pytest.mark.parametrize(
    ("name", "investment", "unit"),
    [
        ("cpu_seconds", Investment(), "processor h"),
        ("train_seconds", Investment(), "h"),
        ("cpu_seconds", Investment(cost_per_query_seconds=60), "GPU h"),
    ],
)
def test_hours_are_those_of_what_was_measured(several, results, parse, name, investment, unit):
    rows, curves = several
    found = results(rows.assign(cost=rows["queries"] * 3600.0), curves)
    found.cost_name = name
    page = investment_section(found, investment)
    assert f">{unit} saved<" in page
    assert f">pretraining {unit}<" in page
