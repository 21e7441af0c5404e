"""Which proxies a search goes by."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search.proxies.known import AUTO, KnownProxies, known_architectures, promise_of
from rlnas.spaces import get_space
from rlnas.tasks import make_task


def test_the_usual_ones_or_all(proxied):
    ledger = proxied().ledger(5)
    assert KnownProxies(ledger, AUTO, ("good", "snip")).names == ("good",)
    assert KnownProxies(ledger, AUTO, ("snip",)).names == ("good", "noise", "against")
    assert KnownProxies(ledger, (), ("good",)).names == ()
    with pytest.raises(UnknownNameError, match="good"):
        KnownProxies(ledger, ("god",), ())


def test_a_task_without_proxies_refuses_named_ones_and_warns_otherwise(caplog):
    ledger = make_task(get_space("transnas-micro"), lambda text: 1.0).ledger(5)
    with caplog.at_level("WARNING", "rlnas"):
        assert KnownProxies(ledger, AUTO, ()).names == ()
    assert "no proxies" in caplog.text
    with pytest.raises(InvalidArgumentError, match="snip"):
        KnownProxies(ledger, ("snip",), ())


def test_the_mean_of_ranks_with_what_is_missing_last():
    values = np.array([[1.0, 2.0, -np.inf], [1e9, 2e9, 3e9]])
    assert promise_of(values).tolist() == [1.5, 2.5, 2.0]


@pytest.mark.parametrize(("budget", "sizes"), [(5, (20, 40)), (100, (150, 200))])
def test_where_proxies_are_computed_there_is_a_choice(proxied, budget, sizes):
    task = proxied()
    task.proxies.free = False
    ledger = task.ledger(budget)
    proxies = KnownProxies(ledger, AUTO, ())
    rng = np.random.default_rng(0)
    found = known_architectures(ledger, rng, proxies, pool=1000, live=40)
    assert sizes[0] < len(found) <= sizes[1]  # some are drawn twice
    assert len(known_architectures(ledger, rng, proxies, pool=30, live=10)) <= 30
