import re

import pytest

from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.pages.matrix import matrix_body


def test_matrix_body(rows, curves, tmp_path, results, parse):
    body = matrix_body(results(rows, curves, title="made-up"), tmp_path, Investment())
    text = " ".join(parse(body).text)
    assert "6 of 6" in text  # zero-shot beats scratch off the diagonal
    assert "All 18 cells against scratch" in text
    assert "loss< (valid)" in text
    assert "1 s" in text  # the raw value: the score −1 of a metric to minimise
    assert {p.name for p in tmp_path.glob("*.png")} == {
        *("methods.png", "curves.png", "heatmap-zero-shot.png", "heatmap-weight-init.png")
    }
    # What the run does not have has no section.
    assert "Choosing the source" not in text
    assert "Without the choice of a source" not in text


def test_matrix_body_with_every_kind_of_source(several, estimates, tmp_path, results, parse):
    rows, curves = several
    investment = Investment(cost_per_query_seconds=720, source_queries=100)
    body = matrix_body(results(rows, curves, similarities=estimates), tmp_path, investment)
    text = " ".join(parse(body).text)
    assert "Best transfer method: policy-reuse, from all other tasks" in text
    assert "Against evolution, the best without a source" in text
    assert "evolution on beta" in text
    assert "A query takes 720 s" in text
    assert "counts 100 evaluated architectures for each source" in text
    # 4 queries of 0.2 hours saved on each target, two tasks of 100 architectures to pretrain on.
    line = "policy-reuse all other tasks scratch 4 100% / 50% 200 0.8 40 50"
    assert line in " ".join(text.split())
    assert "seer" in text
    assert {p.stem for p in tmp_path.glob("*.svg")} == {
        *("methods", "heatmap-others", "heatmap-weight-init", "heatmap-policy-reuse"),
        *("curves", "curves-others", "gains", "selection"),
    }
    ids = re.findall(r'\bid="([^"]+)"', body)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "left_out",
    [
        lambda r: r["method"] == "scratch",
        lambda r: (r["source"] != "-") | (r["method"] != "scratch"),
        lambda r: r["source"] != r["target"],
        lambda r: (r["seed"] > 0) | ((r["method"] == "scratch") & (r["target"] == "beta")),
    ],
)
def test_an_unfinished_matrix_makes_a_page(several, estimates, tmp_path, left_out, results, parse):
    rows, curves = (frame[~left_out(frame)] for frame in several)
    body = matrix_body(results(rows, curves, similarities=estimates), tmp_path, Investment())
    assert "nan" not in " ".join(parse(re.sub(r"<svg.*?</svg>", "", body, flags=re.S)).text)
