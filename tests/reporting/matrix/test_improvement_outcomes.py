"""Final ranks and regrets of every cell."""

import json

import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.improvement import search_outcomes
from rlnas.statistics.samples import interquartile_mean


def test_outcomes_are_rank_and_regret_of_every_cell(rows):
    table = search_outcomes(rows).set_index(["source", "target", "method"])
    cell = rows[(rows["method"] == "zero-shot") & (rows["source"] == "beta")]
    cell = cell[cell["target"] == "alpha_one"]
    row = table.loc[("beta", "alpha_one", "zero-shot")]
    assert row["mean_rank"] == cell["rank"].mean()
    assert row["iqm_regret"] == interquartile_mean(cell["regret"])
    assert row["rank_low"] <= row["iqm_rank"] <= row["rank_high"]
    assert table.loc[("-", "beta", "scratch"), "n"] == 4
    json.loads(table.reset_index().to_json(orient="records"))
    with pytest.raises(InvalidArgumentError, match="regret"):
        search_outcomes(rows.drop(columns="regret"))
