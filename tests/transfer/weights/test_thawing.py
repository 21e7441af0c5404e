"""When frozen parts thaw."""

import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.transfer.weights.thawing import ThawingRates, gradual_unfreezing, thawing_updates


@pytest.fixture
def names(sources):
    return {kind: list(source.network.state_dict()) for kind, source in sources.items()}


def test_parts_modules_and_tensors_thaw_when_told(names):
    thaw = {"encoder": 10, "encoder.2": 5, "encoder.2.bias": 0, "value_head": None}
    updates = thawing_updates(names["mlp"], thaw)
    assert updates["encoder.0.weight"] == 10
    assert updates["encoder.2.weight"] == 5
    assert updates["encoder.2.bias"] == 0
    assert updates["policy_head.weight"] == 0
    # The perceptron's encoder of values belongs to the part.
    assert updates["value_head.weight"] is updates["value_encoder.0.weight"] is None


def test_mistakes_are_explained(names):
    with pytest.raises(UnknownNameError, match="policy_head"):
        thawing_updates(names["mlp"], {"policy-head": 1})
    with pytest.raises(InvalidArgumentError, match="-1"):
        thawing_updates(names["mlp"], {"encoder": -1})
    with pytest.raises(InvalidArgumentError, match="-2"):
        gradual_unfreezing(names["mlp"], -2)


def test_a_perceptron_unfreezes_from_the_heads_back(names):
    updates = gradual_unfreezing(names["mlp"], 4)
    assert {n.rsplit(".", 1)[0]: u for n, u in updates.items()} == {
        "encoder.0": 8,
        "encoder.2": 4,
        "value_encoder.0": 8,
        "value_encoder.2": 4,
        "policy_head": 0,
        "value_head": 0,
    }


def test_a_transformer_unfreezes_from_the_heads_back():
    names = ["policy_head.token.weight", "value_head.0.bias", "encoder.norm.bias"]
    names += [f"encoder.layers.layers.{i}.self_attn.in_proj_weight" for i in range(12)]
    names += ["encoder.operation.weight", "encoder.scalars.bias"]
    updates = list(gradual_unfreezing(names, 3).values())
    assert updates == [0, 0, 3, *(3 * (12 - i) for i in range(12)), 39, 39]


def test_every_tensor_of_a_network_has_its_turn(names):
    """A layer, a final normalisation and embeddings: two turns after the heads."""
    updates = gradual_unfreezing(names["transformer"], 2)
    assert {n.split(".")[0] for n, u in updates.items() if u == 0} == {"policy_head", "value_head"}
    assert {u for n, u in updates.items() if n.startswith("encoder.")} == {2, 4}


def test_rates_change_at_the_update_and_are_the_same_object_between():
    rates = ThawingRates({"a": 0.5, "b": 2.0, "c": 1.0}, {"a": 3, "b": 0, "c": None})
    assert rates(0) is rates(2)
    assert rates(2) == {"a": 0.0, "b": 2.0, "c": 0.0}
    assert rates(3) is rates(99)
    assert rates(3) == {"a": 0.5, "b": 2.0, "c": 0.0}
