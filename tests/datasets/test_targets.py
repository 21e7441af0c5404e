"""Targets in the form of their kind."""

import pytest
import torch

from rlnas.datasets import (
    MemoryTargets,
)
from rlnas.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("class", torch.tensor([4, 5, 6], dtype=torch.uint8), torch.tensor([6, 4])),
        ("vector", torch.eye(3, dtype=torch.float64), torch.eye(3)[[2, 0]]),
        (
            "pixels",
            torch.tensor([[[1]], [[2]], [[255]]], dtype=torch.uint8),
            torch.tensor([[[255]], [[1]]]),
        ),
        (
            "image",
            torch.tensor([255, 0, 0], dtype=torch.uint8).view(3, 1, 1, 1),
            torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1),
        ),
        (
            "image",
            torch.tensor([-127, 0, 127], dtype=torch.int8).view(3, 1, 1, 1),
            torch.tensor([1.0, -1.0]).view(2, 1, 1, 1),
        ),
        (
            "image",
            torch.tensor([0.5, 0, -0.25], dtype=torch.float16).view(3, 1, 1, 1),
            torch.tensor([-0.25, 0.5]).view(2, 1, 1, 1),
        ),
    ],
)
def test_targets_come_out_in_the_form_of_their_kind(kind, values, expected):
    targets = MemoryTargets(values, kind).select(torch.tensor([2, 0]))
    assert targets.dtype == expected.dtype
    torch.testing.assert_close(targets, expected)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("class", torch.zeros(3, 2, dtype=torch.long)),
        ("class", torch.zeros(3)),
        ("vector", torch.zeros(3)),
        ("pixels", torch.zeros(3, 2, 2)),
        ("image", torch.zeros(3, 2, 2)),
        ("jigsaw", torch.zeros(3, dtype=torch.long)),
    ],
)
def test_targets_of_another_form_are_refused(kind, values):
    with pytest.raises(InvalidArgumentError, match="expected"):
        MemoryTargets(values, kind)
