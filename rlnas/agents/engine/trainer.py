"""Train controllers on source tasks with the device engine, one or many in one program."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rlnas.agents.config import PPOConfig
from rlnas.agents.engine.episodes import TableStreams
from rlnas.agents.engine.hooks import LearnerHooks
from rlnas.agents.engine.learner import StackedPPO
from rlnas.agents.engine.monitor import EpisodeMeans, explained_variance, loss_scalars
from rlnas.agents.engine.rollout import Collected
from rlnas.checkpoints import TrainingState
from rlnas.envs import EnvironmentConfig
from rlnas.envs.tensor import TaskTables, make_tensor_environment
from rlnas.errors import CheckpointError, InvalidArgumentError, in_words
from rlnas.events import EventFile
from rlnas.plain import whole
from rlnas.seeding import derive_seed
from rlnas.tasks import TabularTask

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps wanted."""

_LOG_STEPS = 5_000
"""Steps of a controller between two points of its curves."""


class DeviceTrainer:
    """Trains ``K`` networks by `StackedPPO`, each on its own source tasks and with its own seed.

    Args:
        networks: The networks, of one shape; trained in place and moved to the device.
        environment: The environment's configuration.
        tasks: The source tasks of each network, one or more, on one space. A network with several
            gets an equal share of its episodes on each.
        config: Hyperparameters.
        seeds: Seed of each network's episodes, actions and minibatches.
        device: ``cpu``, ``cuda`` or ``cuda:0`` …
        log_dirs: Folder for TensorBoard events of each, or None.
        hooks: What a transfer method changes.

    Raises:
        InvalidArgumentError: If the numbers do not fit each other.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        environment: EnvironmentConfig,
        tasks: Sequence[Sequence[TabularTask]],
        config: PPOConfig,
        *,
        seeds: Sequence[int],
        device: str = "cpu",
        log_dirs: Sequence[str | Path] | None = None,
        hooks: LearnerHooks | None = None,
    ) -> None:
        if not len(networks) == len(tasks) == len(seeds):
            raise InvalidArgumentError(
                f"{len(networks)} networks, {len(tasks)} lists of tasks and {len(seeds)} seeds; "
                "expected as many of each."
            )
        shares = {len(own) for own in tasks}
        if len(shares) != 1 or 0 in shares or config.num_envs % max(shares):
            raise InvalidArgumentError(
                f"{config.num_envs} episodes cannot be shared equally by {sorted(shares)} tasks a "
                "network; expected the same number of tasks for each, a divisor of num_envs."
            )
        if log_dirs is not None and len(log_dirs) != len(networks):
            raise InvalidArgumentError(
                f"{len(log_dirs)} log_dirs for {len(networks)} networks; expected one for each."
            )
        self.networks = [network.to(device) for network in networks]
        self.config = config
        distinct = list({id(task): task for own in tasks for task in own}.values())
        number = {id(task): i for i, task in enumerate(distinct)}
        tables = TaskTables(distinct, environment.normaliser, device)
        share = config.num_envs // shares.pop()
        numbers = torch.tensor(
            [[number[id(t)] for t in own for _ in range(share)] for own in tasks]
        )
        generators = [
            torch.Generator(device).manual_seed(derive_seed(seed, "device")) for seed in seeds
        ]
        self.streams = TableStreams(
            make_tensor_environment(tables, environment), numbers, generators
        )
        self.learner = StackedPPO(self.networks, self.streams, config, generators, hooks)
        self.steps = 0
        self.means = EpisodeMeans(len(self.networks))
        self._log_dirs = log_dirs

    def learn(self, until: int, *, on_progress: Progress | None = None) -> None:
        """Train until each network has taken at least ``until`` steps in all, in whole rollouts.

        Args:
            until: Steps of each network, those of earlier calls included.
            on_progress: Called after each rollout.
        """
        began, first = time.perf_counter(), self.steps
        size = self.config.num_envs * self.config.n_steps
        with ExitStack() as stack:
            files = [
                stack.enter_context(EventFile(folder, after=self.steps))
                for folder in self._log_dirs or ()
            ]
            while self.steps < until:
                collected = self.learner.collect()
                done = self.steps + size
                log = bool(files) and (
                    done // _LOG_STEPS > self.steps // _LOG_STEPS or done >= until
                )
                parts = self.learner.update(collected, with_parts=log)
                self.steps = done
                if files:
                    self.means.add(collected)
                if parts is not None:
                    self._log(
                        files, collected, parts, (done - first) / (time.perf_counter() - began)
                    )
                if on_progress is not None:
                    on_progress(min(done, until), until)

    def _log(
        self, files: Sequence[EventFile], collected: Collected, parts: Tensor, speed: float
    ) -> None:
        losses = loss_scalars(parts, self.learner.loss_weights)
        explained = explained_variance(collected)
        for k, (file, loss) in enumerate(zip(files, losses, strict=True)):
            more = {"train/explained_variance": explained[k], "time/fps": speed}
            file.add(self.steps, {**self.means.scalars(k), **loss, **more})
            file.flush()

    # -- exact resuming --------------------------------------------------------------------

    def release(self) -> None:
        """Let go of the networks: they keep their weights and share no memory any more."""
        self.learner.stack.release()

    def state(self, controller: int = 0) -> TrainingState:
        """Return tensors and JSON-able values from which `restore` goes on exactly.

        The network's weights are not among them.

        Args:
            controller: Whose state; a trainer of that one alone can be restored from it.
        """
        own = slice(controller, controller + 1)
        adam = self.learner.optimizer
        tensors = {
            "optimizer.mean": adam.mean[own].cpu().clone(),
            "optimizer.square": adam.square[own].cpu().clone(),
        }
        episodes = self.streams.tensors(controller)
        tensors |= {f"episodes.{name}": tensor for name, tensor in episodes.items()}
        tensors["generator"] = self.learner.generators[controller].get_state()
        values = {
            "engine": "device",
            "steps": self.steps,
            "updates": self.learner.updates,
            "optimizer_steps": adam.steps,
            "episodes": list(self.means.episodes[controller]),
        }
        return tensors, values

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on where `state` was taken; the network's weights must be those of that moment.

        Raises:
            CheckpointError: If the state does not fit this network and this configuration.
            InvalidArgumentError: If the trainer has several networks.
        """
        if len(self.networks) != 1:
            raise InvalidArgumentError("Only a trainer of one network can be restored.")
        try:
            if values["engine"] != "device":
                raise ValueError(f"it is of the engine {values['engine']!r}")
            adam = self.learner.optimizer
            moments = _part(tensors, "optimizer.")
            _check_moments(moments, adam.mean)
            updates = whole(values["updates"], "updates")
            steps = whole(values["optimizer_steps"], "optimizer_steps")
            own_steps = whole(values["steps"], "steps")
            self.streams.restore(_part(tensors, "episodes."))
            self.learner.generators[0].set_state(tensors["generator"])
            adam.load_state_dict(
                {"state": {**moments, "steps": steps}, "param_groups": adam.param_groups}
            )
            self.steps = own_steps
            self.learner.updates = updates
            episodes = [(float(r), int(n), float(s)) for r, n, s in values["episodes"]]
            self.means.episodes[0].extend(episodes)
        except Exception as error:
            raise CheckpointError(
                f"The training state does not fit this controller: {in_words(error, 500)}. "
                "Train from the start, "
                "or resume with the configuration, the engine and the kind of device it was saved "
                "with."
            ) from error


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _check_moments(moments: dict[str, Tensor], own: Tensor) -> None:
    """Raise ValueError unless these are Adam's moments, which it would only notice in an update."""
    expected = dict.fromkeys(("mean", "square"), (tuple(own.shape), own.dtype))
    given = {name: (tuple(moment.shape), moment.dtype) for name, moment in moments.items()}
    if given != expected:
        raise ValueError(f"its optimizer has the tensors {given}, not {expected}")
    if not all(moment.isfinite().all() for moment in moments.values()):
        raise ValueError("its optimizer has moments that are no finite numbers")
    if (moments["square"] < 0).any():
        raise ValueError("its optimizer has squares below 0")
