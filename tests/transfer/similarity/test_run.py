"""Similarities of a target measured by a call into a run folder."""

import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError, RunError
from rlnas.transfer.similarity import measure_similarities


def test_estimates_and_matrix_are_of_what_was_asked(tmp_path):
    def measure(**options):
        return measure_similarities(
            "synthetic-micro",
            "synthetic-0",
            ["rank-correlation"],
            **{"out": tmp_path / "run", "sources": ["synthetic-2", "synthetic-1"], **options},
        )

    found = measure()
    assert set(found.estimates["source"]) == {"synthetic-1", "synthetic-2"}
    assert found.matrix.names == ("synthetic-2", "synthetic-1", "synthetic-0")
    kept = pd.read_parquet(found.folder / "similarities.parquet")
    pd.testing.assert_frame_equal(kept, found.estimates)
    with pytest.raises(RunError, match="probes is 10 there, not 5"):
        measure(resume=True, probes=5)
    for wrong in (
        {"probes": -1},
        {"sources": ["synthetic-0"]},
        {"controllers": ["a"], "matrix": "b"},
    ):
        with pytest.raises(InvalidArgumentError):
            measure(**{"out": tmp_path / "other", **wrong})
    assert not (tmp_path / "other").exists()
