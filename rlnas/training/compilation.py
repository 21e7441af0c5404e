"""`torch.compile` where it pays, and plain PyTorch where it does not work."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor, nn

_log = logging.getLogger("rlnas")

COMPILED_FROM = 2_000
"""Steps from which a training on a GPU is compiled; an estimate, nothing was measured there."""


def compile_pays(device: torch.device, steps: int) -> bool:
    """Return whether `torch.compile` is worth its time for a training of so many steps.

    On a CPU never: compiling took minutes there and gained nothing (docs/real-training.md has the
    measurement). On a GPU the number of steps is an estimate.
    """
    return device.type == "cuda" and steps >= COMPILED_FROM


class CompiledForward:
    """The forward pass of a module through `torch.compile`, or without it if that fails.

    Compilation happens at the first batch of each shape and mode, so that is when it can fail: no
    compiler, or an operation it does not know. The training goes on without it, with a warning.

    Args:
        module: The module; its parameters stay where they are.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._compiled: Any = torch.compile(module)

    def __call__(self, inputs: Tensor) -> Any:
        """Return the module's outputs."""
        from torch._dynamo.exc import TorchDynamoException

        if self._compiled is not None:
            try:
                return self._compiled(inputs)
            except TorchDynamoException as error:
                reason = str(error).strip().splitlines() or [type(error).__name__]
                _log.warning("torch.compile failed (%s); training goes on without it.", reason[0])
                self._compiled = None
        return self._module(inputs)
