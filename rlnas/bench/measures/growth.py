"""How speed changes with the number of environments, the network and the size of the space."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig
from rlnas.bench.measures.environments import tensor_contender
from rlnas.bench.measures.learners import device_trainer
from rlnas.bench.measures.timing import Contender, race
from rlnas.benchmarks import synthetic_suite
from rlnas.envs import ImprovementConfig
from rlnas.envs.tensor import TaskTables
from rlnas.envs.tensor.visited import bytes_of_an_episode
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import CellSpace, SearchSpace
from rlnas.spaces.nasbench201 import NASBench201Space
from rlnas.spaces.transnas import TransNASMacroSpace, TransNASMicroSpace
from rlnas.tasks import TabularTask

NUM_ENVS = (16, 64, 256, 1024, 4096)
WIDTHS = (16, 32, 64, 128, 256)
LARGE_SPACES = (8, 9, 10)
"""Edges of cell spaces with four operations: 65,536, 262,144 and 1,048,576 architectures."""

_SPACE_ENVS = 256
_Kind = Literal["mlp", "transformer"]
_KINDS: tuple[_Kind, ...] = ("mlp", "transformer")


def measure_growth(
    task: TabularTask,
    *,
    num_envs: Sequence[int] = NUM_ENVS,
    widths: Sequence[int] = WIDTHS,
    large_spaces: Sequence[int] = LARGE_SPACES,
    seconds: float = 0.3,
    repeats: int = 2,
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, Any]:
    """Measure the environment and PPO, learning included, with the device engine as sizes grow.

    The contenders of one group take turns; spaces do not, so that only one is in memory.

    Args:
        task: The source task of the first two groups.
        num_envs: Numbers of environments. A rollout has the default number of steps of each and is
            learnt from in four minibatches, so the number of updates stays the same.
        widths: Widths of the network; the rest is as configured by default.
        large_spaces: Numbers of edges, up to 10, of cell spaces with four operations, measured
            after the built-in spaces. The largest takes 1.6 GiB and ten seconds.
        seconds: Least duration of one repeat.
        repeats: Repeats of each measurement.
        seed: Seed of everything random.
        device: ``cpu`` or ``cuda``.

    Returns:
        JSON-able, steps per second as median, minimum, maximum and repeats:

        * ``num_envs``: rows with ``num_envs``, ``env`` and ``ppo``;
        * ``network``: rows with ``kind``, ``width``, ``parameters`` and ``ppo``;
        * ``space``: rows with ``space``, ``size``, ``edits``; ``env`` with ``num_envs``
          environments and ``ppo`` with the default number; ``space_seconds`` and ``space_bytes``
          (NumPy tables of the space), ``table_seconds`` and ``table_bytes`` (tensors of the
          environment, for one task), ``visited_bytes`` (of one episode).

    Raises:
        InvalidArgumentError: If a size is out of range.
    """
    if any(min(sizes, default=1) < 1 for sizes in (num_envs, widths, large_spaces)) or any(
        edges > 10 for edges in large_spaces
    ):
        raise InvalidArgumentError(
            f"num_envs are {tuple(num_envs)}, widths are {tuple(widths)}, large_spaces are "
            f"{tuple(large_spaces)}; expected 1 or more, and up to 10 edges."
        )

    def timed(contenders: Sequence[Contender]) -> list[dict[str, Any]]:
        rates = race(contenders, seconds=seconds, repeats=repeats)
        return [rate.to_dict()["steps_per_second"] for rate in rates]

    rates = timed(
        [tensor_contender(task, n, seed, device) for n in num_envs]
        + [_ppo(task, _with_envs(n), seed, device) for n in num_envs]
    )
    half = len(num_envs)
    makers: list[Callable[[], SearchSpace]] = [
        TransNASMacroSpace,
        TransNASMicroSpace,
        NASBench201Space,
        *(partial(cell_space, edges) for edges in large_spaces),
    ]
    return {
        "task": task.name,
        "device": device,
        "num_envs": [
            {"num_envs": n, "env": env, "ppo": ppo}
            for n, env, ppo in zip(num_envs, rates[:half], rates[half:], strict=True)
        ],
        "network": _networks(task, widths, timed, seed, device),
        "space": [_space(make, timed, seed, device) for make in makers],
    }


def cell_space(edges: int) -> CellSpace:
    """Return a cell space of five nodes with 1…10 edges, which carry one of four operations."""
    pairs = [(tail, head) for head, tail in itertools.product(range(5), repeat=2) if tail < head]
    return CellSpace(f"cell-{edges}", pairs[:edges], ["none", "skip", "convolution", "pooling"])


_Timed = Callable[[Sequence[Contender]], list[dict[str, Any]]]


def _with_envs(count: int) -> ControllerConfig:
    plain = PPOConfig()
    batch = max(2, count * plain.n_steps // 4)
    return ControllerConfig(ppo=dataclasses.replace(plain, num_envs=count, batch_size=batch))


def _ppo(task: TabularTask, config: ControllerConfig, seed: int, device: str) -> Contender:
    trainer = device_trainer(task, config, 1, seed=seed, device=device)

    def run() -> int:
        before = trainer.steps
        trainer.learn(before + 1)
        return trainer.steps - before

    return Contender("PPO", config.ppo.num_envs, run, device=device)


def _networks(
    task: TabularTask, widths: Sequence[int], timed: _Timed, seed: int, device: str
) -> list[dict[str, Any]]:
    shapes = [PolicyConfig(kind=kind, width=width) for kind in _KINDS for width in widths]
    configs = [ControllerConfig(network=shape) for shape in shapes]
    rates = timed([_ppo(task, config, seed, device) for config in configs])
    rows = []
    for config, rate in zip(configs, rates, strict=True):
        network = device_trainer(task, config, 1).networks[0]
        rows.append(
            {
                "kind": config.network.kind,
                "width": config.network.width,
                "parameters": sum(parameter.numel() for parameter in network.parameters()),
                "ppo": rate,
            }
        )
    return rows


def _space(
    make: Callable[[], SearchSpace], timed: _Timed, seed: int, device: str
) -> dict[str, Any]:
    start = time.perf_counter()
    space = make()  # a new one: the registered one keeps its tables
    arrays = (space.arrays, space.legal, space.next_index)
    space_seconds = time.perf_counter() - start
    task = synthetic_suite(space, num_tasks=1, seed=seed)["synthetic-0"]
    start = time.perf_counter()
    tables = TaskTables([task], ImprovementConfig().normaliser, device)
    table_seconds = time.perf_counter() - start
    held = (tables.scores, tables.next_index, tables.neighbours, tables.features, tables.gain)
    table_bytes = sum(tensor.nbytes for tensor in held)
    del tables, held
    env, ppo = timed(
        [
            tensor_contender(task, _SPACE_ENVS, seed, device),
            _ppo(task, ControllerConfig(), seed, device),
        ]
    )
    return {
        "space": space.name,
        "size": space.size,
        "edits": space.num_actions,
        "num_envs": _SPACE_ENVS,
        "env": env,
        "ppo": ppo,
        "space_seconds": space_seconds,
        "space_bytes": sum(array.nbytes for array in arrays),
        "table_seconds": table_seconds,
        "table_bytes": table_bytes,
        "visited_bytes": bytes_of_an_episode(space.size, ImprovementConfig().horizon + 1),
    }
