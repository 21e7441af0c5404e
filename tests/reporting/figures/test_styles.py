import pandas as pd

from rlnas.reporting.figures.curves import draw_curves
from rlnas.reporting.figures.styles import method_styles


def test_a_method_looks_the_same_in_every_figure_and_like_no_other(several, results):
    rows, curves = several
    styles = method_styles(curves)
    figures = [draw_curves(results(rows, curves), sources=s) for s in ("single", "others")]
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
