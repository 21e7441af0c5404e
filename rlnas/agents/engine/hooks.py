"""What a transfer method can change about how controllers learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from rlnas.agents.engine.rollout import Minibatch


@dataclass(frozen=True, kw_only=True)
class LearnerHooks:
    """Where a method steps in. Everything is batched over ``K`` controllers.

    Attributes:
        behaviour: Gives the logits ``(K, N, A)`` that actions are drawn from, of the observations
            ``(K, N, D)`` and the learner's own logits; e.g. those of a source policy. PPO's ratio
            is taken against the policy that acted, so the update stays right.
        extra_loss: Gives a loss ``(K,)`` of a minibatch, the logits ``(K, B, A)`` and the values
            ``(K, B)``; it is added to PPO's. E.g. a distillation term.
        penalty: Gives a loss ``(K,)`` of the parameters by name, ``(K, *shape)`` each; it is added
            to PPO's. E.g. the distance from a source's weights.
        rates: Gives multipliers of the learning rate by name of parameter, for update number ``u``:
            passes over a rollout since the learner began, from 0; rehearsals are not counted. Names
            are those of the networks' parameters; that of a module, such as ``encoder``, covers all
            in it, the longest name counts, and what has none keeps 1. A multiplier of 0 freezes:
            the parameters, Adam's moments and their count of steps stay bit for bit, and the
            gradient there does not count in the clipping. It is asked before every gradient step,
            and costs next to nothing while the answer is the same.
        normalise_advantages: Gives the advantages ``(K, B)`` that the loss uses. By default each
            controller's are standardised over the minibatch; `per_task` does it task by task.
        stepped: Called after every step of a rollout with the rewards ``(K, N)`` and which
            episodes ended ``(K, N)``; e.g. to choose a policy for each new episode.
        keep: Called with the controllers that go on, by their number, when others are done:
            whatever a hook holds for each of the ``K`` is cut down to these.
    """

    behaviour: Callable[[Tensor, Tensor], Tensor] | None = None
    extra_loss: Callable[[Minibatch, Tensor, Tensor], Tensor] | None = None
    penalty: Callable[[Mapping[str, Tensor]], Tensor] | None = None
    rates: Callable[[int], Mapping[str, float]] | None = None
    normalise_advantages: Callable[[Minibatch], Tensor] | None = None
    stepped: Callable[[Tensor, Tensor], None] | None = None
    keep: Callable[[Sequence[int]], None] | None = None


def standardised(batch: Minibatch) -> Tensor:
    """Return advantages with mean 0 and deviation 1 over each controller's minibatch."""
    std, mean = batch.advantages.std(1, keepdim=True), batch.advantages.mean(1, keepdim=True)
    return (batch.advantages - mean) / (std + 1e-8)


def per_task(num_tasks: int) -> Callable[[Minibatch], Tensor]:
    """Return a normalisation that gives every task of a controller advantages of one scale.

    Without it the task with the largest rewards takes the gradient of a shared network for itself.

    Args:
        num_tasks: Tasks of a controller.
    """

    def normalise(batch: Minibatch) -> Tensor:
        advantages, tasks = batch.advantages, batch.tasks
        zeros = advantages.new_zeros(len(advantages), num_tasks)
        count = zeros.scatter_add(1, tasks, advantages.new_ones(()).expand_as(advantages))
        count = count.clamp(min=1)
        mean = zeros.scatter_add(1, tasks, advantages) / count
        centred = advantages - mean.gather(1, tasks)
        spread = (zeros.scatter_add(1, tasks, centred.square()) / count).sqrt()
        return centred / (spread.gather(1, tasks) + 1e-8)

    return normalise
