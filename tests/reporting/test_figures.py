import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.markers import TICKLEFT

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.curves import draw_curves, write_curves
from rlnas.reporting.figures.drawing import Drawing, inline_svg
from rlnas.reporting.figures.gains import draw_gains
from rlnas.reporting.figures.heatmap import draw_heatmap, draw_pool_heatmap, write_heatmaps
from rlnas.reporting.figures.methods import draw_methods
from rlnas.reporting.figures.selection import draw_selection
from rlnas.reporting.figures.styles import method_styles
from rlnas.reporting.matrix.bands import rank_band, rank_bands
from rlnas.reporting.matrix.measured_sources import gain_table
from rlnas.reporting.matrix.selection import selection_summary
from rlnas.reporting.matrix.summary import final_courses
from rlnas.reporting.matrix.transfer_metrics import pooled_transfer_metrics


def test_heatmap_shows_the_mean_ranks_and_their_ratio_to_scratch(rows):
    figure = draw_heatmap(rows, "zero-shot", title="made-up")
    cells, scratch = figure.axes[0], figure.axes[1]
    texts = {
        (round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in cells.texts
    }
    assert texts[0, 0] == "1.0"
    assert texts[0, 1] == "10.8"
    assert [t.get_text() for t in scratch.texts] == ["108"] * 3
    colours = np.asarray(cells.images[0].get_array())
    ranks = rows[rows["method"] == "scratch"].groupby("target")["rank"].mean()
    assert colours[0, 0] == pytest.approx(-np.log10(ranks["alpha_one"]))
    assert [t.get_text() for t in cells.get_yticklabels()] == ["alpha_one", "alpha_two", "beta"]
    assert any("4 seeds" in t.get_text() for t in figure.texts)


def test_figures_touch_no_global_state(rows, curves, tmp_path):
    before = dict(mpl.rcParams)
    write_heatmaps(rows, tmp_path)
    write_curves(curves, tmp_path)
    assert dict(mpl.rcParams) == before
    assert not Gcf.get_all_fig_managers()


def test_written_files_are_what_they_say_and_the_same_each_time(rows, tmp_path):
    paths = write_heatmaps(rows, tmp_path)
    assert [p.name for p in paths] == [
        *("heatmap-zero-shot.png", "heatmap-zero-shot.svg"),
        *("heatmap-weight-init.png", "heatmap-weight-init.svg"),
    ]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    first = paths[1].read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")  # noqa: S314 (our own file)
    write_heatmaps(rows, tmp_path)
    assert paths[1].read_bytes() == first


def test_unknown_method_is_an_error(rows):
    with pytest.raises(InvalidArgumentError, match="zero-shot"):
        draw_heatmap(rows, "zero-shoot")


def test_band_is_the_geometric_mean_over_pairs_then_the_interquartile_mean(curves):
    part = curves[(curves["method"] == "zero-shot") & (curves["source"] != curves["target"])]
    band = rank_band(part)
    assert band.seeds == 4
    assert band.queries.tolist() == list(range(1, 13))
    ends = np.sort(
        [part[(part["seed"] == s) & (part["query"] == 12)]["rank"].iloc[0] for s in range(4)]
    )
    assert band.estimate[-1] == pytest.approx(10 ** np.log10(ends)[1:3].mean())
    assert (band.low <= band.estimate).all()
    assert (band.estimate <= band.high).all()


def test_a_search_that_ended_early_keeps_its_last_rank(curves):
    part = curves[(curves["method"] == "scratch") & (curves["target"] == "beta")]
    cut = part[(part["seed"] != 0) | (part["query"] <= 5)]
    kept = part[(part["seed"] == 0) & (part["query"] == 5)]["rank"].iloc[0]
    one = rank_band(cut[cut["seed"] == 0])
    assert one.estimate[-1] == pytest.approx(kept)
    assert np.isnan(one.low).all()
    assert rank_band(cut).queries[-1] == 12


def test_bands_of_panels_are_those_of_their_rows(curves):
    cut = curves[(curves["target"] != "beta") | (curves["query"] <= 7)]
    bands = rank_bands(cut, {"all": ["alpha_one", "alpha_two", "beta"], "b": ["beta"]})
    assert len(bands) == 2 * 3
    for (panel, method), band in bands.items():
        part = cut[(cut["method"] == method) & ((panel == "all") | (cut["target"] == "beta"))]
        alone = rank_band(part)
        for name, values in vars(alone).items():
            np.testing.assert_array_equal(getattr(band, name), values)
    assert len(bands["b", "scratch"].queries) == 7
    assert len(bands["all", "scratch"].queries) == 12


def test_minor_ticks_are_marks_within_the_axes(curves):
    figure = draw_curves(curves)
    figure.canvas.draw()
    low, high = figure.axes[0].get_ylim()
    expected = [k * 10**d for d in range(-1, 5) for k in range(2, 10) if low <= k * 10**d <= high]
    for axes in figure.axes:
        (marks,) = (line for line in axes.lines if line.get_marker() == TICKLEFT)
        assert sorted(marks.get_ydata()) == pytest.approx(expected)
        assert set(marks.get_xdata()) == {0.0}
        assert not len(axes.yaxis.get_minorticklocs())


def test_minor_ticks_within_a_decade_keep_their_labels(curves):
    near = curves.assign(rank=curves["rank"].clip(2, 6))
    figure = draw_curves(near)
    figure.canvas.draw()
    assert any(t.get_text() for t in figure.axes[0].get_yticklabels(minor=True))


def test_a_drawing_is_drawn_once_as_svg(rows, monkeypatch, tmp_path):
    figure = draw_heatmap(rows, "zero-shot")
    saved, savefig = [], figure.savefig

    def counted(*args, **kwargs):
        saved.append(kwargs["format"])
        savefig(*args, **kwargs)

    monkeypatch.setattr(figure, "savefig", counted)
    drawing = Drawing(figure, "heat")
    png, svg = drawing.save(tmp_path)
    element = drawing.inline("rank")
    assert saved == ["png", "svg"]
    assert (png.name, svg.name) == ("heat.png", "heat.svg")
    assert element == inline_svg(figure, "heat", "rank")


def test_curves_leave_out_the_diagonal_unless_asked(curves):
    figure = draw_curves(curves)
    lines = {line.get_label(): line.get_ydata()[-1] for line in figure.axes[0].lines}
    assert lines["zero-shot"] > 9
    kept = draw_curves(curves, keep_diagonal=True)
    lines = {line.get_label(): line.get_ydata()[-1] for line in kept.axes[0].lines}
    assert lines["zero-shot"] < 9
    assert [a.get_title(loc="left") for a in figure.axes] == [
        *("all targets", "alpha_one", "alpha_two", "beta")
    ]
    with pytest.raises(InvalidArgumentError, match="no curves"):
        draw_curves(curves[curves["source"] == curves["target"]])


def test_two_inline_figures_share_no_identifier_that_is_referred_to(rows):
    figures = [
        inline_svg(draw_heatmap(rows, m), m, f'rank of "{m}"') for m in ("zero-shot", "weight-init")
    ]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in figures]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, known in zip(figures, ids, strict=True):
        used = re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', svg)
        assert set(used) <= known
        element = ET.fromstring(svg)  # noqa: S314 (our own text)
        assert element.get("aria-label").startswith("rank of ")
        assert ' width="' not in svg.split(">")[0]


def test_pools_are_set_apart_in_a_heatmap(several):
    rows, _ = several
    figure = draw_heatmap(rows, "policy-reuse")
    singles, pools, scratch = figure.axes[:3]
    assert [t.get_text() for t in singles.get_yticklabels()] == ["alpha_one", "alpha_two", "beta"]
    assert [t.get_text() for t in pools.get_yticklabels()] == ["all others"]
    assert [t.get_text() for t in pools.texts] == ["8.6"] * 3
    assert [t.get_text() for t in scratch.texts] == ["108"] * 3


def test_methods_without_a_single_source_share_a_heatmap(several, tmp_path):
    rows, _ = several
    figure = draw_pool_heatmap(rows)
    names = [[t.get_text() for t in a.get_yticklabels()] for a in figure.axes[:4]]
    assert names == [
        ["policy-reuse", "joint"],
        ["random", "evolution"],
        ["joint, all tasks"],
        ["scratch"],
    ]
    ratios = np.asarray(figure.axes[0].images[0].get_array())
    assert ratios[0] == pytest.approx([np.log10(8 / 100)] * 3, abs=0.01)
    written = {p.stem for p in write_heatmaps(rows, tmp_path)}
    assert written == {"heatmap-others", "heatmap-weight-init", "heatmap-policy-reuse"}
    with pytest.raises(InvalidArgumentError, match="besides scratch"):
        draw_pool_heatmap(rows[rows["source"].isin(["beta"])])


def test_curves_from_one_task_and_from_all_others_are_apart(several):
    _, curves = several
    single = draw_curves(curves)
    others = draw_curves(curves, sources="others")
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


def test_a_method_looks_the_same_in_every_figure_and_like_no_other(several):
    _, curves = several
    styles = method_styles(curves)
    figures = [draw_curves(curves, sources=s, styles=styles) for s in ("single", "others")]
    looks = [
        {line.get_label(): (line.get_color(), line.get_linestyle()) for line in f.axes[0].lines}
        for f in figures
    ]
    for name in ("policy-reuse", "scratch", "random"):
        assert looks[0][name] == looks[1][name]
    many = pd.DataFrame({"method": [f"m{i}" for i in range(16)], "source": "a"})
    assert len(set(map(repr, method_styles(many).values()))) == 16
    plain = method_styles(curves[curves["source"] == "-"])
    assert plain["random"].colour.startswith("#")  # nothing transfers, so colours are free
    assert not styles["random"].colour.startswith("#")


def test_many_methods_have_a_large_panel_and_bands_there_only(several):
    _, curves = several
    names = {m: curves[curves["method"] == "weight-init"].assign(method=m) for m in "abcdef"}
    figure = draw_curves(pd.concat([curves, *names.values()]))
    widths = [axes.get_position().width for axes in figure.axes]
    assert widths[0] > 1.8 * max(widths[1:])
    assert [bool(axes.collections) for axes in figure.axes] == [True, False, False, False]
    figure.canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= figure.axes[0].get_window_extent().y1


def test_methods_are_drawn_with_their_intervals_the_bounds_last(several):
    rows, _ = several
    figure = draw_methods(pooled_transfer_metrics(final_courses(rows), first=1))
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
        draw_methods(pd.DataFrame())


def test_similarity_is_drawn_against_gain_for_each_estimator(several, estimates):
    rows, _ = several
    gains = gain_table(rows, "weight-init")
    summary = selection_summary(estimates, rows, "weight-init")
    figure = draw_gains(estimates, gains, summary, method="weight-init")
    titles = [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes]
    assert titles == ["seer", "fool"]
    for axes in figure.axes:
        points = np.concatenate([c.get_offsets() for c in axes.collections])
        assert len(points) == 6
        assert sorted(points[:, 1]) == pytest.approx(sorted(gains["gain"]))
    with pytest.raises(InvalidArgumentError, match="No pair"):
        draw_gains(estimates.assign(similarity=np.nan), gains, summary, method="x")


def test_choices_are_drawn_with_the_references_below(several, estimates):
    rows, _ = several
    better = rows["source"].map({"alpha_one": 90.0, "alpha_two": 50.0, "beta": 5.0})
    rows["rank"] = rows["rank"].where(better.isna(), better)
    summary = selection_summary(estimates, rows, "weight-init")
    figure = draw_selection(summary, method="weight-init")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels[:2] == ["seer (5 queries)", "fool (5 queries)"]
    assert set(labels[2:]) == {"random", "best-on-average", "oracle", "oracle-cross-fitted"}
    ranks = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert ranks[0] == pytest.approx((5 + 5 + 50) / 3)
    assert ranks[1] == pytest.approx((90 + 90 + 50) / 3)
    with pytest.raises(InvalidArgumentError, match="no choice"):
        draw_selection(summary[:0], method="x")
