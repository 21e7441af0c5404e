"""The machine that measures: its description, and threads that are given back."""

import json

import pytest
import torch

from rlnas.bench import (
    available_cores,
    describe_machine,
    torch_threads,
)


def test_threads_are_given_back_even_after_an_error():
    before = torch.get_num_threads()

    def work():
        with torch_threads(before + 1):
            assert torch.get_num_threads() == before + 1
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert torch.get_num_threads() == before


def test_the_machine_is_described():
    machine = describe_machine()
    assert json.loads(json.dumps(machine)) == machine
    assert machine["cores"] == available_cores() >= 1
    assert machine["torch_threads"] == torch.get_num_threads()
    assert machine["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    assert {"numpy", "stable-baselines3", "rlnas"} <= set(machine["versions"])
