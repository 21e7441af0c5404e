"""A library of source policies that grows only by what the others cannot do."""

from __future__ import annotations

from collections.abc import Iterable

from rlnas.agents import PPOController
from rlnas.agents.engine.stacks import stack_networks
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask
from rlnas.transfer.held_evaluation import HeldEvaluation
from rlnas.transfer.sources import Source


class PolicyLibrary:
    """Source policies of which none does another's task as well as that one does.

    PLPR (Fernández & Veloso 2006, section 5): a policy is added unless some policy in the library
    gets as much on the new one's task, so a library stays small and each trial of it on a target
    tells something. In the paper "as much" is a share δ of the new policy's own return, which asks
    for returns above 0. Returns here are −log₁₀ of the rank of the best architecture of an episode,
    so the δ is a difference: at 0.25 a policy is redundant if another comes, on its own task, to a
    rank at most 1.8 times its own.

    All of this happens on source tasks, whose results are known, and costs a target no query.

    Args:
        delta: Difference of returns up to which a policy counts as one that is there, 0 or more.
        starts: Episodes of each policy, all from the same start architectures.
        seed: Seed of the starts and of the actions.

    Attributes:
        sources: The sources whose policies are in it, in the order they came.

    Raises:
        InvalidArgumentError: If ``delta`` or ``starts`` is out of range.

    Example:
        >>> library = PolicyLibrary.of(sources)  # doctest: +SKIP
        >>> PolicyReuse(library.controllers).search(task, budget=50)  # doctest: +SKIP
    """

    def __init__(self, *, delta: float = 0.25, starts: int = 128, seed: int = 0) -> None:
        if not delta >= 0 or starts < 1:
            raise InvalidArgumentError(
                f"delta is {delta} and starts {starts}; expected ≥ 0 and 1 or more."
            )
        self.delta = delta
        self.starts = starts
        self.seed = seed
        self.sources: tuple[Source, ...] = ()

    @classmethod
    def of(
        cls, sources: Iterable[Source], *, delta: float = 0.25, starts: int = 128, seed: int = 0
    ) -> PolicyLibrary:
        """Return a library to which these sources were added one by one, in this order."""
        library = cls(delta=delta, starts=starts, seed=seed)
        for source in sources:
            library.add(source)
        return library

    @property
    def controllers(self) -> tuple[PPOController, ...]:
        """The controllers in the library."""
        return tuple(source.controller for source in self.sources)

    def add(self, source: Source) -> bool:
        """Add a source's policy unless one in the library does its task as well.

        Args:
            source: The controller and the task it was trained on.

        Returns:
            Whether it was added.

        Raises:
            InvalidArgumentError: If the task is not at hand, or its controller was trained in
                another environment than those in the library.
            LeakageError: If a search is running on the task.
        """
        if source.task is None:
            raise InvalidArgumentError(
                f"The source {source.name!r} has no task to compare policies on; give it one."
            )
        environment = source.controller.config.environment
        if any(other.config.environment != environment for other in self.controllers):
            raise InvalidArgumentError(
                f"The controller of {source.name!r} was trained in another environment than those "
                "in the library, so they do not read the same observations."
            )
        own = self.gain(source.controller, source.task)
        if any(self.gain(c, source.task) >= own - self.delta for c in self.controllers):
            return False
        self.sources = (*self.sources, source)
        return True

    def gain(self, controller: PPOController, task: TabularTask) -> float:
        """Return a policy's mean return on a source task: −log₁₀(rank of an episode's best)."""
        evaluate = HeldEvaluation(
            [task],
            controller.config.environment,
            starts=min(self.starts, task.space.size),
            seed=self.seed,
        )
        return float(evaluate(stack_networks([controller.network_for(task.space)])).best[0])
