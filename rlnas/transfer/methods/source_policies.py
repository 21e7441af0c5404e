"""Source policies on a target's space: the logits of all of them in one pass, and mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.agents import ControllerConfig, PPOController
from rlnas.agents.engine.stacks import stack_networks
from rlnas.envs import ConstructionConfig
from rlnas.envs.core import longest_episode
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import SearchSpace
from rlnas.transfer.methods.base import Ledgers
from rlnas.transfer.methods.weight_initialization import WeightInitialization

Start = Literal["source", "scratch"]
"""What the learning policy starts from: the weights of a source policy, or new ones."""


class SourcePolicies:
    """Fixed policies of ``S`` source controllers, as they run on a target's space.

    The weights are shared by all searches, so one pass serves the whole batch.

    Args:
        controllers: The source controllers; they must share an environment.
        space: The target's space.

    Raises:
        InvalidArgumentError: If a controller is tied to another space.
    """

    def __init__(self, controllers: Sequence[PPOController], space: SearchSpace) -> None:
        alike: dict[object, list[int]] = {}
        for number, controller in enumerate(controllers):
            key = (controller.config.network, controller.vocabulary)
            alike.setdefault(key, []).append(number)
        self._stacks = [
            stack_networks([controllers[number].network_for(space) for number in numbers])
            for numbers in alike.values()
        ]
        stacked = [number for numbers in alike.values() for number in numbers]
        self._stacked = torch.tensor(stacked)
        self._order = torch.from_numpy(np.argsort(stacked))

    def logits(self, obs: Tensor) -> Tensor:
        """Return the masked logits ``(S, K, N, A)`` of observations ``(K, N, D)``."""
        flat = obs.reshape(1, -1, obs.shape[-1])
        parts = [stack.forward(flat.expand(stack.count, -1, -1))[0] for stack in self._stacks]
        logits = torch.cat(parts) if len(parts) > 1 else parts[0]
        return logits[self._order].view(len(self._order), *obs.shape[:-1], -1)

    def each(self, obs: Tensor) -> Tensor:
        """Return the masked logits ``(S, N, A)`` of each policy on its own rows ``(S, N, D)``."""
        parts, first = [], 0
        stacked = obs[self._stacked]
        for stack in self._stacks:
            parts.append(stack.forward(stacked[first : first + stack.count])[0])
            first += stack.count
        logits = torch.cat(parts) if len(parts) > 1 else parts[0]
        return logits[self._order]


def mixture_logits(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Return log((1 − p)·π_own + p·π_other): the policy that follows the other with probability p.

    Args:
        own: ``(…, A)`` logits of one policy.
        other: ``(…, A)`` logits of the other.
        share: ``(…)`` p, in [0, 1].

    Returns:
        ``(…, A)`` normalised log-probabilities; where p is 0 or 1 exactly those of one policy.
    """
    p = share[..., None]
    return torch.logaddexp(
        own.log_softmax(-1) + torch.log1p(-p), other.log_softmax(-1) + torch.log(p)
    )


def check_controllers(
    controllers: PPOController | Sequence[PPOController],
) -> tuple[PPOController, ...]:
    """Return source controllers as a tuple.

    Raises:
        InvalidArgumentError: If there is none, or their environments differ: then they do not read
            the same observations.
    """
    several = (controllers,) if isinstance(controllers, PPOController) else tuple(controllers)
    if not several:
        raise InvalidArgumentError("There is no source controller; expected one or more.")
    if any(c.config.environment != several[0].config.environment for c in several):
        raise InvalidArgumentError(
            "The source controllers were trained in different environments, so they do not read "
            "the same observations; train them with one ControllerConfig.environment."
        )
    return several


def check_start(start: Start) -> Start:
    """Return a way to start.

    Raises:
        InvalidArgumentError: If there is no such way.
    """
    if start not in get_args(Start):
        raise InvalidArgumentError(f"start is {start!r}; expected 'source' or 'scratch'.")
    return start


def learners(
    start: Start,
    controllers: Sequence[PPOController],
    ledgers: Ledgers,
    rngs: Sequence[np.random.Generator],
) -> list[nn.Module]:
    """Return the network that learns in each search.

    From ``source`` it has the weights of a source policy, its value head drawn anew (see
    `WeightInitialization`); of several sources each search draws one, among those whose networks
    have the shape of the first's. From ``scratch`` it is built like the first's.
    """
    first = controllers[0]
    key = first.config.network, first.vocabulary
    fitting = [c for c in controllers if (c.config.network, c.vocabulary) == key]
    networks = []
    for ledger, rng in zip(ledgers, rngs, strict=True):
        seed = int(rng.integers(2**31))
        if start == "source":
            chosen = fitting[int(rng.integers(len(fitting)))]
            networks.append(WeightInitialization(chosen).initialise(ledger.space, seed))
        else:
            networks.append(PPOController(ledger.space, first.config, seed=seed).network)
    return networks


def episode_length(config: ControllerConfig, space: SearchSpace) -> int:
    """Return the most steps that an episode of a controller has on a space."""
    return longest_episode(config.environment, space)


def queries_of_episode(config: ControllerConfig) -> int:
    """Return the most queries that an episode can make.

    A construction queries what it has built; an improvement its start and every edit.
    """
    if isinstance(config.environment, ConstructionConfig):
        return 1
    return 1 + config.environment.horizon
