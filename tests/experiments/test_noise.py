"""The noise page shows what its experiment wrote, and that is what the package measures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "experiments" / "noise"


def test_the_page_shows_what_was_written():
    page = (ROOT / "docs" / "noise.md").read_text(encoding="utf-8")
    written = (KEPT / "noise.md").read_text(encoding="utf-8")
    missing = [line for line in written.splitlines() if line.startswith("|") and line not in page]
    assert not missing
    rows = pd.read_csv(KEPT / "rows.csv")
    for kind in ("oracle", "lucky"):
        means = rows[rows["suite"] == "transnas-micro"][[f"{kind}_at_{q}" for q in (10, 20, 50)]]
        assert " / ".join(f"{mean:.1f}" for mean in means.mean()) in page.split("What follows")[1]


@pytest.mark.realdata
@pytest.mark.slow
def test_the_package_measures_what_was_written(real_suite):
    rows = pd.read_csv(KEPT / "rows.csv")
    kept = rows[rows["suite"] == "transnas-micro"].reset_index(drop=True)
    again = real_suite("transnas-micro").noise.to_frame((1, 2, 5, 10, 20, 50))
    for name in again:
        if not pd.api.types.is_numeric_dtype(again[name]):
            assert list(again[name]) == list(kept[name])
        else:
            np.testing.assert_allclose(again[name], kept[name], rtol=0.05, atol=1e-3, err_msg=name)
