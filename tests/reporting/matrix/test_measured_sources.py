"""What each source was worth."""

import numpy as np

from rlnas.reporting.matrix.measured_sources import (
    gain_table,
    places_of,
)


def test_gains_by_hand(make_rows):
    table = gain_table(make_rows()).set_index(["source", "target"])
    assert len(table) == 12  # neither the diagonal nor pools
    row = table.loc[("d", "a")]
    assert (row["gain"], row["mean_rank"], row["place"], row["n"]) == (-1, 1000, 3, 4)
    assert table.loc[("b", "a"), "gain"] == 1
    assert table.loc[("b", "a"), "place"] == 1


def test_equal_sources_share_a_place():
    assert places_of(np.array([[5.0, 2.0, 5.0, np.nan, 9.0]]))[0, [0, 1, 2, 4]].tolist() == [
        2,
        1,
        2,
        4,
    ]
