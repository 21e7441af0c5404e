"""What pretraining costs."""

import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.investment import Investment, sources_of


def test_pools_of_sources_cost_all_their_tasks():
    tasks = ("a", "b", "c")
    assert sources_of("others", "b", tasks) == ("a", "c")
    assert sources_of("all", "b", tasks) == tasks
    assert sources_of("-", "b", tasks) == ()
    by_task = Investment(source_queries={"a": 1, "b": 10, "c": 100}, cost_per_query_seconds=2.0)
    assert by_task.queries("others", "b", tasks) == 101
    assert by_task.seconds("others", "b", tasks, {}) == 202
    with pytest.raises(InvalidArgumentError, match="no number for 'd'"):
        by_task.queries("d", "b", tasks)
