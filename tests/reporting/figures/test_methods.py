import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.methods import draw_methods


def test_methods_are_drawn_with_their_intervals_the_bounds_last(several, results):
    rows, _ = several
    figure = draw_methods(results(rows))
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels[0] == "policy-reuse (all other tasks)"
    assert labels[-1] == "joint (all tasks)" or "target itself" in labels[-1]
    places = {label: place for place, label in enumerate(labels)}
    assert places["random"] < places["joint (all tasks)"]
    points = {
        round(line.get_ydata()[0]): line
        for line in figure.axes[0].lines
        if line.get_marker() == "o"
    }
    best = points[0]
    assert best.get_xdata()[0] == pytest.approx(0.08, rel=0.02)
    assert points[places["joint (all tasks)"]].get_markerfacecolor() == "white"
    with pytest.raises(InvalidArgumentError, match="besides scratch"):
        draw_methods(results(rows[rows["method"] == "scratch"]))
