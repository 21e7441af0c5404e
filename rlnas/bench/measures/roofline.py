"""How near each part of training comes to what the machine can do at best.

A part cannot be faster than its arithmetic at the machine's best rate, nor than its memory traffic,
nor than its PyTorch calls at the price of the cheapest call. The largest of the three binds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from rlnas.agents import ControllerConfig
from rlnas.agents.engine.actions import choose
from rlnas.agents.engine.learner import StackedPPO
from rlnas.agents.engine.trainer import DeviceTrainer
from rlnas.bench.measures.learners import device_trainer
from rlnas.bench.measures.timing import spread, synchronise, time_in_turns
from rlnas.bench.measures.work import Work, count_work
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

_TINY_CALLS = 2000
"""Calls in one measurement of the price of a call."""

_ROLLOUTS = 5
"""Rollouts in one measurement of a part."""


def measure_peaks(*, device: str = "cpu", repeats: int = 5) -> dict[str, Any]:
    """Measure the three limits of a roofline with the threads that PyTorch has now.

    The best of the repeats counts, since a limit is what cannot be beaten. The memory traffic is
    that of arrays too large for a cache; what fits into one can move faster.

    Args:
        device: ``cpu`` or ``cuda``.
        repeats: Repeats of each measurement.

    Returns:
        JSON-able:

        * ``device`` and ``torch_threads``;
        * ``gflops``: 10⁹ floating-point operations a second of a large float32 matrix product;
        * ``gb_per_second``: 10⁹ bytes a second, read and written, of a large copy;
        * ``call_us``: microseconds of one PyTorch call on a single number, from Python.
    """
    size, numbers = (1024, 2**25) if device == "cpu" else (8192, 2**28)
    left, right = torch.rand(2, size, size, device=device)
    product = torch.empty_like(left)
    source = torch.rand(numbers, device=device)
    target = torch.empty_like(source)
    one = torch.ones(1, device=device)

    def tiny() -> None:
        for _ in range(_TINY_CALLS):
            one.mul_(one)

    arithmetic = _best(lambda: torch.mm(left, right, out=product), device, repeats)
    copying = _best(lambda: target.copy_(source), device, repeats)
    calling = _best(tiny, device, repeats)
    return {
        "device": device,
        "torch_threads": torch.get_num_threads(),
        "gflops": 2 * size**3 / arithmetic / 1e9,
        "gb_per_second": 2 * 4 * numbers / copying / 1e9,
        "call_us": calling / _TINY_CALLS * 1e6,
    }


def _best(work: Callable[[], object], device: str, repeats: int) -> float:
    """Return the least seconds of a piece of work, after a warm-up."""
    work()
    seconds = []
    for _ in range(repeats):
        synchronise(device)
        start = time.perf_counter()
        work()
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


class CallCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the calls of PyTorch's operators, views included, made within it.

    Attributes:
        calls: How many.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Count a call and make it."""
        self.calls += 1
        return func(*args, **(kwargs or {}))


def measure_roofline(
    task: TabularTask,
    *,
    controllers: Sequence[int] = (1, 10),
    config: ControllerConfig | None = None,
    seed: int = 0,
    device: str = "cpu",
    repeats: int = 5,
) -> dict[str, Any]:
    """Measure the parts of training with the device engine beside the machine's limits.

    The parts are ``step`` (environment step and new episodes), ``observe``, ``forward`` (network,
    choice of actions, storing the step), ``update`` (advantages and learning from the rollout)
    and ``all``, which is a whole rollout with its update and not the sum of the others. Everything
    runs with PyTorch's threads as they are. The learning rate is 0 meanwhile, which changes no
    cost and keeps every repeat the same.

    Args:
        task: A source task.
        controllers: Numbers of controllers in one batch.
        config: Of an improvement environment and a perceptron; the default controller by default.
        seed: Seed of everything random.
        device: ``cpu`` or ``cuda``.
        repeats: Repeats of each measurement, of 5 rollouts each.

    Returns:
        JSON-able: ``peaks`` as `measure_peaks` gives them, and ``rows`` with

        * ``part`` and ``controllers``;
        * ``flops`` and ``bytes`` of one environment step, as `work.count_work` counts;
        * ``calls``: PyTorch calls of one rollout of all controllers;
        * ``limit_us``: least microseconds of one environment step by ``arithmetic``, ``memory``
          and ``calls``;
        * ``measured_us``: median microseconds of one environment step, and ``measured`` with
          minimum, maximum and repeats;
        * ``bound``: which limit is the largest;
        * ``fraction_of_limit``: that limit by the measured time, 1 being the best. It can be more
          where memory binds and the data fit into a cache, and where calls are made in C++ at
          less than the price of one from Python.

    Raises:
        InvalidArgumentError: If a number is not positive or the configuration is another one.
    """
    if repeats < 1 or not controllers or min(controllers) < 1:
        raise InvalidArgumentError(
            f"repeats is {repeats} and controllers are {tuple(controllers)}; expected 1 or more."
        )
    config = config or ControllerConfig()
    peaks = measure_peaks(device=device, repeats=repeats)
    rows = []
    for count in controllers:
        trainer = device_trainer(task, config, count, seed=seed, device=device)
        environment = trainer.streams.environment
        work = count_work(config, environment.tables, environment.layout)
        jobs = _parts(trainer)
        calls = {part: _calls(job) for part, job in jobs.items()}  # a warm-up, too
        seconds = time_in_turns(
            {part: _repeated(job) for part, job in jobs.items()}, repeats, device=device
        )
        steps = count * config.ppo.num_envs * config.ppo.n_steps
        for part in jobs:
            measured = [1e6 * s / _ROLLOUTS / steps for s in seconds[part]]
            row = _row(peaks, work[part], calls[part], steps, measured)
            rows.append({"part": part, "controllers": count, **row})
    return {"peaks": peaks, "rows": rows}


def _parts(trainer: DeviceTrainer) -> dict[str, Callable[[], object]]:
    """Return each part as a function that does the work of one rollout."""
    learner, streams = trainer.learner, trainer.streams
    for group in learner.optimizer.param_groups:
        group["lr"] = 0.0
    collected = learner.collect()
    rollout = collected.rollout
    steps, device = rollout.actions.shape[1], learner.device
    obs = torch.empty_like(rollout.obs[:, 0])
    last = torch.zeros_like(rollout.values[:, 0])
    streams.observe(obs)
    actions = rollout.actions.clone()

    def step() -> None:
        streams.begin_rollout(steps)
        for t in range(steps):
            streams.step(actions[:, t])

    def observe() -> None:
        for _ in range(steps):
            streams.observe(obs)

    def forward() -> None:
        shape = (steps, obs.shape[1])
        uniform = torch.stack(
            [torch.rand(shape, generator=g, device=device) for g in learner.generators]
        )
        for t in range(steps):
            rollout.obs[:, t] = obs
            logits, values = learner.stack.forward(obs)
            chosen, log_probabilities = choose(logits, uniform[:, t])
            rollout.actions[:, t] = chosen
            rollout.log_probabilities[:, t] = log_probabilities
            rollout.values[:, t] = values
        learner.stack.forward(obs)

    def update() -> None:
        config = trainer.config
        rollout.advantages(last, config.gamma, config.gae_lambda)
        learner.update(collected)

    return {
        "step": torch.no_grad()(step),
        "observe": torch.no_grad()(observe),
        "forward": torch.no_grad()(forward),
        "update": torch.no_grad()(update),
        "all": lambda: _whole(learner),
    }


def _whole(learner: StackedPPO) -> None:
    learner.update(learner.collect())


def _calls(job: Callable[[], object]) -> int:
    counter = CallCounter()
    with counter:
        job()
    return counter.calls


def _repeated(job: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(_ROLLOUTS):
            job()

    return run


def _row(
    peaks: Mapping[str, Any], work: Work, calls: int, steps: int, measured: Sequence[float]
) -> dict[str, Any]:
    limits = {
        "arithmetic": work.flops / peaks["gflops"] / 1e3,
        "memory": work.bytes / peaks["gb_per_second"] / 1e3,
        "calls": calls * peaks["call_us"] / steps,
    }
    bound = max(limits, key=lambda name: limits[name])
    times = spread(measured)
    return {
        "flops": work.flops,
        "bytes": work.bytes,
        "calls": calls,
        "limit_us": limits,
        "measured_us": times["median"],
        "measured": times,
        "bound": bound,
        "fraction_of_limit": limits[bound] / times["median"],
    }
