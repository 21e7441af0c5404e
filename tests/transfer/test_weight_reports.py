"""Weight initialisation says of every tensor what became of it, and it is true."""

import pytest
import torch

from rlnas.errors import UnknownNameError
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task
from rlnas.transfer import WeightInitialization, initialise_weights

ALL = ("encoder", "policy_head", "value_head")


def networks(sources, kind, space=None):
    """Return a source's network and a new one with other weights, possibly on another space."""
    from rlnas.agents import PPOController

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


def test_new_operation_names_make_an_embedding_that_does_not_fit(sources):
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "alien"])
    source, target = networks(sources, "transformer", space)
    before = {k: v.clone() for k, v in target.state_dict().items()}
    said = check_report(initialise_weights(source, target), source, target, before)
    assert said["skipped"] == {"encoder.operation.weight", "policy_head.operation.weight"}


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
