import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.gains import draw_gains


def test_similarity_is_drawn_against_gain_for_each_estimator(several, estimates, results):
    rows, _ = several
    matrix = results(rows, similarities=estimates)
    gains = matrix.source_gains()
    figure = draw_gains(matrix)
    titles = [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes]
    assert titles == ["seer", "fool"]
    for axes in figure.axes:
        points = np.concatenate([c.get_offsets() for c in axes.collections])
        assert len(points) == 6
        assert sorted(points[:, 1]) == pytest.approx(sorted(gains["gain"]))
    with pytest.raises(InvalidArgumentError, match="No pair"):
        draw_gains(results(rows, similarities=estimates.assign(similarity=np.nan)))
