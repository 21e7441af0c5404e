"""Speed: what a user waits for, measured side by side in one run."""

from rlnas.bench.machine import available_cores, describe_machine, torch_threads
from rlnas.bench.measures.environments import environment_contenders, measure_environments
from rlnas.bench.measures.growth import measure_growth
from rlnas.bench.measures.learners import (
    learner_contenders,
    measure_learners,
    transformer_contenders,
)
from rlnas.bench.measures.memory import measure_memory
from rlnas.bench.measures.roofline import measure_peaks, measure_roofline
from rlnas.bench.measures.seeds import measure_seeds
from rlnas.bench.measures.tables import measure_table_loading
from rlnas.bench.measures.timing import Contender, Rate, compare, race, spread, time_in_turns
from rlnas.bench.run import measure_speed

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
