"""Speed: what a user waits for, measured side by side in one run."""

from rlnas.speed.bench import measure_speed
from rlnas.speed.environments import environment_contenders, measure_environments
from rlnas.speed.growth import measure_growth
from rlnas.speed.learners import learner_contenders, measure_learners, transformer_contenders
from rlnas.speed.machine import available_cores, describe_machine, torch_threads
from rlnas.speed.memory import measure_memory
from rlnas.speed.peaks import measure_peaks
from rlnas.speed.roofline import measure_roofline
from rlnas.speed.seeds import measure_seeds
from rlnas.speed.tables import measure_table_loading
from rlnas.speed.timing import Contender, Rate, compare, race, spread, time_in_turns

__all__ = [
    "Contender",
    "Rate",
    "available_cores",
    "compare",
    "describe_machine",
    "environment_contenders",
    "learner_contenders",
    "measure_environments",
    "measure_growth",
    "measure_learners",
    "measure_memory",
    "measure_peaks",
    "measure_roofline",
    "measure_seeds",
    "measure_speed",
    "measure_table_loading",
    "race",
    "spread",
    "time_in_turns",
    "torch_threads",
    "transformer_contenders",
]
