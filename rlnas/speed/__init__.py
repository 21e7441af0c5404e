"""Speed: environment steps, learner steps and table loading, side by side in one run."""

from rlnas.speed.bench import measure_speed
from rlnas.speed.environments import environment_contenders
from rlnas.speed.learners import learner_contenders
from rlnas.speed.machine import describe_machine
from rlnas.speed.tables import measure_table_loading
from rlnas.speed.timing import Contender, Rate, race

__all__ = [
    "Contender",
    "Rate",
    "describe_machine",
    "environment_contenders",
    "learner_contenders",
    "measure_speed",
    "measure_table_loading",
    "race",
]
