import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
from matplotlib._pylab_helpers import Gcf
from matplotlib.text import Text

from rlnas.reporting.figures.curves import write_curves
from rlnas.reporting.figures.drawing import Drawing, new_figure
from rlnas.reporting.figures.heatmap import draw_heatmap, write_heatmaps


def test_a_drawing_is_drawn_once_as_svg(rows, monkeypatch, tmp_path, results):
    figure = draw_heatmap(results(rows), "zero-shot")
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
    assert element == Drawing(figure, "heat").inline("rank")


def test_two_inline_figures_share_no_identifier_that_is_referred_to(rows, results):
    figures = [
        Drawing(draw_heatmap(results(rows), m), m).inline(f'rank of "{m}"')
        for m in ("zero-shot", "weight-init")
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


def test_figures_touch_no_global_state(rows, curves, tmp_path, results):
    before = dict(mpl.rcParams)
    write_heatmaps(results(rows), tmp_path)
    write_curves(results(rows, curves), tmp_path)
    assert dict(mpl.rcParams) == before
    assert not Gcf.get_all_fig_managers()


def test_a_dollar_in_a_name_is_no_formula(tmp_path):
    figure = new_figure(4, 3)
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.plot([1, 1000], [0, 1], label=r"$\frac$")
    axes.set_yticks([0, 1], [r"$\frac$", "a$b"])
    axes.set_title(r"to $\nonsense{$")
    axes.legend()
    drawing = Drawing(figure, "x")
    drawing.save(tmp_path)
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert any("mathdefault" in text for text in ticks)  # still a power of ten
    texts = [t for t in figure.findobj(Text) if "mathdefault" in t.get_text()]
    assert all(t.get_parse_math() for t in texts)
