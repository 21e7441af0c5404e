"""Proxies that tables hold reach the tasks of their suites."""

from rlnas.benchmarks import load_suite
from rlnas.benchmarks.proxies import load_proxies


def test_a_built_in_suite_has_its_own_proxies():
    found = load_proxies("rooms-micro")["jigsaw"]
    task = load_suite("rooms-micro")["jigsaw"]
    assert {"snip", "jacov", "synflow"} <= set(task.proxies.names) == set(found)
    with task.sealed():  # no score is among them
        (column,) = task.proxies.values(["snip"], task.space.arrays)
    assert (column == found["snip"]).all()


def test_a_synthetic_suite_has_none():
    assert load_proxies("synthetic-micro") == {}
    assert load_suite("synthetic-micro")["synthetic-0"].proxies is None
