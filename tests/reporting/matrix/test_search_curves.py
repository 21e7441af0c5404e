"""Curves of searches, brought to common points."""

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.reporting.matrix.transfer_metrics import resampled_pairs, transfer_metrics

SCRATCH = ("-", "t", "scratch")
METHOD = ("s", "t", "zero-shot")


def test_a_search_that_ended_keeps_what_it_found_and_rows_beyond_the_budget_do_not_count(courses):
    found = courses({SCRATCH: [[0, 1, 2, 3]], METHOD: [[5, 6], [1, 1, 1, 1, 9]]})
    assert found.points.tolist() == [1, 2, 3, 4]
    assert found.cells[METHOD].tolist() == [[5, 6, 6, 6], [1, 1, 1, 1]]
    assert found.horizon == 4


def test_ranks_become_their_negative_logarithm(frame):
    ranks = frame({SCRATCH: [[1000, 10, 1]]}).rename(columns={"value": "rank"})
    values = SearchCurves.from_frame(ranks).cells[SCRATCH]
    assert values.tolist() == [[-3, -1, 0]]
    assert not np.signbit(values[0, 2])


def test_steps_begin_where_every_search_has_begun(frame):
    curves = pd.concat(
        [
            frame({SCRATCH: [[1, 2]]}, "step").assign(step=[10, 20]),
            frame({METHOD: [[3, 5]]}, "step").assign(step=[0, 20]),
        ]
    )
    found = SearchCurves.from_frame(curves, axis="step", value="value")
    assert found.points.tolist() == [10, 20]
    assert found.cells[METHOD].tolist() == [[3, 5]]


def test_order_of_rows_does_not_matter(frame, small):
    curves = frame(small)
    shuffled = curves.sample(frac=1, random_state=0)
    first = transfer_metrics(resampled_pairs(SearchCurves.from_frame(curves, value="value")))
    second = transfer_metrics(resampled_pairs(SearchCurves.from_frame(shuffled, value="value")))
    for column in ("area_gain", "jumpstart", "probability_of_improvement"):
        assert first[column].tolist() == pytest.approx(second[column].tolist())


def test_curves_that_cannot_be_compared_are_refused(courses, frame, small):
    with pytest.raises(InvalidArgumentError, match="no search by 'scratch'"):
        courses({METHOD: [[1, 2]]})
    with pytest.raises(InvalidArgumentError, match="on u"):
        courses({SCRATCH: [[1]], ("s", "u", "zero-shot"): [[1]]})
    with pytest.raises(InvalidArgumentError, match="lack the column rank"):
        SearchCurves.from_frame(frame(small))
    with pytest.raises(InvalidArgumentError, match="two values"):
        SearchCurves.from_frame(pd.concat([frame(small)] * 2), value="value")
