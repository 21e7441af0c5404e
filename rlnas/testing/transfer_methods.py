"""The contract of a transfer method: a searcher that learns, and leaks and disturbs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.search import Searcher
from rlnas.tasks import TabularTask, Task
from rlnas.testing.conformance import require
from rlnas.testing.leakage import check_no_leakage
from rlnas.testing.searchers import SearcherFactory, check_searcher

if TYPE_CHECKING:
    from torch import nn


def check_transfer_method(
    factory: SearcherFactory, task: Task, *, budget: int = 12, seed: int = 0
) -> None:
    """Check that a transfer method keeps its contract on a target task.

    It must be a searcher (`check_searcher`), depend on nothing of its target but its own queries
    (`check_no_leakage`, where the task has a table), leave PyTorch's global generator alone, and
    leave the source controllers it was given as they were: those in its attributes ``controller``,
    ``controllers`` and ``sources``.

    Args:
        factory: Makes the method with its source controller, always the same one.
        task: A cheap target task.
        budget: Queries for each of the searches that are run, about sixteen.
        seed: Seed of the searches.

    Raises:
        ConformanceError: If it does not; the message says what is expected.
    """
    import torch

    method = factory()
    networks = _source_networks(method)
    weights = [{k: v.clone() for k, v in net.state_dict().items()} for net in networks]
    before = torch.get_rng_state()
    check_searcher(factory, task, budget=budget, seed=seed)
    if isinstance(task, TabularTask):
        for canonical_free in (False, True):
            check_no_leakage(factory, task, budget, seed, canonical_free=canonical_free)
    require(
        torch.equal(before, torch.get_rng_state()),
        f"{method.name} used PyTorch's global random generator.",
    )
    for network, old in zip(networks, weights, strict=True):
        after = network.state_dict()
        changed = [name for name, value in old.items() if not torch.equal(value, after[name])]
        require(not changed, f"{method.name} changed its source controller's {', '.join(changed)}.")


def _source_networks(method: Searcher) -> list[nn.Module]:
    """Return the networks of the controllers that a method holds."""
    held = [getattr(method, "controller", None), *getattr(method, "controllers", ())]
    held += [getattr(source, "controller", None) for source in getattr(method, "sources", ())]
    networks = [getattr(controller, "network", None) for controller in held]
    return [network for network in networks if network is not None]
