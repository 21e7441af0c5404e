"""PPO for K controllers at once, on one device from the first step to the last."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, overload

import torch
from torch import Tensor, nn

from rlnas.agents.config import PPOConfig
from rlnas.agents.engine.actions import choose
from rlnas.agents.engine.episodes import EpisodeStreams
from rlnas.agents.engine.hooks import LearnerHooks, standardised
from rlnas.agents.engine.loss import LossGradient, LossWeights, ppo_gradient
from rlnas.agents.engine.optimizer import Descent, FlatAdam
from rlnas.agents.engine.rollout import Collected, Minibatch, Rollout
from rlnas.agents.engine.stacks import stack_networks
from rlnas.errors import InvalidArgumentError


class StackedPPO:
    """``K`` independent PPO learners in one program.

    The algorithm is that of ``stable_baselines3.PPO``: whole rollouts, generalised advantages,
    minibatches without replacement, advantages standardised in each, gradients clipped by each
    learner's own norm, Adam. Random numbers come from a generator a controller and are drawn a
    rollout at a time, so a controller's training does not depend on those beside it, but for the
    rounding of batched products. Nothing waits for the device between the first step of a rollout
    and the last update on it.

    Args:
        networks: The controllers' networks, on the device; trained in place. Parameters that
            require no gradient stay as they are.
        streams: Their episodes.
        config: Hyperparameters.
        generators: One for each controller, on the device.
        hooks: What a transfer method changes.

    Attributes:
        updates: Passes over a rollout done so far, but for those done `elsewhere`.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        streams: EpisodeStreams,
        config: PPOConfig,
        generators: Sequence[torch.Generator],
        hooks: LearnerHooks | None = None,
    ) -> None:
        if not len(networks) == len(generators) == len(streams.tasks):
            raise InvalidArgumentError(
                f"{len(networks)} networks, {len(generators)} generators and streams for "
                f"{len(streams.tasks)} controllers; expected as many of each."
            )
        self.stack = stack_networks(networks)
        self.streams = streams
        self.config = config
        self.hooks = hooks or LearnerHooks()
        self.generators = list(generators)
        self.updates = 0
        self._counting = True
        self._kept: Tensor | None = None
        self._multitask = all(getattr(n, "takes_task", False) for n in networks)
        self._descent = Descent(self.stack, config.learning_rate, self.hooks)

    @property
    def device(self) -> torch.device:
        """Where everything lies."""
        return self.stack.parameters.device

    @property
    def optimizer(self) -> FlatAdam:
        """Adam on the parameters of all."""
        return self._descent.optimizer

    @property
    def loss_weights(self) -> LossWeights:
        """The configuration's weights of the loss."""
        config = self.config
        return LossWeights(
            clip_range=config.clip_range, ent_coef=config.ent_coef, vf_coef=config.vf_coef
        )

    def begin(self, streams: EpisodeStreams) -> None:
        """Go on with other episodes."""
        self.streams = streams
        self._kept = None

    @contextmanager
    def elsewhere(self, streams: EpisodeStreams, config: PPOConfig) -> Iterator[None]:
        """Learn from other episodes for a while, with the same networks and optimizer.

        The learner's own policy acts there, whatever the hooks say about behaviour, and updates are
        not counted: the learning rates stay those of the update that comes next.

        Args:
            streams: The other episodes, of as many controllers.
            config: Hyperparameters there.
        """
        kept = self.streams, self.config, self.hooks, self._counting
        self.begin(streams)
        self._counting = False
        self.config = config
        self.hooks = dataclasses.replace(self.hooks, behaviour=None, stepped=None)
        try:
            yield
        finally:
            self.begin(kept[0])
            _, self.config, self.hooks, self._counting = kept

    # -- rollouts --------------------------------------------------------------------------

    @overload
    def collect(self, steps: int | None = None) -> Collected: ...

    @overload
    def collect(
        self, steps: int | None = None, *, on_step: Callable[[Tensor, Tensor], bool]
    ) -> Collected | None: ...

    @torch.no_grad()
    def collect(
        self, steps: int | None = None, *, on_step: Callable[[Tensor, Tensor], bool] | None = None
    ) -> Collected | None:
        """Take the steps of one rollout.

        Args:
            steps: Steps of each stream; the configuration's ``n_steps`` by default.
            on_step: Called after each with its rewards and which episodes ended, ``(K, N)``; False
                ends the rollout there.

        Returns:
            The rollout, whose observations the next one overwrites; None if it was ended early.
        """
        steps = steps or self.config.n_steps
        tasks, streams = self.streams.tasks, self.streams
        kept = self._place_of_observations(steps)
        uniform = self._draw(torch.rand, (steps, tasks.shape[1])).unbind(1)
        streams.begin_rollout(steps)
        taken: list[tuple[Tensor, ...]] = []
        finished = []
        obs = torch.empty(*tasks.shape, streams.layout.size, device=self.device)
        streams.observe(obs)
        for t in range(steps):
            kept[:, t] = obs
            logits, values = self.stack.forward(obs, self._task(tasks))
            if self.hooks.behaviour is not None:
                logits = self.hooks.behaviour(obs, logits)
            actions, log_probabilities = choose(logits, uniform[t])
            rewards, ended, done = streams.step(actions)
            if self.hooks.stepped is not None:
                self.hooks.stepped(rewards, ended)
            taken.append((actions, log_probabilities, values, rewards, ended))
            if done is not None:
                finished.append(done)
            if on_step is not None and not on_step(rewards, ended):
                return None
            streams.observe(obs)
        last = self.stack.forward(obs, self._task(tasks))[1]
        columns = [torch.stack(column, dim=1) for column in zip(*taken, strict=True)]
        rollout = Rollout(kept, columns[0], columns[1], columns[2], columns[3], columns[4], tasks)
        advantages = rollout.advantages(last, self.config.gamma, self.config.gae_lambda)
        return Collected(rollout, advantages, tuple(finished))

    def _place_of_observations(self, steps: int) -> Tensor:
        """Return ``(K, T, N, D)``: the last rollout's, if it has the same shape."""
        shape = (len(self.streams.tasks), steps, self.streams.tasks.shape[1])
        if self._kept is None or self._kept.shape[:3] != shape:
            self._kept = torch.empty(*shape, self.streams.layout.size, device=self.device)
        return self._kept

    def _task(self, tasks: Tensor) -> Tensor | None:
        return tasks if self._multitask else None

    def _draw(self, sampler: Callable[..., Tensor], *args: Any) -> Tensor:
        rows = [sampler(*args, generator=g, device=self.device) for g in self.generators]
        return torch.stack(rows)

    # -- updates ---------------------------------------------------------------------------

    @torch.no_grad()
    def update(
        self,
        collected: Collected,
        *,
        weights: LossWeights | None = None,
        normalise: bool = True,
        max_kl: float | None = None,
        with_parts: bool = False,
    ) -> Tensor | None:
        """Learn from a rollout.

        Args:
            collected: The rollout.
            weights: Weights of the loss; the configuration's by default.
            normalise: Whether advantages are normalised.
            max_kl: Mean KL divergence beyond which learning from this rollout ends, without a step
                on the minibatch that shows it. Looking at it waits for the device after every
                minibatch.
            with_parts: Whether to return what is logged.

        Returns:
            ``(K, 5)`` means over the minibatches of the loss's parts, see `LossGradient`.
        """
        config = self.config
        samples = collected.rollout.samples(collected.advantages)
        count = collected.rollout.actions[0].numel()
        first = torch.arange(samples.count, device=self.device)[:, None] * count
        parts = []
        for _ in range(config.n_epochs):
            order = self._draw(torch.randperm, count) + first
            for rows in torch.split(order, config.batch_size, dim=1):
                loss = self._loss(
                    samples.minibatch(rows),
                    weights or self.loss_weights,
                    normalise=normalise,
                    with_parts=with_parts or max_kl is not None,
                )
                if loss.parts is not None:
                    parts.append(loss.parts)
                    if max_kl is not None and float(loss.parts[:, 3].mean()) > max_kl:
                        self.updates += self._counting
                        return torch.stack(parts).mean(0)
                self._descent.step(loss, self.updates, config.max_grad_norm)
            self.updates += self._counting
        return torch.stack(parts).mean(0) if parts else None

    def _loss(
        self, batch: Minibatch, weights: LossWeights, *, normalise: bool, with_parts: bool
    ) -> LossGradient:
        """Return the gradient of the loss with respect to logits and values."""
        advantages = batch.advantages
        if normalise and batch.actions.shape[1] > 1:
            advantages = (self.hooks.normalise_advantages or standardised)(batch)
        logits, values = self.stack.differentiable(batch.obs, self._task(batch.tasks))
        loss = ppo_gradient(batch, advantages, logits, values, weights, with_parts=with_parts)
        if self.hooks.extra_loss is not None:
            more = _gradients_of(self.hooks.extra_loss, batch, logits, values)
            loss = LossGradient(loss.logits + more[0], loss.values + more[1], loss.parts)
        return loss

    # -- the whole -------------------------------------------------------------------------

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the controllers alone; the others stay as they are."""
        self.stack.keep(rows)
        self.streams.keep(rows)
        if self.hooks.keep is not None:
            self.hooks.keep(rows)
        self.generators = [self.generators[k] for k in rows]
        self._kept = None
        self._descent.keep(rows)


def _gradients_of(
    loss: Callable[[Minibatch, Tensor, Tensor], Tensor],
    batch: Minibatch,
    logits: Tensor,
    values: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of an extra loss with respect to logits and values."""
    with torch.enable_grad():
        inputs = (logits.detach().requires_grad_(), values.detach().requires_grad_())
        total = loss(batch, *inputs).sum()
    if not total.requires_grad:  # it depends on neither
        return torch.zeros_like(logits), torch.zeros_like(values)
    by_logits, by_values = torch.autograd.grad(total, inputs, allow_unused=True)
    return (
        torch.zeros_like(logits) if by_logits is None else by_logits,
        torch.zeros_like(values) if by_values is None else by_values,
    )
