"""Conformance checks that anyone can run on their own spaces, tasks and searchers.

Each check returns None, or raises a `ConformanceError` that says which contract is broken. They
need no test framework.

Example:
    >>> from rlnas.spaces import CellSpace
    >>> from rlnas.testing import check_space
    >>> check_space(CellSpace("mine", [(0, 1), (0, 2), (1, 2)], ["none", "conv"], none="none"))
"""

from rlnas.testing.conformance import ConformanceError
from rlnas.testing.environments import check_environment
from rlnas.testing.harm import check_does_no_harm
from rlnas.testing.leakage import check_no_leakage
from rlnas.testing.searchers import check_exhaustion, check_searcher
from rlnas.testing.spaces import check_space
from rlnas.testing.tasks import check_task
from rlnas.testing.transfer_methods import check_transfer_method

__all__ = [
    "ConformanceError",
    "check_does_no_harm",
    "check_environment",
    "check_exhaustion",
    "check_no_leakage",
    "check_searcher",
    "check_space",
    "check_task",
    "check_transfer_method",
]
