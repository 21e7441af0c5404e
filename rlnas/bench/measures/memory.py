"""Peak memory of environments and learners, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlnas.errors import InvalidArgumentError, RlnasError
from rlnas.tasks import TabularTask

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Run:
    """A short run whose memory is measured.

    Attributes:
        key: Short name that stays the same between versions.
        name: What is run.
        kind: ``tensor``, ``dummy``, ``device``, ``sb3`` or ``reference``.
        size: Environments of ``tensor`` and ``dummy``; controllers of ``device``.
    """

    key: str
    name: str
    kind: str
    size: int = 1


RUNS = (
    Run("tensor-1024", "TensorImprovement, 1024 environments", "tensor", 1024),
    Run("tensor-8192", "TensorImprovement, 8192 environments", "tensor", 8192),
    Run("dummy-1024", "DummyVecEnv, 1024 environments", "dummy", 1024),
    Run("device", "device engine, 1 controller", "device", 1),
    Run("device-many", "device engine, 10 controllers in one batch", "device", 10),
    Run("sb3", "Stable-Baselines3 engine, same configuration and batched environment", "sb3"),
    Run("reference", 'stable_baselines3.PPO("MlpPolicy", make_vec_env(id, 8))', "reference"),
)


def measure_memory(
    task: TabularTask,
    *,
    device: str = "cpu",
    seed: int = 0,
    runs: tuple[Run, ...] = RUNS,
    reference_rollout: int | None = None,
) -> dict[str, Any]:
    """Measure what short runs need above a process that has all libraries and the task.

    Each run is made in a fresh process with one PyTorch thread, which imports everything, has the
    space's tables computed and takes a step of Adam on a tiny matrix before it notes its resident
    memory.
    The run then builds what it needs and works for a few steps or rollouts. Resident memory grows
    by whole pages and allocators round up, so differences of a few MiB mean nothing.

    Args:
        task: A source task.
        device: Device of the tensor environments and the learners.
        seed: Seed of everything random.
        runs: What to run.
        reference_rollout: See `rlnas.bench.measures.learners.learner_contenders`.

    Returns:
        JSON-able: ``task``, ``device``, and ``rows`` with ``key``, ``name``, ``base_mib`` (resident
        memory before the run), ``peak_mib`` (most resident memory above it) and
        ``cuda_peak_mib`` (most memory of PyTorch's tensors on the device; None on the CPU).

    Raises:
        RlnasError: If the system does not tell a process its memory as Linux does.
    """
    if not _STATUS.exists():
        raise RlnasError(
            "Peak memory is read from /proc/self/status, which this system does not have; measure "
            "on Linux."
        )
    rows = []
    for run in runs:
        # A process keeps its peak for good, so each run gets one that has done nothing else.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            numbers = pool.submit(_measure, run, task, device, seed, reference_rollout).result()
        rows.append({"key": run.key, "name": run.name, **numbers})
    return {"task": task.name, "device": device, "rows": rows}


def _measure(
    run: Run, task: TabularTask, device: str, seed: int, rollout: int | None
) -> dict[str, float | None]:
    """Return the memory of a run; called in its process."""
    import torch

    torch.set_num_threads(1)
    work = _work(run, task, device, seed, rollout)
    _ = task.space.legal, task.space.next_index
    # The first product loads kernels, and the first optimiser imports half of PyTorch.
    square = torch.ones(64, 64, device=device, requires_grad=True)
    (square.grad,) = torch.autograd.grad((square @ square).sum(), square)
    torch.optim.Adam([square], fused=True).step()
    del square
    cuda = device != "cpu"
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    with contextlib.suppress(OSError):  # where it is not allowed, importing counts as part of a run
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew from what is resident
    base = _status_mib("VmRSS")
    work()
    peak = _status_mib("VmHWM")
    return {
        "base_mib": base,
        "peak_mib": max(0.0, peak - base),
        "cuda_peak_mib": torch.cuda.max_memory_allocated(device) / 2**20 if cuda else None,
    }


def _status_mib(field: str) -> float:
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise RlnasError(f"{_STATUS} has no {field}; expected what Linux writes there.")


def _work(
    run: Run, task: TabularTask, device: str, seed: int, rollout: int | None
) -> Callable[[], object]:
    """Return a run as a function; everything it needs is imported here, and built by it."""
    from rlnas.agents import ControllerConfig
    from rlnas.agents.sb3.trainer import PPOTrainer  # noqa: F401  (imports Stable-Baselines3)
    from rlnas.bench.measures.environments import single_contender, tensor_contender
    from rlnas.bench.measures.learners import device_trainer, reference_contender, sb3_trainer

    config = ControllerConfig()
    steps = 5 * config.ppo.num_envs * config.ppo.n_steps
    kinds: dict[str, Callable[[], object]] = {
        "tensor": lambda: _twice(tensor_contender(task, run.size, seed, device).run),
        "dummy": lambda: _twice(single_contender(task, run.size, seed).run),
        "device": lambda: device_trainer(task, config, run.size, seed=seed, device=device).learn(
            steps
        ),
        "sb3": lambda: sb3_trainer(task, config, seed=seed, device=device).learn(steps),
        "reference": lambda: reference_contender(task, device, seed, rollout).run(),
    }
    if run.kind not in kinds:
        raise InvalidArgumentError(f"Kind is {run.kind!r}; expected one of {list(kinds)}.")
    return kinds[run.kind]


def _twice(work: Callable[[], object]) -> None:
    for _ in range(2):
        work()
