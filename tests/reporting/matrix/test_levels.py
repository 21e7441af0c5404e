"""What intervals resample, in words."""

import pandas as pd
import pytest

from rlnas.reporting.matrix.levels import resampled_in_words


def rows(targets=3, controllers=1, source="s"):
    return pd.DataFrame(
        [(source, t, c) for t in range(targets) for c in range(controllers)],
        columns=["source", "target", "controller"],
    )


@pytest.mark.parametrize(
    ("given", "tasks", "said"),
    [
        (rows(7), True, "resample the 7 targets, for one controller a source as it is."),
        (rows(7, 3), True, "the 7 targets and the 3 controllers of each source."),
        (rows(2), True, "Two are too few"),
        (rows(1), True, "resample the searches, for one"),
        (rows(7), False, "With one controller a source they hold for it alone"),
        (rows(7, 3), False, "the 3 controllers of each source and the searches of what has none."),
    ],
)
def test_it_says_what_is_drawn_and_what_is_not_known(given, tasks, said):
    assert said in resampled_in_words(given, tasks=tasks)


def test_what_has_no_source_has_no_controllers_to_miss():
    assert "controller" not in resampled_in_words(rows(source="-"), tasks=False)
    assert "one controller" in resampled_in_words(rows().drop(columns="controller"), tasks=True)
