"""Transfer methods that start from controllers which never trained, and random proposals.

What such a control reaches is not owed to what the sources taught: it is the environment, the
architecture of the network, the learning on the target, or the posterior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Literal

from rlnas.agents import PPOController, SharedController
from rlnas.search import Searcher
from rlnas.seeding import derive_seed
from rlnas.transfer.methods.bounds import ZeroShot
from rlnas.transfer.methods.guided_reuse import GuidedReuse, GuidedReuseConfig, GuidedSelection
from rlnas.transfer.methods.jump_start import JumpStart
from rlnas.transfer.methods.kickstarting import Kickstarting
from rlnas.transfer.methods.policy_reuse import PolicyReuse
from rlnas.transfer.methods.selected_source import SelectedSource
from rlnas.transfer.methods.shared_representation import SharedRepresentation
from rlnas.transfer.methods.weight_initialization import WeightInitialization
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool


def untrained(pool: SourcePool) -> SourcePool:
    """Return the same sources, each with a controller of the same build that never trained.

    Its first weights follow from the source's name, so that no two sources share them.

    Args:
        pool: The sources.
    """
    sources = tuple(
        replace(source, controller=_anew(source.controller, source.name)) for source in pool.sources
    )
    joint = None if pool.joint is None else _anew(pool.joint, "joint")
    shared = pool.shared
    if shared is not None:
        seed = derive_seed(0, "untrained", "shared")
        shared = SharedController(
            shared.space, shared.sources, shared.config, embedding=shared.embedding, seed=seed
        )
    return SourcePool(sources, joint, shared)


def _anew(controller: PPOController, name: str) -> PPOController:
    seed = derive_seed(0, "untrained", name)
    return PPOController(controller.space, controller.config, seed=seed)


def _from_untrained(method: Any) -> Any:
    """Return a method's ``from_sources`` that hands it untrained controllers."""
    made: Callable[..., Searcher] = method.from_sources.__func__

    @wraps(made)  # so that the options are those of the method
    def from_sources(
        cls: type[Searcher], pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> Searcher:
        return made(cls, untrained(pool), settings, **options)

    bound: Any = from_sources  # what a type checker knows of it is too narrow for a class method
    return classmethod(bound)


class UntrainedZeroShot(ZeroShot):
    """Run a policy that never trained: what zero-shot has to beat."""

    name = "zero-shot-untrained"
    trained = "nothing"
    control = True
    from_sources = _from_untrained(ZeroShot)


class UntrainedWeightInitialization(WeightInitialization):
    """Learn on the target from weights that never trained: what weight-init has to beat."""

    name = "weight-init-untrained"
    trained = "nothing"
    control = True
    from_sources = _from_untrained(WeightInitialization)


class UntrainedSharedRepresentation(SharedRepresentation):
    """Learn a head over an encoder that never trained: what shared-representation has to beat."""

    name = "shared-representation-untrained"
    trained = "nothing"
    control = True

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> UntrainedSharedRepresentation:
        """Return the method of an encoder for as many tasks as there are sources."""
        if pool.shared is None and len(pool.sources) > 1:
            first = pool.sources[0].controller
            names = [source.name for source in pool.sources]
            shared = SharedController(first.space, names, first.config)
            pool = replace(pool, shared=shared)
        fresh = untrained(pool)
        source = fresh.only.controller if fresh.shared is None else fresh.shared
        return cls(source, fine_tuning=settings.fine_tuning, **options)


class UntrainedPolicyReuse(PolicyReuse):
    """Reuse policies that never trained: what policy-reuse has to beat."""

    name = "policy-reuse-untrained"
    trained = "nothing"
    control = True
    from_sources = _from_untrained(PolicyReuse)


class UntrainedKickstarting(Kickstarting):
    """Learn beside teachers that never trained: what kickstarting has to beat."""

    name = "kickstarting-untrained"
    trained = "nothing"
    control = True
    from_sources = _from_untrained(Kickstarting)


class UntrainedJumpStart(JumpStart):
    """Learn after a guide that never trained: what jump-start has to beat."""

    name = "jump-start-untrained"
    trained = "nothing"
    control = True
    from_sources = _from_untrained(JumpStart)


class UntrainedSelectedSource(SelectedSource):
    """Choose among sources whose policies never trained: what selected-source has to beat."""

    name = "selected-source-untrained"
    trained = "nothing"
    control = True
    from_sources = _from_untrained(SelectedSource)


@dataclass(frozen=True, kw_only=True)
class RandomProposalsConfig(GuidedReuseConfig):
    """As `GuidedReuseConfig`, with random edits for proposals.

    Attributes:
        proposals: Who proposes: ``random`` edits, or the source ``policies``.
    """

    proposals: Literal["policies", "random"] = "random"


class RandomProposals(GuidedReuse):
    """Guided reuse with random edits for proposals: what the source policies have to beat."""

    name = "guided-reuse-random"
    trained = "nothing"
    control = True
    Config = RandomProposalsConfig


class RandomSelectedProposals(GuidedSelection):
    """Guided selection with random edits for proposals: what selected policies have to beat."""

    name = "guided-selection-random"
    trained = "nothing"
    control = True
    Config = RandomProposalsConfig
