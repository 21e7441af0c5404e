"""What a pass costs is charged to everyone who uses it, once each."""

import pytest

from rlnas.proxies import passes
from rlnas.proxies.passes import SharedPasses


@pytest.fixture
def clock(monkeypatch):
    """Return a function that lets seconds go by."""
    now = [0.0]
    monkeypatch.setattr(passes.time, "perf_counter", lambda: now[0])

    def wait(seconds, result=None):
        now[0] += seconds
        return result

    return wait


def test_each_consumer_pays_for_what_it_would_have_computed_alone(clock):
    shared, computed = SharedPasses(), []

    def forward():
        computed.append("forward")
        return clock(1.0, "features")

    def loss():
        computed.append("loss")
        return clock(0.25, shared.get("forward", forward) + " loss")

    def first():
        clock(0.5)
        return shared.get("loss", loss)

    def second():
        shared.get("forward", forward)
        shared.get("loss", loss)
        return clock(2.0, shared.get("forward", forward))

    outcome, seconds = shared.charge(first)
    assert (outcome(), seconds) == ("features loss", 1.75)
    outcome, seconds = shared.charge(second)
    assert (outcome(), seconds) == ("features", 3.25)
    outcome, seconds = shared.charge(lambda: shared.get("forward", forward))
    assert (outcome(), seconds) == ("features", 1.0)
    assert computed == ["loss", "forward"]


def test_a_failure_is_charged_and_comes_back(clock):
    shared = SharedPasses()
    shared.charge(lambda: shared.get("forward", lambda: clock(1.0, 1)))

    def fail():
        shared.get("forward", lambda: 0)
        clock(0.5)
        raise ValueError("no")

    outcome, seconds = shared.charge(fail)
    assert seconds == 1.5
    with pytest.raises(ValueError, match="no"):
        outcome()
    outcome, seconds = shared.charge(lambda: clock(0.25, "fine"))
    assert (outcome(), seconds) == ("fine", 0.25)


def test_a_pass_that_fails_fails_for_everyone_at_the_same_price(clock):
    shared, tries = SharedPasses(), []

    def inner():
        return clock(0.5, 1)

    def fail():
        tries.append(shared.get("inner", inner))
        clock(1.0)
        raise ValueError("no")

    for _ in range(2):
        outcome, seconds = shared.charge(lambda: shared.get("outer", fail))
        assert seconds == 1.5
        with pytest.raises(ValueError, match="no"):
            outcome()
    assert tries == [1]
