import xml.etree.ElementTree as ET

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.heatmap import draw_heatmap, draw_pool_heatmap, write_heatmaps


def test_heatmap_shows_the_mean_ranks_and_their_ratio_to_scratch(rows, results):
    figure = draw_heatmap(results(rows, title="made-up"), "zero-shot")
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
    assert any("4 searches" in t.get_text() for t in figure.texts)


def test_written_files_are_what_they_say_and_the_same_each_time(rows, tmp_path, results):
    paths = write_heatmaps(results(rows), tmp_path)
    assert [p.name for p in paths] == [
        *("heatmap-zero-shot.png", "heatmap-zero-shot.svg"),
        *("heatmap-weight-init.png", "heatmap-weight-init.svg"),
    ]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    first = paths[1].read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")  # noqa: S314 (our own file)
    write_heatmaps(results(rows), tmp_path)
    assert paths[1].read_bytes() == first


def test_unknown_method_is_an_error(rows, results):
    with pytest.raises(InvalidArgumentError, match="zero-shot"):
        draw_heatmap(results(rows), "zero-shoot")


def test_pools_are_set_apart_in_a_heatmap(several, results):
    rows, _ = several
    figure = draw_heatmap(results(rows), "policy-reuse")
    singles, pools, scratch = figure.axes[:3]
    assert [t.get_text() for t in singles.get_yticklabels()] == ["alpha_one", "alpha_two", "beta"]
    assert [t.get_text() for t in pools.get_yticklabels()] == ["all others"]
    assert [t.get_text() for t in pools.texts] == ["8.6"] * 3
    assert [t.get_text() for t in scratch.texts] == ["108"] * 3


def test_methods_without_a_single_source_share_a_heatmap(several, tmp_path, results):
    rows, _ = several
    figure = draw_pool_heatmap(results(rows))
    names = [[t.get_text() for t in a.get_yticklabels()] for a in figure.axes[:4]]
    assert names == [
        ["policy-reuse", "joint"],
        ["random", "evolution"],
        ["joint, all tasks"],
        ["scratch"],
    ]
    ratios = np.asarray(figure.axes[0].images[0].get_array())
    assert ratios[0] == pytest.approx([np.log10(8 / 100)] * 3, abs=0.01)
    written = {p.stem for p in write_heatmaps(results(rows), tmp_path)}
    assert written == {"heatmap-others", "heatmap-weight-init", "heatmap-policy-reuse"}
    with pytest.raises(InvalidArgumentError, match="besides scratch"):
        draw_pool_heatmap(results(rows[rows["source"].isin(["beta"])]))
