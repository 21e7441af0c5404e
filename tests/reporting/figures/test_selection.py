import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.selection import draw_selection


def test_choices_are_drawn_with_the_references_below(several, estimates, results):
    rows, _ = several
    better = rows["source"].map({"alpha_one": 90.0, "alpha_two": 50.0, "beta": 5.0})
    rows["rank"] = rows["rank"].where(better.isna(), better)
    figure = draw_selection(results(rows, similarities=estimates))
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels[:2] == ["seer (5 queries)", "fool (5 queries)"]
    assert set(labels[2:]) == {"random", "best-on-average", "oracle", "oracle-cross-fitted"}
    ranks = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert ranks[0] == pytest.approx((5 + 5 + 50) / 3)
    assert ranks[1] == pytest.approx((90 + 90 + 50) / 3)
    with pytest.raises(InvalidArgumentError, match="no similarities"):
        draw_selection(results(rows))
