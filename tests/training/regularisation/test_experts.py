"""The named schedules do what their names say, on any network's parts."""

import pytest

from rlnas.errors import RlnasError
from rlnas.training.regularisation import ExpertSchedule, expert_names

PARTS = ("layer-1", "layer-2", "head")


@pytest.mark.parametrize("name", expert_names())
@pytest.mark.parametrize("parts", [PARTS, ("stem", "cell-1", "head"), ("head",)])
def test_every_expert_suits_every_network(name, parts):
    schedule = ExpertSchedule(name).on(parts)
    assert {part for _, part in schedule.keys} <= {*parts, ""}


def active(name, time):
    found = ExpertSchedule(name, 0.5).on(PARTS).strengths(time)
    return {key: round(value, 3) for key, value in found.items() if value}


def test_what_they_ask_for():
    assert set(active("constant", 0.5).values()) == {0.5}
    assert active("strong-to-weak", 0)["l2", "head"] == 0.5
    assert not active("strong-to-weak", 1)
    assert not active("weak-to-strong", 0)
    assert active("layer-by-layer", 0.25) == {("group", "layer-1"): 0.5}
    assert active("layer-by-layer", 0.75) == {("group", "layer-2"): 0.5}
    assert not active("sparse-late", 0.4)
    assert active("sparse-late", 1) == {("group", "layer-1"): 0.5, ("group", "layer-2"): 0.5}
    assert active("autoencoder-first", 0.1) == {("reconstruction", "layer-1"): 1}
    middle = active("autoencoder-first", 0.45)
    assert middle["freeze", "layer-1"] == middle["prediction", ""] == 1
    assert set(active("autoencoder-first", 0.9)) == {("prediction", ""), ("l2", "head")}


def test_what_is_none():
    with pytest.raises(RlnasError, match="sparse-late"):
        ExpertSchedule("sparse-lat")
    with pytest.raises(RlnasError, match="0 or more"):
        ExpertSchedule("constant", -1)
