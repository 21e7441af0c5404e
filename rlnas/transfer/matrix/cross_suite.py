"""What a matrix can measure when its sources come from another suite than its targets."""

from __future__ import annotations

from rlnas.errors import InvalidArgumentError
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import SearchSpace
from rlnas.transfer.matrix.config import MatrixConfig
from rlnas.transfer.registry import method_names


def check_source_suite(
    config: MatrixConfig, target_space: SearchSpace, source_space: SearchSpace
) -> None:
    """Refuse what cannot work, or would not be transfer, before anything is trained for it.

    Args:
        config: The plan, its tasks and source tasks named.
        target_space: The search space of the targets.
        source_space: That of the sources.

    Raises:
        InvalidArgumentError: If a task of the same name is a source and a target on one space, or
            if the spaces differ and the controllers' network, a method or the estimators need one.
    """
    here = f"{config.source_suite} is on {source_space.name} and {config.suite} on "
    here += target_space.name
    if source_space.name == target_space.name:
        if shared := sorted(set(config.tasks) & set(config.source_tasks)):
            raise InvalidArgumentError(
                f"{config.source_suite} and {config.suite} are on one search space and share the "
                f"tasks {', '.join(shared)}: such a source has seen its target. Name others by "
                "source_tasks=… or tasks=…."
            )
        return
    if config.controller.network.kind == "mlp":
        raise InvalidArgumentError(
            f"A perceptron is tied to one search space; {here}. Use a transformer: "
            "PolicyConfig(kind='transformer')."
        )
    if refused := [name for name in config.methods if _compares_results(name)]:
        able = [name for name in method_names() if not _compares_results(name)]
        raise InvalidArgumentError(
            f"{', '.join(refused)}: results are compared on one search space; {here}. Methods that "
            f"need the policies alone are {', '.join(able)}."
        )
    if config.estimators:
        raise InvalidArgumentError(
            f"Similarity is estimated on one search space; {here}. Leave the estimators out."
        )


def _compares_results(name: str) -> bool:
    return SEARCHERS.get(name).compares_results
