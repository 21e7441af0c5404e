"""Joint training: one controller trained on all sources together, not told which it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from rlnas.agents import FineTuningConfig, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search import SideBySideSearcher
from rlnas.transfer.methods.base import Generators, Ledgers, learn_on_targets
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool


class Joint(SideBySideSearcher):
    """Search with a controller that was trained on several sources together.

    It is a bound among the methods: what one policy for all tasks can do that has to find out from
    the rewards of an episode which task it is in.

    Args:
        controller: A controller of `PPOController.train_jointly`.
        fine_tuning: How it goes on learning on the target; None for its policy as it is.
    """

    name = "joint"
    takes = ("several",)
    trained = "joint"
    oracle = True

    def __init__(
        self, controller: PPOController, *, fine_tuning: FineTuningConfig | None = None
    ) -> None:
        self.controller = controller
        self.fine_tuning = fine_tuning

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings) -> Joint:
        """Return the method of a pool's joint controller.

        Raises:
            InvalidArgumentError: If the pool has none.
        """
        if pool.joint is None:
            raise InvalidArgumentError(
                "The method 'joint' needs a controller trained on all sources together; give it as "
                "SourcePool(joint=PPOController.train_jointly(tasks))."
            )
        return cls(pool.joint)

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        if self.fine_tuning is None:
            self.controller._search_many(ledgers, rngs)
            return
        networks = [self.controller.network_for(ledger.space) for ledger in ledgers]
        learn_on_targets(networks, self.controller.config, self.fine_tuning, ledgers, rngs)

    def options(self) -> Mapping[str, object]:
        """Return the controller's settings and sources, and those of the learning if any."""
        learning = None if self.fine_tuning is None else asdict(self.fine_tuning)
        return {"fine_tuning": learning, **self.controller.options()}
