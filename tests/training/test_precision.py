"""Precision: what a device computes in, by default and as asked."""

import torch

from rlnas.training.precision import autocast, loss_scaler


def test_auto_precision_is_float32_on_a_cpu():
    cpu = torch.device("cpu")
    with autocast("auto", cpu):
        assert not torch.is_autocast_enabled("cpu")
    with autocast("bfloat16", cpu):
        assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype == torch.bfloat16
    assert loss_scaler("float16", cpu).is_enabled()
    assert not loss_scaler("bfloat16", cpu).is_enabled()
