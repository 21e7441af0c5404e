"""Where and in which arithmetic a network is trained."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor, nn

from rlnas.training.recipe import Precision

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def arrange(module: nn.Module, memory_format: torch.memory_format) -> None:
    """Lay the weights of a module's 2-d layers out in memory, e.g. with channels last."""
    to: Any = module.to  # PyTorch's signature leaves the format out
    to(memory_format=memory_format)


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context in which forward passes run.

    ``auto`` is bfloat16 on a CUDA device that computes in it, else float32: on a CPU the casts
    cost small networks about what they save.
    """
    if precision == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
        precision = "bfloat16" if fast else "float32"
    dtype = _DTYPES.get(precision)
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


def loss_scaler(precision: Precision, device: torch.device) -> torch.amp.GradScaler:
    """Return what scales the loss, so that float16's gradients do not vanish; else it does nothing.

    It leaves out a step whose gradients overflowed, and lowers the scale. The first scale is
    PyTorch's, 2¹⁶.
    """
    return torch.amp.GradScaler(device.type, enabled=precision == "float16")


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
