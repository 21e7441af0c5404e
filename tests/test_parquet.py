"""Frames on disk with a checksum, and those of before without."""

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import DataError
from rlnas.parquet import read_frame, write_frame

FRAME = pd.DataFrame(
    {"name": ["a", None, "ü"], "rank": [1.5, np.nan, 3.0], "seed": [0, 1, 2], "ok": [True] * 3}
)


def test_a_frame_comes_back_as_by_pandas(tmp_path):
    write_frame(tmp_path / "new.parquet", FRAME)
    FRAME.to_parquet(tmp_path / "old.parquet", index=False)
    for name in ("new", "old"):
        pd.testing.assert_frame_equal(
            read_frame(tmp_path / f"{name}.parquet"), pd.read_parquet(tmp_path / "old.parquet")
        )
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "new.parquet"), FRAME)


def test_damage_is_noticed(tmp_path, flipped):
    path = tmp_path / "x.parquet"
    write_frame(path, FRAME)
    content = path.read_bytes()
    for place in range(0, len(content), 11):
        path.write_bytes(flipped(content, place))
        with pytest.raises(DataError, match=r"x\.parquet"):
            read_frame(path)
    with pytest.raises(DataError, match="missing"):
        read_frame(tmp_path / "nowhere.parquet")
