"""How much the parts of a training step have to do at least, counted from shapes.

All numbers are for one environment step of one controller. A multiplication and an addition are
two floating-point operations; a comparison, a selection or a bit operation is counted as one, an
exponential or logarithm too. Bytes are what has to come from and go to memory if everything in
between stayed in registers: each input is read once and each result written once. So PyTorch moves
more than is counted here, and the limits that follow are true lower bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlnas.agents import ControllerConfig
from rlnas.envs import ImprovementConfig, ObservationLayout
from rlnas.envs.tensor import TaskTables
from rlnas.envs.tensor.visited import bytes_of_an_episode
from rlnas.errors import InvalidArgumentError


@dataclass(frozen=True)
class Work:
    """Work of one environment step.

    Attributes:
        flops: Floating-point operations.
        bytes: Bytes read and written.
    """

    flops: float
    bytes: float

    def __add__(self, other: Work) -> Work:
        return Work(self.flops + other.flops, self.bytes + other.bytes)


def count_work(
    config: ControllerConfig, tables: TaskTables, layout: ObservationLayout
) -> dict[str, Work]:
    """Return the least work of each part: ``step``, ``observe``, ``forward``, ``update``, ``all``.

    With E edits, A = E + 1 actions, observations of D numbers, width W, P parameters, horizon H,
    T steps in a rollout, N episodes, minibatches of B and e epochs:

    * ``step``: 12 operations on scores and counters. It reads one entry of the edit table (4
      bytes), one score (8), the action (8) and six numbers of the state (48), writes seven (56),
      reward and end (5), one visited score (8), reads and writes a word of the visited set and
      the return (16). A new episode, every H steps, clears the visited set and scores.
    * ``observe``: 2 comparisons and 2 additions for each of the H + 1 visited scores, 4 operations
      for each edit, 8 for the scalars. It reads a row of features, of neighbours (8 E) and of
      signs (E), a word of the visited set for each edit (4 E), the visited scores (8 (H + 1)) and
      five numbers of the state (40), and writes the observation (4 D).
    * ``forward``: products of 2 (D W + W²) for each of two encoders and 2 W A + 2 W for the heads,
      as many additions of biases and 4 W activations, once more every T steps for the value of
      the last observation, and 6 A for choosing an action. It reads the observation and stores
      it (8 D), reads a random number and writes action, log-probability and value (20), and reads
      the parameters once for all N episodes (4 P / N).
    * ``update``, each epoch: the products forward, and twice as many back but for the gradient of
      the observation, which nobody needs; 20 A for the loss; 16 P / B for clipping and Adam. Each
      epoch reads the sample (4 D + 32) and, once a minibatch, the parameters (4 P); it writes and
      reads the gradient and changes parameters and both moments (32 P). Advantages, once a
      rollout, are 8 operations and 17 bytes.

    Args:
        config: Of an improvement environment and a perceptron.
        tables: Its tables.
        layout: Its observation.

    Raises:
        InvalidArgumentError: If the environment or the network is another one.
    """
    environment, ppo, width = config.environment, config.ppo, config.network.width
    if not isinstance(environment, ImprovementConfig) or config.network.kind != "mlp":
        raise InvalidArgumentError(
            "Work is counted for the improvement environment and the perceptron; got "
            f"{type(environment).__name__} and {config.network.kind!r}."
        )
    edits, actions, inputs = layout.grid, layout.actions, layout.size
    scores = environment.horizon + 1
    visited_set = bytes_of_an_episode(tables.space.size, environment.horizon + 1)
    clearing = (visited_set + 8 * scores) / environment.horizon
    feature = tables.features.element_size() * tables.features.shape[1]
    encoders = 2 * 2 * (inputs * width + width**2)
    products = encoders + 2 * width * (actions + 1)
    outputs = 4 * width + actions + 1
    parameters = 2 * (inputs * width + width**2) + width * (actions + 1) + outputs
    again = 1 + 1 / ppo.n_steps
    backward = 2 * products - 2 * 2 * inputs * width
    history = 13 * edits if environment.history else 0
    parts = {
        "step": Work(12, 153 + clearing),
        "observe": Work(
            4 * scores + (4 * edits if environment.history else 0) + 8,
            feature + history + 8 * scores + 40 + 4 * inputs,
        ),
        "forward": Work(
            again * (products + outputs + 4 * width) + 6 * actions,
            8 * inputs + 20 + again * 4 * parameters / ppo.num_envs,
        ),
        "update": Work(
            ppo.n_epochs
            * (
                products
                + backward
                + 2 * (outputs + 4 * width)
                + 20 * actions
                + 16 * parameters / ppo.batch_size
            )
            + 8,
            ppo.n_epochs * (4 * inputs + 32 + 36 * parameters / ppo.batch_size) + 17,
        ),
    }
    return {**parts, "all": sum(parts.values(), Work(0, 0))}
