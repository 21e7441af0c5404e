"""Scoring leaves the network alone, says what failed, and depends on nothing it should not."""

import copy
import math

import pytest
import torch
from torch import nn

from rlnas.errors import InvalidArgumentError, UndefinedScoreError, UnknownNameError
from rlnas.proxies import (
    Proxy,
    get_proxy,
    proxy_names,
    register_proxy,
    registry,
    score_proxies,
)
from rlnas.spaces import get_space

THIRTEEN = [
    *("synflow", "snip", "grasp", "fisher", "grad_norm", "jacov", "naswot", "zen", "epe_nas"),
    *("l2_norm", "plain", "params", "flops"),
]
CLASSLESS = ("room_layout", "segmentsemantic", "normal")


def values(scores):
    return {name: score.value for name, score in scores.items()}


def custom(name, compute):
    return Proxy(name=name, compute=compute, needs_data=False, needs_labels=False)


@pytest.fixture
def own_registry(monkeypatch):
    """Let a test register proxies that vanish with it."""
    monkeypatch.setattr(registry.PROXIES, "_entries", dict(registry.PROXIES._entries))


def test_every_proxy_scores_every_kind_of_task(make_network, make_batch, task):
    scores = score_proxies(make_network(task), make_batch(task))
    assert list(scores) == THIRTEEN
    failed = {name: s.failure for name, s in scores.items() if s.failed}
    if task in CLASSLESS:
        assert "no classes" in failed.pop("epe_nas")
    assert not failed
    assert all(math.isnan(s.value) == s.failed and s.seconds > 0 for s in scores.values())


def test_the_network_comes_back_as_it_was(make_network, make_batch, task):
    network, batch = make_network(task), make_batch(task)
    network.eval()
    network.head.requires_grad_(False)
    frozen = [p.requires_grad for p in network.parameters()]
    network(batch[0]).square().sum().backward()
    gradients = [None if p.grad is None else p.grad.clone() for p in network.parameters()]
    state = copy.deepcopy(network.state_dict())
    modes = [m.training for m in network.modules()]
    inputs = batch[0].clone()
    draws = torch.get_rng_state()

    score_proxies(network, batch, seed=1)

    assert torch.equal(torch.get_rng_state(), draws)
    assert torch.equal(batch[0], inputs)
    assert not batch[0].requires_grad
    assert [m.training for m in network.modules()] == modes
    assert [p.requires_grad for p in network.parameters()] == frozen
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    for parameter, before in zip(network.parameters(), gradients, strict=True):
        assert (parameter.grad is None) == (before is None)
        assert before is None or torch.equal(parameter.grad, before)


def test_scores_do_not_depend_on_what_else_is_asked_or_on_the_mode(make_network, make_batch):
    network, batch = make_network(), make_batch("class_object")
    together = values(score_proxies(network, batch))
    backwards = values(score_proxies(network.eval(), batch, names=THIRTEEN[::-1]))
    alone = {name: score_proxies(network, batch, names=[name])[name].value for name in THIRTEEN}
    assert together == backwards == alone


def test_what_a_proxy_says_of_itself_is_true(make_network, make_batch):
    """Needs of data and labels, and whether the seed plays a part."""
    network = make_network()
    inputs, targets = make_batch("class_object")
    others = make_batch("class_object", size=6)[0]
    base = values(score_proxies(network, (inputs, targets)))
    relabelled = values(score_proxies(network, (inputs, targets.roll(1))))
    other_data = values(score_proxies(network, (others, targets[:6])))
    reseeded = values(score_proxies(network, (inputs, targets), seed=1))
    for name in THIRTEEN:
        proxy = get_proxy(name)
        assert (base[name] != relabelled[name]) == proxy.needs_labels, name
        assert (base[name] != other_data[name]) == proxy.needs_data, name
        assert (base[name] != reseeded[name]) == (not proxy.deterministic), name
        assert proxy.source


def test_without_a_batch_or_targets_the_possible_ones_are_scored(make_network, make_batch):
    network, (inputs, targets) = make_network(), make_batch("class_object")
    everything = values(score_proxies(network, (inputs, targets)))
    free = values(score_proxies(network))
    assert set(free) == {"synflow", "zen", "l2_norm", "params", "flops"}
    unlabelled = values(score_proxies(network, (inputs, None)))
    assert set(unlabelled) == set(free) | {"jacov", "naswot"}
    for scores in (free, unlabelled):
        assert scores == {name: everything[name] for name in scores}


def test_missing_data_and_wrong_names_are_said(make_network):
    network = make_network()
    with pytest.raises(InvalidArgumentError, match="'snip' needs inputs and targets"):
        score_proxies(network, names=["params", "snip"])
    with pytest.raises(InvalidArgumentError, match="'snip' needs inputs and targets"):
        score_proxies(network, (torch.zeros(2, 3, 16, 16), None), names=["snip"])
    with pytest.raises(UnknownNameError, match="synflow"):
        score_proxies(network, names=["sinflow"])
    with pytest.raises(InvalidArgumentError, match="give loss="):
        score_proxies(nn.Linear(3, 2), (torch.ones(2, 3), torch.ones(2, 2)), names=["snip"])
    with pytest.raises(InvalidArgumentError, match="shape of an input"):
        score_proxies(nn.Linear(3, 2), names=["synflow"])


def test_a_network_of_nan_fails_and_says_so(make_network, make_batch):
    network = make_network()
    with torch.no_grad():
        network.encoder.stem[0].weight.fill_(math.nan)
    scores = score_proxies(network, make_batch("class_object"))
    # Zen draws its own weights; the counts read none.
    assert {n for n, s in scores.items() if not s.failed} == {"zen", "params", "flops"}
    assert all(math.isnan(s.value) for s in scores.values() if s.failed)


@pytest.mark.parametrize("task", ["class_object", "segmentsemantic"])
def test_a_network_whose_input_reaches_nothing(make_network, make_batch, task):
    network = make_network(task, "64-41414-0_00_000")
    scores = score_proxies(network, make_batch(task))
    assert "path" in scores["synflow"].failure
    assert "do not depend" in scores["zen"].failure
    assert scores["jacov"].failed
    assert not scores["grad_norm"].failed  # the head's weights still have a gradient


def test_equal_cells_have_equal_scores(make_network, make_batch):
    """Dead edges have weights, so they count for l2_norm, params and flops; for no other."""
    dead, cleared = "64-41414-3_02_030", "64-41414-3_00_030"
    space, batch = get_space("transnas-micro"), make_batch("class_object")
    assert space.canonical_key(space.parse(dead)) == space.canonical_key(space.parse(cleared))
    a, b = (values(score_proxies(make_network(architecture=s), batch)) for s in (dead, cleared))
    assert {name for name in THIRTEEN if a[name] != b[name]} == {"l2_norm", "params", "flops"}


@pytest.mark.parametrize(
    ("space", "architecture"),
    [
        ("transnas-macro", "64-1424-basic"),
        (
            "nasbench-201",
            "|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|none~0|nor_conv_1x1~1|skip_connect~2|",
        ),
    ],
)
def test_other_spaces(make_network, make_batch, space, architecture):
    network = make_network(architecture=architecture, space=space)
    assert not any(s.failed for s in score_proxies(network, make_batch("class_object")).values())


def test_soft_labels_are_their_most_probable_class(make_network, make_batch):
    inputs, targets = make_batch("class_object")
    soft = nn.functional.one_hot(targets, 5).float() * 0.8 + 0.04
    scores = [
        score_proxies(make_network(), (inputs, labels), names=["epe_nas"])["epe_nas"].value
        for labels in (targets, soft)
    ]
    assert scores[0] == scores[1]


def test_epe_nas_needs_two_examples_of_a_class(make_network, make_batch):
    inputs, _ = make_batch("class_object", size=4)
    scores = score_proxies(make_network(), (inputs, torch.arange(4)))
    assert "Take a larger batch" in scores["epe_nas"].failure
    assert not scores["jacov"].failed


def test_a_custom_loss_is_used(make_network, make_batch):
    network, batch = make_network(), make_batch("class_object")
    doubled = score_proxies(
        network,
        batch,
        names=["grad_norm", "jacov"],
        loss=lambda outputs, targets: 2 * nn.functional.cross_entropy(outputs, targets),
    )
    plain = score_proxies(network, batch, names=["grad_norm", "jacov"])
    assert doubled["grad_norm"].value == pytest.approx(2 * plain["grad_norm"].value, rel=1e-5)
    assert doubled["jacov"].value == plain["jacov"].value


@pytest.mark.usefixtures("own_registry")
def test_a_registered_proxy_is_one_of_them(make_network):
    register_proxy(custom("depth", lambda probe: float(len(probe.layers))))
    assert proxy_names() == (*THIRTEEN, "depth")
    scores = score_proxies(make_network())
    # Stem, five convolutions in each of three cells, two more where skips change the shape, head.
    assert scores["depth"].value == 2 + 3 * 5 + 2 * 2 + 1
    with pytest.raises(InvalidArgumentError, match="registered already"):
        register_proxy(custom("depth", lambda probe: 0.0))


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (UndefinedScoreError("Nothing to see."), "Nothing to see."),
        (torch.OutOfMemoryError("CUDA"), "Out of memory"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_a_proxy_that_fails_does_not_stop_the_others(make_network, raised, reason):
    def compute(probe):
        if isinstance(raised, Exception):
            raise raised
        return raised

    register_proxy(custom("broken", compute))
    scores = score_proxies(make_network(), names=["broken", "params"])
    assert scores["broken"].failed
    assert reason in scores["broken"].failure
    assert math.isnan(scores["broken"].value)
    assert scores["params"].value > 0


@pytest.mark.usefixtures("own_registry")
def test_an_error_in_a_proxy_is_not_hidden(make_network):
    register_proxy(custom("wrong", lambda probe: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        score_proxies(make_network(), names=["wrong"])
