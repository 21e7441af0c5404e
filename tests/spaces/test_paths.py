"""Features of networks by their paths."""

import numpy as np
import pytest

from rlnas.spaces import CellSpace, get_space
from rlnas.spaces.paths import longest_paths, path_features, paths_through

SPACE = CellSpace("three", [(0, 1), (0, 2), (1, 2)], ["none", "skip_connect", "conv"], none="none")


def row(text):
    return int(SPACE.index(SPACE.parse(text)[None])[0])


def test_what_is_dead_does_not_count():
    space = get_space("transnas-micro")
    features = path_features(space)
    rows = [
        int(space.index(space.parse(f"64-41414-{cell}")[None])[0])
        for cell in ("0_00_300", "3_00_300", "3_00_330", "0_00_000")
    ]
    assert (features[rows[0]] == features[rows[1]]).all()
    assert not (features[rows[0]] == features[rows[2]]).all()
    assert not features[rows[3]].any()


def test_features_are_roots_of_counts():
    space = get_space("transnas-micro")
    squares = np.square(path_features(space))
    assert squares == pytest.approx(squares.round())
    # Six edges of one operation: four paths, of one, two, two and three edges.
    full = squares[int(space.index(space.parse("64-41414-3_33_333")[None])[0])]
    assert sorted(full[full > 0])[-2:] == pytest.approx([4, 6])


def test_the_longest_path_counts_no_skips():
    depth = longest_paths(SPACE)
    wanted = {"conv,skip_connect,conv": 2, "skip_connect,none,conv": 1, "none,none,none": 0}
    assert {text: depth[row(text)] for text in wanted} == wanted


def test_paths_are_told_by_their_edges():
    edges = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    assert paths_through(edges, 0, 3) == [[0, 2, 4], [0, 3], [1, 4]]
    assert paths_through(edges, 3, 0) == []
