"""Worker processes: a pool for short calls, and a process of its own for each long one.

`worker_pool` is for many short calls that are trusted to come back. `Isolated` is for calls that
may be killed, run out of memory or never end: what happens to one happens to nothing else. An
`Executor` has both, here or on a Ray cluster.
"""

from rlnas.processes.call import Failure
from rlnas.processes.executor import (
    Executor,
    ExecutorName,
    InProcess,
    Processes,
    make_executor,
)
from rlnas.processes.isolated import Isolated, run_isolated
from rlnas.processes.pool import StartMethod, prepare_workers, stop_pool, worker_pool
from rlnas.processes.template import IsolationError

__all__ = [
    "Executor",
    "ExecutorName",
    "Failure",
    "InProcess",
    "Isolated",
    "IsolationError",
    "Processes",
    "StartMethod",
    "make_executor",
    "prepare_workers",
    "run_isolated",
    "stop_pool",
    "worker_pool",
]
