"""Tasks, suites, objectives and the query ledger. NumPy only."""

from rlnas.tasks.function import FunctionObjective, make_task
from rlnas.tasks.ledger import QueryLedger, query_together
from rlnas.tasks.limits import Limit, Limits
from rlnas.tasks.metric import Metric
from rlnas.tasks.objective import BatchObjective, Evaluation, Objective, TableObjective
from rlnas.tasks.records import Budget, QueryRecord
from rlnas.tasks.suite import Suite
from rlnas.tasks.task import TabularTask, Task

__all__ = [
    "BatchObjective",
    "Budget",
    "Evaluation",
    "FunctionObjective",
    "Limit",
    "Limits",
    "Metric",
    "Objective",
    "QueryLedger",
    "QueryRecord",
    "Suite",
    "TableObjective",
    "TabularTask",
    "Task",
    "make_task",
    "query_together",
]
