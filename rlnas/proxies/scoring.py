"""Score a network by proxies."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import TaskData
from rlnas.errors import InvalidArgumentError, UndefinedScoreError
from rlnas.networks import SkeletonConfig, build_task_network
from rlnas.proxies.probe import Batch, Loss, Probe
from rlnas.proxies.proxy import Proxy, ProxyScore
from rlnas.proxies.registry import get_proxy, proxy_names
from rlnas.seeding import torch_generator
from rlnas.spaces import SearchSpace


def score_proxies(
    network: nn.Module,
    batch: Batch | None = None,
    *,
    names: Iterable[str] | None = None,
    loss: Loss | None = None,
    seed: int = 0,
) -> dict[str, ProxyScore]:
    """Score a network as it is, before any training.

    The network comes back as it was: weights, buffers, gradients and mode. Proxies look at a copy,
    in training mode, on the network's device. Passes that several proxies need are run once. A
    score depends on neither the other names nor their order.

    Args:
        network: One of `rlnas.networks.build_network`, or any network.
        batch: Inputs float32 ``(B, …)`` and targets as `TaskSpec` states them, or None.
        names: Which proxies, see `proxy_names`; None: all that the batch allows, so without one
            those that need no data.
        loss: From outputs and targets to a scalar; None: the loss of the network's task.
        seed: Seed of the proxies that draw, zen among the thirteen.

    Returns:
        For each name its score. A score that is undefined, not finite, or ran out of memory is NaN
        and says why in ``failure``.

    Raises:
        UnknownNameError: If there is no proxy of a name.
        InvalidArgumentError: If a named proxy needs inputs or targets that are not given, or a loss
            or an input shape that is not known.

    Example:
        >>> from rlnas.datasets.spec import task_spec
        >>> from rlnas.networks import build_network
        >>> spec = task_spec("class_object", outputs=10, image_size=32)
        >>> config = SkeletonConfig(width=8, stem_strides=(2, 1), modules="414", cells_per_module=1)
        >>> network = build_network("transnas-micro", "64-41414-3_33_132", spec, config)
        >>> scores = score_proxies(network, names=["synflow", "params"])
        >>> scores["params"].value
        47438.0
    """
    inputs, targets = (None, None) if batch is None else batch
    if names is None:
        chosen = [
            proxy
            for proxy in map(get_proxy, proxy_names())
            if not (proxy.needs_data and inputs is None)
            and not (proxy.needs_labels and targets is None)
        ]
    else:
        chosen = [get_proxy(name) for name in names]
    for proxy in chosen:
        _require(proxy, inputs, targets)
    probe = Probe(network, batch, loss=loss, seed=seed)
    return {proxy.name: _score(proxy, probe) for proxy in chosen}


def proxy_scores(
    space: SearchSpace | str,
    architecture: str | ArrayLike,
    task: TaskData | TaskSpec,
    config: SkeletonConfig | None = None,
    *,
    names: Iterable[str] | None = None,
    batch_size: int = 32,
    seed: int = 0,
) -> dict[str, ProxyScore]:
    """Build the network of an architecture for a task and score it.

    Args:
        space: As for `rlnas.networks.build_task_network`.
        architecture: Likewise.
        task: The data of a task, of which a training batch is drawn by `draw_batch`; or only its
            specification, for proxies that need no data.
        config: The skeleton; None: the published one of the space.
        names: As for `score_proxies`.
        batch_size: Number of examples.
        seed: Seed of the first weights, the batch, and the proxies that draw. With the same seed
            all architectures see the same batch.

    Returns:
        As `score_proxies`.

    Raises:
        RlnasError: As `rlnas.networks.build_task_network` and `score_proxies`.
    """
    data = None if isinstance(task, TaskSpec) else task
    spec = task if isinstance(task, TaskSpec) else task.spec
    network = build_task_network(space, architecture, spec, config, seed=seed)
    batch = None if data is None else draw_batch(data, batch_size, seed=seed)
    return score_proxies(network, batch, names=names, seed=seed)


def draw_batch(data: TaskData, batch_size: int = 32, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return a training batch of distinct examples.

    Args:
        data: The data of a task.
        batch_size: Number of examples, at least 2 and at most those of the training split.
        seed: Seed of the choice, and of jigsaw permutations and augmentation.

    Raises:
        InvalidArgumentError: If there are not that many examples.
    """
    if not 2 <= batch_size <= len(data.train):
        raise InvalidArgumentError(
            f"batch_size is {batch_size}; expected 2 to {len(data.train)}, the size of the "
            f"training split of {data.dataset!r}."
        )
    stream = torch_generator(seed, "proxies", "batch")
    chosen = torch.randperm(len(data.train), generator=stream)[:batch_size]
    return data.train.batch(chosen, stream)


def _require(proxy: Proxy, inputs: Tensor | None, targets: Tensor | None) -> None:
    if (proxy.needs_data and inputs is None) or (proxy.needs_labels and targets is None):
        what = "inputs and targets" if proxy.needs_labels else "inputs"
        raise InvalidArgumentError(
            f"The proxy {proxy.name!r} needs {what}; give batch=(inputs, targets), or leave it out."
        )


def _score(proxy: Proxy, probe: Probe) -> ProxyScore:
    outcome, seconds = probe.passes.charge(lambda: float(proxy.compute(probe)))
    try:
        value = outcome()
    except UndefinedScoreError as error:
        return ProxyScore(math.nan, seconds, str(error))
    except torch.OutOfMemoryError:
        return ProxyScore(math.nan, seconds, "Out of memory; take a smaller batch.")
    if not math.isfinite(value):
        return ProxyScore(math.nan, seconds, f"The score is {value}, not a finite number.")
    return ProxyScore(value, seconds)
