"""PPO on a batched environment core, with a training state that resumes exactly."""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from torch import Tensor, nn

from rlnas.agents.config import PPOConfig
from rlnas.agents.engine.trainer import Progress
from rlnas.agents.sb3.policy import NetworkPolicy
from rlnas.checkpoints import TrainingState, optimizer_tensors, restore_optimizer
from rlnas.envs.core import EnvironmentCore
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.errors import CheckpointError, in_words
from rlnas.events import restart_event
from rlnas.plain import whole


class PPOTrainer:
    """Trains a network by ``stable_baselines3.PPO``.

    PPO draws from NumPy's and PyTorch's global generators, and seeds Python's. The trainer keeps
    their states to itself: a caller's global generators are the same after `learn` as before, and
    training does not depend on them.

    Args:
        network: The network to train, in place.
        core: The environment's core.
        config: Hyperparameters.
        seed: Seed of episodes, actions and minibatches.
        device: ``cpu``, ``cuda`` or ``cuda:0`` …
        log_dir: Folder for TensorBoard events, or None.
    """

    def __init__(
        self,
        network: nn.Module,
        core: EnvironmentCore[Any],
        config: PPOConfig,
        *,
        seed: int,
        device: str = "cpu",
        log_dir: str | Path | None = None,
    ) -> None:
        self.network = network
        self.env = BatchedVecEnv(core, config.num_envs, seed)
        self._device = torch.device(device)
        with _global_generators(self._device):
            self.model = PPO(
                NetworkPolicy,
                self.env,
                policy_kwargs={"network": network},
                seed=seed % 2**32,
                device=device,
                verbose=0,
                **config.sb3_arguments(),
            )
            self._generators = _read_generators(self._device)
        # SB3's configure() would make a temporary folder for every trainer that logs nothing.
        folder = None if log_dir is None else str(log_dir)
        self._formats = [] if folder is None else [TensorBoardOutputFormat(folder)]
        self.model.set_logger(Logger(folder, output_formats=list(self._formats)))

    @property
    def steps(self) -> int:
        """Environment steps taken so far."""
        return int(self.model.num_timesteps)

    def learn(self, until: int, *, on_progress: Progress | None = None) -> None:
        """Train until at least ``until`` steps were taken in all, in whole rollouts.

        Args:
            until: Total steps, those of earlier calls included.
            on_progress: Called after each rollout.
        """
        if self.steps >= until:
            return
        for log in self._formats:  # what a killed training logged of the steps to come
            file: Any = log.writer
            file._get_file_writer().add_event(restart_event(self.steps))
        callback = _ProgressCallback(until, on_progress)
        with _global_generators(self._device):
            _write_generators(self._generators, self._device)
            try:
                self.model.learn(
                    until - self.steps, callback=callback, reset_num_timesteps=self.steps == 0
                )
            finally:
                self._generators = _read_generators(self._device)
                self.model.logger.close()

    def release(self) -> None:
        """Let go of the network; it is its own owner already."""

    def state(self) -> TrainingState:
        """Return tensors and JSON-able values from which `restore` goes on exactly."""
        tensors = optimizer_tensors(self.model.policy.optimizer, "optimizer")
        for name, array in self.env.state_arrays().items():
            tensors[f"episodes.{name}"] = torch.from_numpy(array.copy())
        starts = self.model._last_episode_starts
        tensors["episode_starts"] = torch.from_numpy(np.asarray(starts, dtype=np.bool_))
        tensors["torch_rng"], numpy_state, cuda_state = self._generators
        if cuda_state is not None:
            tensors["cuda_rng"] = cuda_state
        tensors["numpy_rng"] = torch.from_numpy(numpy_state[1].astype(np.int64))
        values = {
            "engine": "sb3",
            "steps": self.steps,
            "updates": int(self.model._n_updates),
            "numpy_rng": [int(numpy_state[2]), int(numpy_state[3]), float(numpy_state[4])],
            "env_rng": self.env.rng_state(),
            "episodes": [dict(e) for e in self.model.ep_info_buffer or ()],
        }
        return tensors, values

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on where `state` was taken; the network's weights must be those of that moment.

        Raises:
            CheckpointError: If the state does not fit this network and configuration.
        """
        try:
            if values.get("engine", "sb3") != "sb3":  # not said by the first version
                raise ValueError(f"it is of the engine {values['engine']!r}")
            restore_optimizer(self.model.policy.optimizer, tensors, "optimizer")
            self.env.restore(
                {
                    n.removeprefix("episodes."): t.numpy().copy()
                    for n, t in tensors.items()
                    if n.startswith("episodes.")
                },
                values["env_rng"],
            )
            position, has_gauss, gauss = values["numpy_rng"]
            keys = tensors["numpy_rng"].numpy().astype(np.uint32)
            self._generators = (
                tensors["torch_rng"],
                ("MT19937", keys, int(position), int(has_gauss), float(gauss)),
                tensors.get("cuda_rng", self._generators[2]),
            )
            _check_generators(self._generators)
            self.model.num_timesteps = whole(values["steps"], "steps")
            self.model._n_updates = whole(values["updates"], "updates")
            self.model._last_obs = self.env.observe()
            starts = tensors["episode_starts"].numpy().astype(np.bool_)
            if starts.shape != (self.env.num_envs,):
                raise ValueError(f"episode_starts has the shape {starts.shape}")
            self.model._last_episode_starts = starts
            episodes = [{name: float(e[name]) for name in e} for e in values["episodes"]]
            if any(not {"r", "l"} <= set(e) for e in episodes):
                raise ValueError("its episodes lack a return or a length")
            self.model.ep_info_buffer = deque(episodes, maxlen=100)
            self.model.ep_success_buffer = deque(maxlen=100)
        except Exception as error:
            raise CheckpointError(
                f"The training state does not fit this controller: {in_words(error, 500)}. "
                "Train from the start, "
                "or resume with the configuration and the engine it was saved with."
            ) from error


class _ProgressCallback(BaseCallback):
    """Reports progress after each rollout."""

    def __init__(self, until: int, on_progress: Progress | None) -> None:
        super().__init__()
        self._until = until
        self._on_progress = on_progress

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self._on_progress is not None:
            self._on_progress(min(self.num_timesteps, self._until), self._until)


_Generators = tuple[Tensor, tuple[Any, ...], Tensor | None]
"""States of PyTorch's CPU generator, NumPy's, and PyTorch's CUDA generator if it is used."""


def _read_generators(device: torch.device) -> _Generators:
    state: Any = np.random.get_state()  # noqa: NPY002 (the one PPO's buffer shuffles with)
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return torch.get_rng_state(), state, cuda


def _write_generators(states: _Generators, device: torch.device) -> None:
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    if states[2] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(states[2], device)


def _check_generators(states: _Generators) -> None:
    """Raise ValueError, TypeError or RuntimeError if the states are no generator's states."""
    torch.Generator().set_state(states[0])
    np.random.RandomState(0).set_state(states[1])


@contextlib.contextmanager
def _global_generators(device: torch.device) -> Iterator[None]:
    """Give the caller's global generators back as they were."""
    before, python = _read_generators(device), random.getstate()
    try:
        yield
    finally:
        _write_generators(before, device)
        random.setstate(python)
