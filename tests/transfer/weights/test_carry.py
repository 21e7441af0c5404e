"""Weight initialisation says of every tensor what became of it, and it is true."""

import dataclasses
import json

import pytest
import torch

from rlnas.agents import FineTuningConfig, PPOController
from rlnas.errors import UnknownNameError
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task
from rlnas.transfer import WeightInitialization, initialise_weights
from rlnas.transfer.weights.carry import Vocabularies

ALL = ("encoder", "policy_head", "value_head")


def networks(sources, kind, space=None):
    """Return a source's network and a new one with other weights, possibly on another space."""
    source = sources[kind]
    target = PPOController(space or source.space, source.config, seed=99)
    return source.network, target.network


def check_report(reports, source, target, before):
    """Compare what the reports say with the tensors before and after."""
    given, after = source.state_dict(), target.state_dict()
    assert [r.name for r in reports] == list(after)
    for report in reports:
        value = after[report.name]
        assert report.shape == tuple(value.shape)
        assert report.reason
        if report.action == "copied":
            assert torch.equal(value, given[report.name])
        else:
            assert torch.equal(value, before[report.name])
        if report.action == "skipped":
            fits = report.name in given and given[report.name].shape == value.shape
            assert not fits
    return {
        action: {r.name for r in reports if r.action == action}
        for action in ("copied", "skipped", "re-initialised")
    }


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
@pytest.mark.parametrize("parts", [ALL, ("encoder", "policy_head"), ("encoder",), ()])
def test_parts_within_one_space(kind, parts, sources):
    source, target = networks(sources, kind)
    before = {k: v.clone() for k, v in target.state_dict().items()}
    said = check_report(initialise_weights(source, target, parts), source, target, before)
    assert not said["skipped"]
    copied_modules = {name.split(".")[0] for name in said["copied"]}
    wanted = set(parts) | ({"value_encoder"} if "value_head" in parts and kind == "mlp" else set())
    assert copied_modules == wanted
    for name in said["re-initialised"]:
        assert name.split(".")[0] not in wanted


@pytest.mark.parametrize("target_space", ["nasbench-201", "transnas-macro"])
def test_a_transformer_is_copied_whole_across_spaces(target_space, sources):
    source, target = networks(sources, "transformer", get_space(target_space))
    before = {k: v.clone() for k, v in target.state_dict().items()}
    said = check_report(initialise_weights(source, target), source, target, before)
    assert said["copied"] == set(target.state_dict())


def test_a_perceptron_skips_what_does_not_fit(sources):
    source, target = networks(sources, "mlp", get_space("nasbench-201"))
    before = {k: v.clone() for k, v in target.state_dict().items()}
    reports = initialise_weights(source, target)
    said = check_report(reports, source, target, before)
    assert said["skipped"] == {
        "encoder.0.weight",
        "value_encoder.0.weight",
        "policy_head.weight",
        "policy_head.bias",
    }
    assert {"encoder.2.weight", "encoder.0.bias"} <= said["copied"]
    shape = tuple(source.state_dict()["encoder.0.weight"].shape)
    reason = next(r.reason for r in reports if r.name == "encoder.0.weight")
    assert str(shape) in reason


def test_without_names_an_embedding_of_other_operations_does_not_fit(sources):
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "alien"])
    source, target = networks(sources, "transformer", space)
    before = {k: v.clone() for k, v in target.state_dict().items()}
    said = check_report(initialise_weights(source, target), source, target, before)
    assert said["skipped"] == {"encoder.operation.weight", "policy_head.operation.weight"}


def test_operations_are_copied_by_name(sources):
    """Two vocabularies with a name of their own each and the others in another order."""
    known = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "absent"]
    known += ["normal", "channels", "resolution", "channels_resolution"]
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "alien"])
    source, target = networks(sources, "transformer", space)
    wanted = ("alien", *reversed(known))
    before = {k: v.clone() for k, v in target.state_dict().items()}
    names = Vocabularies(tuple(known), wanted)
    reports = initialise_weights(source, target, vocabularies=names)
    actions = {r.name: r.action for r in reports}
    for name in ("encoder.operation.weight", "policy_head.operation.weight"):
        given, after = source.state_dict()[name], target.state_dict()[name]
        assert actions.pop(name) == "partly copied"
        assert torch.equal(after[0], given[0])  # what stands for unknown names
        assert torch.equal(after[1], before[name][1])
        assert torch.equal(after[2:], given[1:].flip(0))
    assert set(actions.values()) == {"copied"}
    assert "10 of 11" in next(r.reason for r in reports if r.action == "partly copied")


def test_a_source_that_knows_more_names_than_the_target(sources):
    """A controller of a space with operations of its own goes to a built-in space whole."""
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "alien"])
    source = PPOController(space, sources["transformer"].config, seed=3)
    method = WeightInitialization(source, parts=ALL)
    network = method.initialise(get_space("nasbench-201"), seed=0)
    assert {r.action for r in method.report} == {"copied"}
    own = source.network.state_dict()
    for name, value in network.state_dict().items():
        assert torch.equal(value, own[name][: len(value)] if value.dim() else own[name])


def test_shrink_and_perturb_interpolates(sources):
    source, target = networks(sources, "mlp")
    before = {k: v.clone() for k, v in target.state_dict().items()}
    reports = initialise_weights(source, target, ("encoder",), shrink=0.75, perturb=0.25)
    for report in reports:
        given, value = source.state_dict()[report.name], target.state_dict()[report.name]
        old = before[report.name]
        mixed = 0.75 * given + 0.25 * old
        torch.testing.assert_close(value, mixed if report.action == "copied" else old)


def test_the_report_says_what_is_frozen_and_how_fast_the_rest_learns(sources):
    method = WeightInitialization(
        sources["mlp"],
        thaw={"encoder": 20, "encoder.2.bias": 5, "policy_head": None, "value_head": 7},
        copied_rate=0.5,
        new_rate=2.0,
        fine_tuning=FineTuningConfig(learning_rate=0.01),
    )
    method.initialise(sources["mlp"].space, seed=0)
    said = {r.name: (r.learns_from, r.learning_rate) for r in method.report}
    assert said["encoder.0.weight"] == (20, 0.005)
    assert said["encoder.2.bias"] == (5, 0.005)
    assert said["policy_head.weight"] == (None, 0.005)
    assert said["value_head.weight"] == (0, 0.02)  # new: never frozen
    json.loads(json.dumps([dataclasses.asdict(r) for r in method.report], allow_nan=False))


def test_the_source_is_left_as_it_was(sources):
    source, target = networks(sources, "mlp")
    before = {k: v.clone() for k, v in source.state_dict().items()}
    initialise_weights(source, target)
    with torch.no_grad():
        for parameter in target.parameters():
            parameter.zero_()
    for name, value in source.state_dict().items():
        assert torch.equal(value, before[name])


def test_unknown_parts(sources):
    with pytest.raises(UnknownNameError, match="policy_head"):
        initialise_weights(*networks(sources, "mlp"), parts=["policy-head"])


def test_a_search_leaves_its_report(sources):
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "skip_connect"])
    method = WeightInitialization(sources["transformer"])
    assert method.report == []
    method.search(make_task(space, lambda text: 1.0), 3, seed=0)
    actions = {r.part: r.action for r in method.report}
    assert actions == {"encoder": "copied", "policy_head": "copied", "value_head": "re-initialised"}
