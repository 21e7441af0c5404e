"""The images behind a built-in suite: what a search that trains a super-network learns from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rlnas.benchmarks.builtin import BUILT_IN, built_in_folder
from rlnas.datasets import load_task_data
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import Suite, TabularTask
from rlnas.training.objective.examples import SearchExamples
from rlnas.training.tabulation.plan import PLAN_FILE, Tabulation


def give_examples(
    suite: Suite[TabularTask], name: str, tasks: Sequence[str], device: str = "auto"
) -> None:
    """Give tasks of a built-in suite the training examples and the skeleton of their table.

    So a search trains its super-network on the very images that the table's networks learnt from,
    and the table judges what it finds.

    Args:
        suite: The suite, whose tasks get them.
        name: Its name.
        tasks: The tasks to give them.
        device: Where to train: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InvalidArgumentError: If the suite is not built in, so that its images are not at hand.
    """
    if name not in BUILT_IN:
        raise InvalidArgumentError(
            f"The images behind the suite {name} are not at hand, so no super-network can be "
            f"trained on them. Search {' or '.join(BUILT_IN)}, or a data set of your own."
        )
    description = json.loads((built_in_folder(name) / PLAN_FILE).read_text(encoding="utf-8"))
    plan = Tabulation.from_description(description)
    train, valid, test = plan.sizes
    for task in tasks:
        data = load_task_data(
            plan.dataset, task, train_size=train, valid_size=valid, test_size=test
        )
        suite[task].examples = SearchExamples.of(data, plan.config, device)
