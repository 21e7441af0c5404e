import numpy as np
import pytest

from rlnas.reporting.matrix.bands import rank_band, rank_bands


def test_band_is_the_geometric_mean_over_pairs_then_the_interquartile_mean(curves):
    part = curves[(curves["method"] == "zero-shot") & (curves["source"] != curves["target"])]
    band = rank_band(part)
    assert band.seeds == 4
    assert band.queries.tolist() == list(range(1, 13))
    ends = np.sort(
        [part[(part["seed"] == s) & (part["query"] == 12)]["rank"].iloc[0] for s in range(4)]
    )
    assert band.estimate[-1] == pytest.approx(10 ** np.log10(ends)[1:3].mean())
    assert (band.low <= band.estimate).all()
    assert (band.estimate <= band.high).all()


def test_a_search_that_ended_early_keeps_its_last_rank(curves):
    part = curves[(curves["method"] == "scratch") & (curves["target"] == "beta")]
    cut = part[(part["seed"] != 0) | (part["query"] <= 5)]
    kept = part[(part["seed"] == 0) & (part["query"] == 5)]["rank"].iloc[0]
    one = rank_band(cut[cut["seed"] == 0])
    assert one.estimate[-1] == pytest.approx(kept)
    assert np.isnan(one.low).all()
    assert rank_band(cut).queries[-1] == 12


def test_bands_of_panels_are_those_of_their_rows(curves):
    cut = curves[(curves["target"] != "beta") | (curves["query"] <= 7)]
    bands = rank_bands(cut, {"all": ["alpha_one", "alpha_two", "beta"], "b": ["beta"]})
    assert len(bands) == 2 * 3
    for (panel, method), band in bands.items():
        part = cut[(cut["method"] == method) & ((panel == "all") | (cut["target"] == "beta"))]
        alone = rank_band(part)
        for name, values in vars(alone).items():
            np.testing.assert_array_equal(getattr(band, name), values)
    assert len(bands["b", "scratch"].queries) == 7
    assert len(bands["all", "scratch"].queries) == 12
