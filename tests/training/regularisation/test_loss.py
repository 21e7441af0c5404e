"""What a schedule does to a training: each term, on its part, in its time, exactly resumable."""

import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.networks.cutting import cut_network
from rlnas.networks.parts import network_parts
from rlnas.training import train_network
from rlnas.training.regularisation import Schedule, Term
from rlnas.training.regularisation.penalties import PENALTY


def trained(build, data, recipe, *terms, **changes):
    network = build()
    schedule = Schedule(terms) if terms else None
    recipe = recipe(regularisation=schedule, **changes)
    return network, train_network(network, data, recipe, device="cpu")


def norm(network, part):
    return float(sum(w.detach().square().sum() for w in network_parts(network)[part].weights))


def test_without_terms_nothing_changes(build, table_data, recipe):
    plain, _ = trained(build, table_data, recipe)
    none = build()
    train_network(none, table_data, recipe(regularisation=Schedule()), device="cpu")
    for one, other in zip(plain.parameters(), none.parameters(), strict=True):
        assert torch.equal(one, other)


def test_weight_decay_is_the_optimisers_own(build, table_data, recipe):
    """The proximal step of l2 divides by 1 + ηλ, AdamW multiplies by 1 − ηλ before its own."""
    decay, _ = trained(build, table_data, recipe, weight_decay=0.1)
    shrunk, _ = trained(build, table_data, recipe, Term("l2", "all", (0, 1), (0.1, 0.1)))
    assert norm(shrunk, "layer-2") == pytest.approx(norm(decay, "layer-2"), rel=0.01)


def measured(what, network, first, inputs):
    """Return a penalty of the second layer, written down again."""
    weight = network.dense_2.weight
    with torch.no_grad():
        outputs = network.values(inputs)[2]
        noise = 0.1 * torch.randn(inputs.shape, generator=torch.Generator().manual_seed(1))
        found = {
            "l1": weight.abs().sum(),
            "l2": weight.square().sum(),
            "group": weight.norm(dim=1).sum(),
            "orthogonality": (weight @ weight.T - torch.eye(len(weight))).norm(),
            "activity": outputs.abs().mean(),
            "distance": (weight - first.dense_2.weight).norm(),
            "smoothness": (network.values(inputs + noise)[2] - outputs).norm(),
        }
    return float(found[what])


STRENGTHS = {"l1": 0.3, "l2": 5, "group": 0.3, "activity": 3, "distance": 5, "smoothness": 3}


@pytest.mark.parametrize("what", list(PENALTY))
def test_every_penalty_gets_less_of_itself_and_only_on_its_part(build, table_data, recipe, what):
    strength = STRENGTHS.get(what, 0.3)
    term = Term(what, "layer-2", (0, 1), (strength, strength))
    own, result = trained(build, table_data, recipe, term)
    plain, _ = trained(build, table_data, recipe)
    inputs = table_data.test.inputs
    values = [measured(what, network, build(), inputs) for network in (own, plain)]
    assert values[0] < 0.8 * values[1]
    told = result.history[-1].train
    assert told[f"strength_{what}_layer-2"] == strength
    assert told[f"term_{what}"] > 0
    # Nothing takes the head down.
    assert norm(own, "head") > 0.7 * norm(plain, "head")


def test_groups_become_zero_and_can_be_cut(build, table_data, recipe):
    term = Term("group", "layers", (0, 1), (0.6, 0.6))
    network, result = trained(build, table_data, recipe, term, epochs=20)
    small = cut_network(network)
    assert small.parameters_in_use < 0.8 * network.parameters_in_use
    inputs = table_data.test.inputs
    torch.testing.assert_close(small(inputs), network(inputs), atol=1e-6, rtol=0)
    assert result.score > 80


def test_windows(build, table_data, recipe):
    """A term that begins after the first epoch leaves that epoch as it was."""
    seen = []
    for start in (0.0, 0.5):
        term = Term("l1", "head", (start, 1), (3.0, 3.0))
        _, result = trained(build, table_data, recipe, term)
        seen.append([record.train["loss"] for record in result.history])
    _, plain = trained(build, table_data, recipe)
    losses = [record.train["loss"] for record in plain.history]
    assert seen[1][:2] == losses[:2]
    assert seen[1][-1] != losses[-1]
    assert seen[0][0] != losses[0]


def test_frozen_parts_stay(build, table_data, recipe):
    terms = (Term("freeze", "layer-1"), Term("l1", "layer-1"))
    network, _ = trained(build, table_data, recipe, *terms, weight_decay=1.0)
    first = build()
    assert torch.equal(network.dense_1.weight, first.dense_1.weight)
    assert torch.equal(network.dense_1.bias, first.dense_1.bias)
    assert not torch.equal(network.dense_2.weight, first.dense_2.weight)


def test_reconstruction_trains_the_encoder_alone(build, table_data, recipe):
    network, result = trained(
        build,
        table_data,
        recipe,
        Term("reconstruction", "layer-1"),
        Term("prediction", "", (0, 1), (0, 0)),
        epochs=12,
    )
    terms = [record.train["term_reconstruction"] for record in result.history]
    assert terms[-1] < 0.8 * terms[0]
    first = build()
    assert not torch.equal(network.dense_1.weight, first.dense_1.weight)
    # Where the loss of the task has no weight, what is behind the encoder has no gradient.
    assert torch.equal(network.dense_2.weight, first.dense_2.weight)


def test_resuming_is_exact(build, table_data, recipe, tmp_path):
    terms = (
        Term("reconstruction", "layer-1", (0, 0.6), (1, 0)),
        Term("distance", "layer-2", (0, 1), (0.1, 0.1)),
        Term("smoothness", "layer-3", (0.4, 1), (0.1, 0.1)),
        Term("freeze", "layer-1", (0.5, 0.8), (1, 1)),
    )
    whole, expected = trained(build, table_data, recipe, *terms)

    class Stopped(Exception):
        pass

    def stop(record):
        if record.epoch == 3:
            raise Stopped

    made = recipe(regularisation=Schedule(terms))
    folder = tmp_path / "t"
    with pytest.raises(Stopped):
        train_network(build(), table_data, made, device="cpu", folder=folder, on_epoch=stop)
    again = build()
    found = train_network(again, table_data, made, device="cpu", folder=folder, resume=True)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert [r.train for r in found.history] == [r.train for r in expected.history]


def test_reconstruction_is_for_tables():
    from rlnas.datasets import load_task_data
    from rlnas.networks import SkeletonConfig, build_network
    from rlnas.training import Recipe

    data = load_task_data("digits", "class", train_size=64, valid_size=32, test_size=32)
    config = SkeletonConfig(width=4, stem_strides=(1, 2), modules="4", cells_per_module=1)

    def train(*terms):
        network = build_network("transnas-micro", "64-41414-3_12_130", data.spec, config)
        recipe = Recipe(epochs=1, batch_size=32, regularisation=Schedule(terms))
        train_network(network, data, recipe, device="cpu")
        return network

    with pytest.raises(InvalidArgumentError, match="Leave out the term reconstruction"):
        train(Term("reconstruction", "stem"))
    # Penalties bind to the parts of networks for images as well.
    cell = train(Term("group", "cell-1", (0, 1), (30.0, 30.0)), Term("activity", "stem"))
    assert norm(cell, "cell-1") == 0
    assert norm(cell, "stem") > 0
