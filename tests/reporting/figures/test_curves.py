import pandas as pd
import pytest
from matplotlib.markers import TICKLEFT

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.curves import draw_curves


def test_minor_ticks_are_marks_within_the_axes(curves, results, rows):
    figure = draw_curves(results(rows, curves))
    figure.canvas.draw()
    low, high = figure.axes[0].get_ylim()
    expected = [k * 10**d for d in range(-1, 5) for k in range(2, 10) if low <= k * 10**d <= high]
    for axes in figure.axes:
        (marks,) = (line for line in axes.lines if line.get_marker() == TICKLEFT)
        assert sorted(marks.get_ydata()) == pytest.approx(expected)
        assert set(marks.get_xdata()) == {0.0}
        assert not len(axes.yaxis.get_minorticklocs())


def test_minor_ticks_within_a_decade_keep_their_labels(curves, results, rows):
    near = curves.assign(rank=curves["rank"].clip(2, 6))
    figure = draw_curves(results(rows, near))
    figure.canvas.draw()
    assert any(t.get_text() for t in figure.axes[0].get_yticklabels(minor=True))


def test_curves_leave_out_the_diagonal_unless_asked(curves, results, rows):
    figure = draw_curves(results(rows, curves))
    lines = {line.get_label(): line.get_ydata()[-1] for line in figure.axes[0].lines}
    assert lines["zero-shot"] > 9
    kept = draw_curves(results(rows, curves), keep_diagonal=True)
    lines = {line.get_label(): line.get_ydata()[-1] for line in kept.axes[0].lines}
    assert lines["zero-shot"] < 9
    assert [a.get_title(loc="left") for a in figure.axes] == [
        *("all targets", "alpha_one", "alpha_two", "beta")
    ]
    with pytest.raises(InvalidArgumentError, match="no curves"):
        draw_curves(results(rows, curves[curves["source"] == curves["target"]]))


def test_curves_from_one_task_and_from_all_others_are_apart(several, results):
    rows, curves = several
    single = draw_curves(results(rows, curves))
    others = draw_curves(results(rows, curves), sources="others")
    ends = [
        {line.get_label(): line.get_ydata()[-1] for line in figure.axes[0].lines}
        for figure in (single, others)
    ]
    assert ends[0]["policy-reuse"] == pytest.approx(32.3, rel=0.02)
    assert ends[1]["policy-reuse"] == pytest.approx(8.6, rel=0.02)
    assert "joint" not in ends[0]
    assert "weight-init" not in ends[1]
    for end in ends:
        assert {"scratch", "random", "evolution"} <= set(end)


def test_many_methods_have_a_large_panel_and_bands_there_only(several, results):
    rows, curves = several
    names = {m: curves[curves["method"] == "weight-init"].assign(method=m) for m in "abcdef"}
    figure = draw_curves(results(rows, pd.concat([curves, *names.values()])))
    widths = [axes.get_position().width for axes in figure.axes]
    assert widths[0] > 1.8 * max(widths[1:])
    assert [bool(axes.collections) for axes in figure.axes] == [True, False, False, False]
    figure.canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= figure.axes[0].get_window_extent().y1
