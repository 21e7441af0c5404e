"""Worker processes: a pool for short calls, and a process of its own for each long one.

`worker_pool` is for many short calls that are trusted to come back. `Isolated` is for calls that
may be killed, run out of memory or never end: what happens to one happens to nothing else.
"""

from rlnas.processes.call import Failure
from rlnas.processes.isolated import Isolated, run_isolated
from rlnas.processes.pool import StartMethod, prepare_workers, stop_pool, worker_pool
from rlnas.processes.template import IsolationError

__all__ = [
    "Failure",
    "Isolated",
    "IsolationError",
    "StartMethod",
    "prepare_workers",
    "run_isolated",
    "stop_pool",
    "worker_pool",
]
