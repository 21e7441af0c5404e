"""What a policy says of every architecture, without a single evaluation: where it would end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rlnas.envs import ConstructionConfig, make_core
from rlnas.envs.scoring import BlankScorer
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import SearchSpace
from rlnas.transfer.similarity.evidence import gaussian_ranks
from rlnas.transfer.similarity.source_task import Floats, SourceTask

if TYPE_CHECKING:
    from rlnas.agents import PPOController

_FLOOR = 1e-12  # of a probability, so that its logarithm is finite

# A controller is not changed by use, and its preferences are asked for after every query.
_known: WeakKeyDictionary[PPOController, dict[str, tuple[int, Floats]]] = WeakKeyDictionary()


def policy_preferences(sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
    """Return the order in which the sources' policies prefer architectures, ``(S, space.size)``.

    It is the log-probability of ending at an architecture, as normal quantiles of its ranks.

    Raises:
        InvalidArgumentError: If there is no source, a source has no controller, the space is too
            large to index, or a policy cannot run on it.
    """
    if not sources:
        raise InvalidArgumentError("There is no source; expected one or more.")
    return np.stack([_preference(controller_of(source), space) for source in sources])


def controller_of(source: SourceTask) -> PPOController:
    """Return a source's controller.

    Raises:
        InvalidArgumentError: If it has none.
    """
    if source.controller is None:
        raise InvalidArgumentError(
            f"The source {source.name} has no controller, which this estimator needs; train one, "
            "or choose an estimator that compares results (rank-correlation, head-transfer)."
        )
    return source.controller


def _preference(controller: PPOController, space: SearchSpace) -> Floats:
    spaces = _known.setdefault(controller, {})
    steps, values = spaces.get(space.name, (-1, np.empty(0)))
    if steps != controller.steps:  # trained on since
        values = gaussian_ranks(np.log(np.maximum(end_probabilities(controller, space), _FLOOR)))
        spaces[space.name] = controller.steps, values
    return values


def end_probabilities(controller: PPOController, space: SearchSpace) -> Floats:
    """Return with which probability an episode of a policy ends at each architecture.

    A policy that improves architectures is taken as the Markov chain of its first step: from a
    uniformly drawn start it makes as many edits as an episode has. What an episode learns on its
    way (its history, its best so far) is left out, for that needs scores. For a policy that
    constructs architectures the probability is exact.

    Args:
        controller: The controller; a transformer also runs on other spaces than its own.
        space: An indexable space.

    Returns:
        ``(space.size,)`` float64, summing to 1.

    Raises:
        InvalidArgumentError: If the space is too large to index or the policy cannot run on it.
    """
    if isinstance(controller.config.environment, ConstructionConfig):
        return _constructed(controller, space)
    moves = edit_probabilities(controller, space)
    ends = np.full(space.size, 1.0 / space.size)
    target = space.next_index.ravel()
    for _ in range(controller.config.environment.horizon):
        flow = ends[:, None] * moves[:, :-1]
        ends = np.bincount(target, flow.ravel(), space.size) + ends * moves[:, -1]
    return ends


def edit_probabilities(controller: PPOController, space: SearchSpace) -> Floats:
    """Return the first step of an episode from every architecture, ``(space.size, actions)``.

    The last action is to stop.

    Raises:
        InvalidArgumentError: If the policy constructs architectures instead of editing them, the
            space is too large to index, or the policy cannot run on it.
    """
    if isinstance(controller.config.environment, ConstructionConfig):
        raise InvalidArgumentError("A policy that constructs architectures has no edits.")
    core = make_core(BlankScorer(space), controller.config.environment)
    state = core.reset(space.size, np.random.default_rng(0), space.arrays)
    return _probabilities(controller, space, core.observe(state))


def _constructed(controller: PPOController, space: SearchSpace) -> Floats:
    core = make_core(BlankScorer(space), controller.config.environment)
    state = core.reset(space.size, np.random.default_rng(0))
    ends, rows = np.ones(space.size), np.arange(space.size)
    for position in range(space.num_positions):
        choices = space.arrays[:, position].astype(np.int64)
        ends *= _probabilities(controller, space, core.observe(state))[rows, choices]
        state, _, _ = core.step(state, choices)
    return np.asarray(ends / ends.sum())


def _probabilities(
    controller: PPOController, space: SearchSpace, observations: NDArray[np.float32]
) -> Floats:
    import torch

    network = controller.network_for(space).to("cpu")
    blocks = np.array_split(observations, max(1, len(observations) // 4096))
    with torch.no_grad():
        found = [torch.softmax(network(torch.from_numpy(b))[0].double(), dim=1) for b in blocks]
    return np.concatenate([block.numpy() for block in found])
