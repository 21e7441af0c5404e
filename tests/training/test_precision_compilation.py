"""`torch.compile`: when it is used, and what happens where it fails."""

import dataclasses
import logging

import pytest
import torch
from torch._dynamo.exc import BackendCompilerFailed

from rlnas.training import train_network
from rlnas.training.precision import COMPILED_FROM, CompiledForward, compile_pays


def test_it_pays_on_a_gpu_for_a_long_training_alone():
    assert compile_pays(torch.device("cuda"), COMPILED_FROM)
    assert not compile_pays(torch.device("cuda"), COMPILED_FROM - 1)
    assert not compile_pays(torch.device("cpu"), 10**9)


@pytest.fixture
def compilers(monkeypatch):
    """Replace the compiler by one that hands out what it is given, and by one that fails."""
    calls = []

    def works(module):
        def run(inputs):
            calls.append(module.training)
            return module(inputs)

        return run

    def fails(module):
        def run(inputs):
            raise BackendCompilerFailed(works, RuntimeError("no C++ compiler"), None)

        return run

    return calls, lambda name: monkeypatch.setattr(
        torch, "compile", {"works": works, "fails": fails}[name]
    )


@pytest.mark.parametrize(("choice", "used"), [(True, True), (False, False), (None, False)])
def test_the_recipe_decides(choice, used, compilers, digits, make_network, recipe):
    calls, install = compilers
    install("works")
    data = digits()
    train_network(
        make_network(data), data, dataclasses.replace(recipe, compile=choice), device="cpu"
    )
    assert bool(calls) == used
    assert set(calls) == ({True, False} if used else set())  # training and evaluation


def test_where_it_fails_training_goes_on_without(
    compilers, digits, make_network, recipe, same_weights, caplog
):
    compilers[1]("fails")
    data = digits()
    one, two = make_network(data), make_network(data)
    with caplog.at_level(logging.WARNING, logger="rlnas"):
        train_network(one, data, dataclasses.replace(recipe, compile=True), device="cpu")
    train_network(two, data, recipe, device="cpu")
    assert same_weights(one, two)
    assert [r.message for r in caplog.records] == [caplog.records[0].message]  # said once
    assert "goes on without" in caplog.records[0].message


def test_errors_of_the_network_are_not_swallowed(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda module: module)
    with pytest.raises(RuntimeError, match="shape"):
        CompiledForward(torch.nn.Linear(2, 2))(torch.zeros(1, 3))


def test_dynamo_traces_a_network_to_the_same_numbers(digits, make_network, monkeypatch):
    """The front end alone, without a C++ compiler, which would take a minute."""
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module: real(module, backend="eager"))
    data = digits()
    network = make_network(data).eval()
    inputs = data.valid.batch(torch.arange(8))[0]
    torch.testing.assert_close(CompiledForward(network)(inputs), network(inputs))
