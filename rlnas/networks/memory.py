"""How much memory a network needs at most to answer a batch."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rlnas.datasets.spec import TaskSpec
from rlnas.devices import choose_device
from rlnas.networks.latency import answering, example_batch
from rlnas.plain import whole


def peak_memory(network: nn.Module, spec: TaskSpec, *, batch: int = 1, device: str = "auto") -> int:
    """Return the most bytes that are held while a network answers a batch, weights among them.

    On a CPU these are the bytes of all tensors that live at once, which depends on the network
    alone; what a library takes for its own work is not among them. On CUDA it is what the allocator
    held at most, such work too.

    Args:
        network: Takes inputs of ``spec``; it answers in evaluation mode, without gradients.
        spec: The task.
        batch: Examples in the batch, 1 or more.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InvalidArgumentError: If the batch is none, or there is no such device.
    """
    batch, where = whole(batch, "batch", 1), choose_device(device)
    with answering(network, where):
        inputs = example_batch(spec, batch, where)
        if where.type == "cuda":
            torch.cuda.synchronize(where)
            torch.cuda.reset_peak_memory_stats(where)
            before = torch.cuda.memory_allocated(where)
            network(inputs)
            torch.cuda.synchronize(where)
            held = _bytes(network) + int(inputs.nbytes)
            return int(torch.cuda.max_memory_allocated(where)) - before + held
        live = _Live()
        with live:
            network(inputs)
        return _bytes(network) + int(inputs.nbytes) + live.peak


def _bytes(network: nn.Module) -> int:
    return sum(int(tensor.nbytes) for tensor in (*network.parameters(), *network.buffers()))


class _Live(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of tensors that operations make, until nobody holds them any more.

    Attributes:
        peak: The most bytes at once.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._now = 0
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and count what it makes."""
        given = {
            leaf.untyped_storage().data_ptr()
            for leaf in tree_leaves((args, kwargs or {}))
            if isinstance(leaf, torch.Tensor)
        }
        made = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if not isinstance(leaf, torch.Tensor):
                continue
            storage = leaf.untyped_storage()
            # A view, or what works in place, has the memory of what was there.
            if storage in self._known or storage.data_ptr() in given:
                continue
            size = storage.nbytes()
            self._known.add(storage)
            weakref.finalize(storage, self._free, size)
            self._now += size
        self.peak = max(self.peak, self._now)
        return made

    def _free(self, size: int) -> None:
        self._now -= size
