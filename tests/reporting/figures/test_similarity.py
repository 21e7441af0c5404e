"""The similarity figure and tables: every number is on them, missing ones too."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.similarity import draw_similarity, write_similarity
from rlnas.reporting.terminal.similarity import ranking_means, similarity_tables
from rlnas.transfer.similarity import SimilarityMatrix

VALUES = np.array([[1.0, 0.25, np.nan], [0.25, 1.0, -0.5], [np.nan, -0.5, 1.0]])
MATRIX = SimilarityMatrix(("here", "there", "target"), VALUES, "τ", "target", 7)


def estimates(**changes):
    rows = [
        # In the order of each ranking, the most similar first.
        ("a", "there", 0, 0.8, 0.6, 0.9, 0.7, 7, 5.0, ""),
        ("a", "here", 0, 0.2, 0.1, 0.4, 0.3, 7, 5.0, ""),
        ("a", "here", 1, 0.6, 0.5, 0.7, 0.6, 7, 9.0, ""),
        ("a", "there", 1, 0.4, 0.2, 0.5, 0.4, 7, 9.0, ""),
        ("b", "here", 0, np.nan, np.nan, np.nan, 0.5, 0, np.nan, "no values"),
        ("b", "there", 0, np.nan, np.nan, np.nan, 0.5, 0, np.nan, "no values"),
    ]
    columns = ["estimator", "source", "seed", "similarity", "low", "high", "weight", "queries"]
    frame = pd.DataFrame(rows, columns=[*columns, "best_rank", "note"])
    return frame.assign(target="target", **changes)


def test_means_over_seeds():
    means = ranking_means(estimates())
    assert list(means["source"]) == ["there", "here", "here", "there"]
    first = means.iloc[0]
    assert first["similarity"] == pytest.approx(0.6)
    assert first["low"] == pytest.approx(0.4)
    assert first["first"] == 0.5
    assert first["best_rank"] == 7.0
    assert means["first"].isna().tolist() == [False, False, True, True]


def test_tables_say_everything():
    console = Console(width=100, record=True, file=io.StringIO())
    for part in similarity_tables(ranking_means(estimates()), MATRIX):
        console.print(part)
    text = console.export_text()
    for piece in (
        "a: 7 target queries",
        "rank 7",
        "0.60",
        "50%",
        "no values",
        "-0.50",
        "–",
        "by 7",
    ):
        assert piece in text


def test_the_figure_has_matrix_and_panels(tmp_path):
    means = ranking_means(estimates())
    figure = draw_similarity(MATRIX, means, title="suite")
    assert len(figure.axes) == 3
    texts = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert {"1", ".25", "-.50", "–", "not known"} <= texts
    png, svg = write_similarity(MATRIX, means, tmp_path)
    assert png.stat().st_size > 5000
    assert svg.read_text(encoding="utf-8").startswith("<?xml")


def test_nothing_to_draw():
    with pytest.raises(InvalidArgumentError, match="no ranking"):
        draw_similarity(MATRIX, ranking_means(estimates()).iloc[:0])
