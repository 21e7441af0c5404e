"""What measuring a group of a study by steps gives."""

import numpy as np
import pytest
from reference_study.config import SCRATCH, Group, StudyConfig
from reference_study.measure import measure_group

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import NO_SOURCE

TASKS = ("synthetic-0", "synthetic-1")


@pytest.fixture(scope="module")
def scratch(config, synthetic):
    return measure_group(config, synthetic, Group(NO_SOURCE, "synthetic-0"))


def test_scratch_goes_on_for_as_long_again_and_gives_the_sources(config, scratch):
    curves, rows = scratch.curves, scratch.rows
    assert sorted(curves["step"].unique()) == list(config.grid(3_200))
    assert len(curves) == 2 * curves["step"].nunique()
    assert sorted(rows["step"].unique()) == [320, 1_600]
    assert [c.steps for c in scratch.sources] == [1_600] * 2
    assert set(rows["method"]) == {SCRATCH}
    assert (rows["rank"] >= 1).all()


def test_a_pair_begins_with_the_sources_policy(config, scratch, synthetic):
    group = Group("synthetic-0", "synthetic-1")
    result = measure_group(config, synthetic, group, scratch.sources)
    assert sorted(result.rows["step"].unique()) == [0, 320, 1_600]
    assert sorted(result.curves["step"].unique()) == list(config.grid(1_600))
    assert result.sources == ()
    again = measure_group(config, synthetic, group, scratch.sources)
    assert again.curves.equals(result.curves)
    assert again.rows.equals(result.rows)
    other = measure_group(config, synthetic, group, scratch.sources[::-1])
    first = result.curves[result.curves["step"] == 0]["best"].to_numpy()
    swapped = other.curves[other.curves["step"] == 0]["best"].to_numpy()
    assert np.allclose(first, swapped[::-1])


def test_a_pair_needs_a_source_for_each_seed(config, scratch, synthetic):
    with pytest.raises(InvalidArgumentError, match="1 sources for 2 seeds"):
        measure_group(config, synthetic, Group(*TASKS), scratch.sources[:1])


def test_without_searches_there_is_no_rank(config, synthetic, scratch):
    quiet = StudyConfig(**{**vars(config), "searches": 0})
    result = measure_group(quiet, synthetic, Group(*TASKS), scratch.sources)
    assert result.rows["rank"].isna().all()
