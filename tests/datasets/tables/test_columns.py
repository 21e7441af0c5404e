"""What columns hold, and their cells as numbers and words."""

import numpy as np
import pandas as pd
import pytest

from rlnas.datasets.tables.columns import column_kind, numbers_of, words_of


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", None, "1e3"], "number"),
        ([None, None], "number"),
        (["inf", "-Infinity"], "number"),
        ([True, False], "number"),
        (["2024-01-31", None, "2024-02-01T10:00:00"], "date"),
        (["1", "2", "three"], "word"),
        (["01.02.2024", "31.01.2024"], "word"),
    ],
)
def test_kinds(values, kind):
    assert column_kind(pd.Series(values)) == kind


def test_infinite_and_huge_numbers_are_missing():
    numbers, large = numbers_of(pd.Series(["1", "inf", "-1e300", "word", None]), "number")
    np.testing.assert_array_equal(numbers, [1, np.nan, np.nan, np.nan, np.nan])
    assert large == 2


def test_dates_are_days():
    numbers, _ = numbers_of(pd.Series(["1970-01-02", "1970-01-01T12:00:00", "x"]), "date")
    np.testing.assert_array_equal(numbers, [1, 0.5, np.nan])
    far, _ = numbers_of(pd.Series(["9999-12-31", "1066-10-14"]), "date")
    if not np.isnan(far).all():  # pandas 2 has no such dates
        np.testing.assert_array_equal(far, [2_932_896, -329_893])
    typed, _ = numbers_of(pd.Series(pd.to_datetime(["1970-01-03", None])), "date")
    np.testing.assert_array_equal(typed, [2, np.nan])


def test_words_lose_blanks_and_names_of_nothing():
    assert words_of(pd.Series([" a ", None, "NA", 3])).tolist() == ["a", "", "", "3"]
    texts = pd.Series([" a ", None, "NA", "3", " a "], dtype="str")  # as files have them
    assert words_of(texts).tolist() == ["a", "", "", "3", "a"]


def test_what_comes_late_counts():
    for late, kind in (("three", "word"), ("2024-01-31", "date"), ("3", "number")):
        assert column_kind(pd.Series([*map(str, range(3000, 3300)), late])) == kind
    assert column_kind(pd.Series(["2024-01-31"] * 300 + ["31.1.2024"])) == "word"
