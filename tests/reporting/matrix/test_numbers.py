"""Numbers of a matrix: those of the plain functions, each computed once."""

from collections import Counter

import numpy as np

from rlnas.reporting import (
    matrix_summary,
)
from rlnas.reporting.matrix import numbers
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.speed_up import time_to_threshold
from rlnas.reporting.pages.matrix import matrix_body


def test_nothing_is_computed_twice(several, estimates, results, monkeypatch, tmp_path):
    calls = Counter()

    def count(name):
        function = getattr(numbers, name)

        def counted(*args, **options):
            calls[name] += 1
            return function(*args, **options)

        monkeypatch.setattr(numbers, name, counted)

    computed = [
        *("improvement_over_scratch", "final_metrics", "matrix_summary", "resampled_pairs"),
        *("transfer_metrics", "pooled_transfer_metrics", "pooled_speed_up", "time_to_threshold"),
        *("investment_summary", "selection_summary", "gain_table", "entrants"),
    ]
    for name in computed:
        count(name)
    matrix = results(*several, similarities=estimates)
    matrix_body(matrix, tmp_path, Investment())
    assert calls == dict.fromkeys(computed, 1) | {"entrants": 2}  # of all rows and of comparable
    matrix.table()
    matrix.summary()
    matrix.times_to_threshold((0.5,))
    assert calls["time_to_threshold"] == 2  # other thresholds are other numbers
    matrix.times_to_threshold((0.5,))
    for name in matrix.figures():
        matrix.figure(name)
    assert calls["time_to_threshold"] == 2
    assert calls["improvement_over_scratch"] == calls["matrix_summary"] == 1
    assert matrix.pairs() is matrix.pairs()


def test_other_rows_have_numbers_of_their_own(rows, results):
    first = results(rows).pairs()["wins"].sum()
    assert results(rows.assign(rank=1.0)).pairs()["wins"].sum() == 0 < first


def test_numbers_are_those_of_the_plain_functions(several, results):
    rows, curves = several
    matrix = results(rows, curves)
    np.testing.assert_equal(matrix.summary(), matrix_summary(rows))
    free = Investment(source_queries=10)
    assert set(matrix.savings(free)["baseline"]) == {"scratch", "evolution"}


def test_the_sources_are_those_that_training_is_paid_for(several, results):
    rows, curves = several
    first = rows["target"].iloc[0]
    # An unfinished matrix, or one from another suite: sources that nobody has searched.
    part = [frame[frame["target"] == first] for frame in (rows, curves)]
    matrix = results(*part)
    assert set(matrix.sources) > set(matrix.targets)
    paid = dict.fromkeys(matrix.sources, 5.0)
    table = time_to_threshold(matrix.search_curves(), source_training=paid)
    assert (table["source_training"] >= 0).all()
    pools = results(*[f[f["source"].isin(["-", "others"])] for f in (rows, curves)])
    assert pools.sources == pools.targets
