"""Shared representation: a new head on the target over an encoder trained on the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController, SharedController
from rlnas.agents.networks import (
    MLPNetwork,
    build_policy,
    build_progressive_network,
    layout_of,
)
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search.base import Trained
from rlnas.search.options import make_config
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.methods.base import Generators, LearningMethod, Ledgers
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool
from rlnas.transfer.weights.thawing import (
    Thaw,
    ThawingRates,
    gradual_unfreezing,
    thawing_updates,
)

RepresentationSource = SharedController | PPOController | Sequence[PPOController]
"""A shared encoder, that of a single source, or with adapters those of several."""


@dataclass(frozen=True, kw_only=True)
class SharedRepresentationConfig:
    """Where the heads start, and whether the encoder changes.

    Attributes:
        head: Where the policy head and the task embedding start: ``mean`` of the sources', so that
            the search begins with what they agree on; ``new``; or at those of one source, given by
            its name.
        thaw: When the encoder thaws, None for never: a number of updates between two layers, from
            the heads back (gradual unfreezing, Howard & Ruder 2018); a fraction of the query budget
            as a float in (0, 1), reckoned as if every step were a query, after which all of it
            thaws (a budget without a limit of queries counts as the whole space); or the number of
            the update by the name of a part, module or tensor. An update is a pass over a rollout.
        adapters: Whether to keep the sources' encoders as frozen columns beside a new one. Only for
            perceptrons.
    """

    head: str = "mean"
    thaw: Thaw | int | float | None = None
    adapters: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.thaw, Mapping):
            object.__setattr__(self, "thaw", dict(self.thaw))
        if self.adapters and self.thaw is not None:
            raise InvalidArgumentError(
                "The columns that adapters read are never thawed; leave thaw out."
            )
        if isinstance(self.thaw, float) and not 0 < self.thaw < 1:
            raise InvalidArgumentError(
                f"thaw is {self.thaw}; expected a fraction of the budget in (0, 1), a whole number "
                "of updates, or one by the name of a part."
            )


class SharedRepresentation(LearningMethod):
    """Learn a head on the target over an encoder that was trained on the sources.

    The target gets a policy head, a value head and, over a shared encoder, a task embedding of its
    own; the encoder is frozen, as in the transfer of Wong et al. (Transfer Learning with Neural
    AutoML, NeurIPS 2018, section 3), or thaws by a schedule, or stays frozen beside a new encoder
    that reads it through lateral adapters (Progressive Neural Networks, arXiv 1606.04671). The
    value head is new in any case: the target's rewards are on another scale.

    Of the starts of the head the mean is the default because a new one learns no faster than a
    controller from scratch in 50 queries; of the schedules none could be told from a frozen encoder
    there (synthetic suites and NAS-Bench-201, leave-one-task-out).

    Args:
        source: A shared controller; or a plain one, whose encoder is then that of a single source;
            or with ``adapters`` several plain ones, each a column.
        config: The options.
        fine_tuning: How the controller learns from few queries.
        options: Fields of `SharedRepresentationConfig` to set, e.g. ``head="new"``.

    Raises:
        InvalidArgumentError: If there is no such option, or the options do not fit each other or
            the source.
        UnknownNameError: If ``head`` names no source.
    """

    name = "shared-representation"
    takes = ("one", "several")
    trained: Trained = "shared"
    Config = SharedRepresentationConfig
    config: SharedRepresentationConfig

    def __init__(
        self,
        source: RepresentationSource,
        config: SharedRepresentationConfig | None = None,
        *,
        fine_tuning: FineTuningConfig | None = None,
        **options: Any,
    ) -> None:
        own = make_config(self.Config, config, options, self.name)
        single = isinstance(source, (SharedController, PPOController))
        self.controllers: tuple[SharedController | PPOController, ...] = (
            (source,) if isinstance(source, (SharedController, PPOController)) else tuple(source)
        )
        if not self.controllers:
            raise InvalidArgumentError("There is no source controller; expected one or more.")
        if not single and not own.adapters:
            raise InvalidArgumentError(
                "Several plain controllers have an encoder each; use them with adapters=True, or "
                "train one SharedController on their tasks."
            )
        kinds = {controller.config.network.kind for controller in self.controllers}
        if own.adapters and kinds != {"mlp"}:
            raise InvalidArgumentError(
                "Adapters are there for perceptrons only; use adapters=False with a transformer."
            )
        self.controller = self.controllers[0]
        super().__init__(self.controller.config, fine_tuning, own)
        self._weights = self._weights_of(own.head)

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> SharedRepresentation:
        """Return the method of a pool's shared encoder, or of a single source."""
        source = pool.only.controller if pool.shared is None else pool.shared
        return cls(source, fine_tuning=settings.fine_tuning, **options)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all source tasks."""
        return tuple(name for controller in self.controllers for name in controller.sources)

    def _weights_of(self, head: str) -> list[float] | None:
        """Return the weight of each head that can be started from; None for a new head."""
        if head == "new":
            return None
        if isinstance(self.controller, SharedController):
            return self.controller.weights_of(None if head == "mean" else head)
        count = len(self.controllers)
        if head == "mean":
            return [1 / count] * count
        for place, controller in enumerate(self.controllers):
            if controller.sources == (head,):
                return [float(place == other) for other in range(count)]
        raise UnknownNameError("source task", head, ("mean", "new", *self.sources))

    # -- the network of a search -----------------------------------------------------------

    def network_for(self, space: SearchSpace, seed: int) -> nn.Module:
        """Return the network that a search on a space starts from.

        Args:
            space: The target's space.
            seed: Seed of what is new.

        Raises:
            InvalidArgumentError: If the space is another and the sources are tied to their own.
        """
        if self.config.adapters:
            return self._progressive(space, seed)
        if isinstance(self.controller, SharedController):
            return self.controller.network_for_new_task(space, seed=seed, weights=self._weights)
        return self._over_single_source(self.controller, space, seed)

    def _over_single_source(
        self, controller: PPOController, space: SearchSpace, seed: int
    ) -> nn.Module:
        fresh = build_policy(
            controller.config.network,
            space,
            layout_of(space, controller.config.environment),
            seed=seed,
            vocabulary=controller.vocabulary,
        )
        kept = ("encoder.", "value_encoder.", *(("policy_head.",) if self._weights else ()))
        known = controller.network_for(space).state_dict()
        state = {name: value for name, value in known.items() if name.startswith(kept)}
        fresh.load_state_dict({**fresh.state_dict(), **state})
        return fresh

    def _progressive(self, space: SearchSpace, seed: int) -> nn.Module:
        columns, weights = [], self._weights
        for controller in self.controllers:
            if isinstance(controller, SharedController):
                # Its blended head is the one that was asked for, so its single column counts 1.
                name = None if self.config.head in ("mean", "new") else self.config.head
                column = controller.network_for_task(name, space=space)
                weights = None if weights is None else [1.0]
            else:
                column = controller.network_for(space)
            if isinstance(column, MLPNetwork):
                columns.append(column)
        return build_progressive_network(columns, weights, seed=seed)

    # -- the search ------------------------------------------------------------------------

    def _rates(self, network: nn.Module, ledger: QueryLedger) -> ThawingRates | None:
        """Return the learning rates that freeze and thaw the encoder."""
        if self.config.adapters:
            return None
        names = [name for name, _ in network.named_parameters()]
        # A part of the encoder has a layer in the order of gradual unfreezing; a head has none.
        order = gradual_unfreezing(names, 1)
        encoder = {name for name in names if order[name] != 0}
        learns: dict[str, int | None] = {name: None if name in encoder else 0 for name in names}
        if isinstance(self.config.thaw, Mapping):
            given = thawing_updates(names, {"encoder": None, **self.config.thaw})
            learns |= {name: given[name] for name in encoder}
        elif isinstance(self.config.thaw, float):
            learns |= dict.fromkeys(encoder, self._update_after(self.config.thaw, ledger))
        elif self.config.thaw is not None:
            learns = gradual_unfreezing(names, int(self.config.thaw))
        return ThawingRates(dict.fromkeys(names, 1.0), learns)

    def _update_after(self, fraction: float, ledger: QueryLedger) -> int:
        """Return the number of the first update after a fraction of the query budget."""
        queries = ledger.budget.queries or ledger.space.size
        rollouts = int(fraction * queries / self.fine_tuning.n_steps)
        return rollouts * self.fine_tuning.n_epochs

    def _begin(
        self, ledgers: Ledgers, rngs: Generators
    ) -> tuple[Sequence[nn.Module], LearnerHooks]:
        networks = [
            self.network_for(ledger.space, int(rng.integers(2**31)))
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        return networks, LearnerHooks(rates=self._rates(networks[0], ledgers[0]))

    def _start_options(self) -> Mapping[str, object]:
        return {**self.controller.options(), "sources": list(self.sources)}
