"""The kept comparison with the published scores says what its scores say, and reaches its goal."""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

from rlnas.proxies import get_proxy

FOLDER = Path(__file__).parents[2] / "experiments" / "zero-cost-proxies"
pytestmark = pytest.mark.skipif(not (FOLDER / "summary.csv").is_file(), reason="not in this copy")


@pytest.fixture
def compare(monkeypatch):
    """Return the experiment's module ``compare``."""
    monkeypatch.syspath_prepend(FOLDER)
    spec = importlib.util.spec_from_file_location("compare", FOLDER / "compare.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "compare", module)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("published", None)


def test_data_free_proxies_agree_with_the_published_scores():
    summary = pd.read_csv(FOLDER / "summary.csv")
    free = summary[[not get_proxy(name).needs_data for name in summary["proxy"]]]
    assert {"nasbench-201", "transnas-micro", "transnas-macro"} <= set(free["setting"])
    assert len(free) >= 15
    assert (free["spearman"] >= 0.9).all()


def test_the_readme_holds_the_table(compare):
    table = compare.markdown(pd.read_csv(FOLDER / "summary.csv"))
    assert table in (FOLDER / "README.md").read_text()
    assert table == (FOLDER / "summary.md").read_text().strip()


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name", ["nasbench-201", "transnas-micro", "transnas-macro", "transnas-macro-shortcuts"]
)
def test_the_summary_is_that_of_the_kept_scores(compare, name, published):
    for path in sys.modules["published"].files():
        published(path)
    kept = pd.read_csv(FOLDER / "summary.csv")
    kept = kept[kept["setting"] == name].reset_index(drop=True)
    frame = pd.read_csv(FOLDER / f"{name}-seed0.csv")
    again = compare.summarise(name, compare.sources_of(name), frame)
    pd.testing.assert_frame_equal(again, kept, check_exact=False, atol=1e-9)
