"""What a learner on a device needs of an environment, and how to make one."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from torch import Tensor

from rlnas.envs.core import EnvironmentConfig
from rlnas.envs.improvement import ImprovementConfig
from rlnas.envs.layout import ObservationLayout
from rlnas.envs.tensor.construction import TensorConstruction
from rlnas.envs.tensor.improvement import TensorImprovement
from rlnas.envs.tensor.tables import TaskTables

State = TypeVar("State")


class TensorEnvironment(Protocol[State]):
    """Batched functions over ``R`` episodes whose states are tensors on one device.

    A state is a dataclass of tensors with ``R`` rows, among them ``offset``, ``scores`` and
    ``steps``. Unlike a NumPy core it may change large parts of a state in place.
    """

    tables: TaskTables
    config: Any
    layout: ObservationLayout

    @property
    def episode_length(self) -> int | None:
        """Steps of every episode, or None if episodes may end at different times."""
        ...

    def reset(self, tasks: Tensor, starts: Tensor) -> State:
        """Return new episodes of tasks ``(R,)`` at start architectures ``(R,)``."""
        ...

    def step(
        self, state: State, actions: Tensor, *, checked: bool = False
    ) -> tuple[State, Tensor, Tensor]:
        """Return the next state, rewards ``(R,)`` float32 and which episodes ended ``(R,)``.

        Without ``checked`` it is looked whether the actions are in range.
        """
        ...

    def restart(self, state: State, ended: Tensor, starts: Tensor) -> State:
        """Return the state in which the ended episodes ``(R,)`` begin anew."""
        ...

    def observe(self, state: State, out: Tensor) -> None:
        """Write the observations into ``out`` ``(R, layout.size)``."""
        ...


def make_tensor_environment(
    tables: TaskTables, config: EnvironmentConfig
) -> TensorImprovement | TensorConstruction:
    """Return the environment that a configuration describes, on the tables' device."""
    if isinstance(config, ImprovementConfig):
        return TensorImprovement(tables, config)
    return TensorConstruction(tables, config)
