"""Searchers by name: those that know nothing but their target, and those that start from sources.

What a plan needs of a method stands in its entry, so that planning loads no method and no PyTorch.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from rlnas.errors import InvalidArgumentError
from rlnas.registry import Registry, load
from rlnas.search.base import Searcher, Takes, Trained
from rlnas.search.options import Option, check_options, make_config, options_of, parse_options


@dataclass(frozen=True)
class Method:
    """An entry: what makes a searcher, and what a plan has to know of it.

    Attributes:
        name: Its name.
        factory: The searcher's class, or a function that makes it; or the import path of either.
        takes: How many sources it can start from; empty for a searcher that has none.
        trained: What it needs of several sources.
        oracle: Whether it is also measured with the target among its sources, as a bound.
        compares_results: Whether it compares what was measured on its sources with the target, so
            that all must be on one search space.
        control: Whether nothing of it is learnt, so that it is there to be beaten.
        by_name: Whether a matrix of all methods leaves it out, and measures it where it is named.
        version: One more whenever it comes to find something else, see `Searcher`.
        trains: Whether it trains a super-network on a task's examples.
    """

    name: str
    factory: Callable[..., Searcher] | str
    takes: frozenset[Takes] = frozenset()
    trained: Trained = "each"
    oracle: bool = False
    compares_results: bool = False
    control: bool = False
    by_name: bool = False
    version: int = 1
    trains: bool = False

    @classmethod
    def of(cls, name: str, made: Any) -> Method:
        """Return the entry of a class, which says itself what it starts from, or of a function.

        Raises:
            TypeError: If it can make no searcher.
        """
        if isinstance(made, Method):
            return made
        if not isinstance(made, type) and callable(made):
            return cls(name, made)
        if not isinstance(made, type) or not issubclass(made, Searcher):
            raise TypeError(f"expected a class of Searcher, got {made!r}")
        if made.takes and not hasattr(made, "from_sources"):
            raise TypeError("a searcher that takes sources needs from_sources(pool, settings)")
        return cls(
            name,
            made,
            frozenset(made.takes),
            made.trained,
            made.oracle,
            made.compares_results,
            made.control,
            made.by_name,
            made.version,
            made.trains,
        )

    def load(self) -> Any:
        """Return the class or function that makes the searcher."""
        return load(self.factory) if isinstance(self.factory, str) else self.factory

    @property
    def options(self) -> dict[str, Option]:
        """Its options, by name."""
        made = self.load()
        if not self.takes or hasattr(made, "Config"):
            return options_of(made)
        known = options_of(getattr(made, "from_sources", made))
        return dict(list(known.items())[2:])  # the first two are the sources and the settings

    def parse(self, texts: Mapping[str, str]) -> dict[str, object]:
        """Return options as the command line writes them, as values.

        Raises:
            InvalidArgumentError: If there is no such option, or a text is no value of it.
        """
        options = parse_options(self.options, texts, self.name)
        self.check(options)
        return options

    def check(self, options: Mapping[str, object]) -> None:
        """Refuse options that the searcher does not have, or values out of range.

        Raises:
            InvalidArgumentError: If there are some.
        """
        made = self.load()
        config = getattr(made, "Config", made)
        if isinstance(config, type) and is_dataclass(config):
            make_config(config, None, options, self.name)
        else:
            check_options(options, self.options, self.name)

    def make(self, *start: object, **options: object) -> Searcher:
        """Return a new searcher.

        Args:
            start: The pool of sources and the run's settings, for a method that takes sources.
            options: Its options.

        Raises:
            InvalidArgumentError: If it has no such option, or the value is wrong.
        """
        made = self.load()
        build: Callable[..., Searcher] = getattr(made, "from_sources", made) if start else made
        accepted = inspect.signature(build).parameters.values()
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted):
            check_options(options, self.options, self.name)
        return build(*start, **options)


_METHODS = "rlnas.transfer.methods"
_CONTROLS = "rlnas.transfer.controls"
_BAYESIAN = "rlnas.search.bayesian"
_PROXIES = "rlnas.search.proxies"
_ONE_SHOT = "rlnas.one_shot"

SEARCHERS: Registry[Method] = Registry(
    "searcher or transfer method",
    {
        method.name: method
        for method in (
            Method("scratch", f"{_METHODS}.bounds:Scratch", frozenset({"none"})),
            Method("zero-shot", f"{_METHODS}.bounds:ZeroShot", frozenset({"one"})),
            Method(
                "weight-init",
                f"{_METHODS}.weight_initialization:WeightInitialization",
                frozenset({"one"}),
            ),
            Method(
                "shared-representation",
                f"{_METHODS}.shared_representation:SharedRepresentation",
                frozenset({"one", "several"}),
                trained="shared",
            ),
            Method(
                "policy-reuse",
                f"{_METHODS}.policy_reuse:PolicyReuse",
                frozenset({"one", "several"}),
            ),
            Method(
                "kickstarting",
                f"{_METHODS}.kickstarting:Kickstarting",
                frozenset({"one", "several"}),
            ),
            Method("jump-start", f"{_METHODS}.jump_start:JumpStart", frozenset({"one"})),
            Method(
                "joint",
                f"{_METHODS}.joint:Joint",
                frozenset({"several"}),
                trained="joint",
                oracle=True,
            ),
            Method(
                "selected-source",
                f"{_METHODS}.selected_source:SelectedSource",
                frozenset({"several"}),
                compares_results=True,
            ),
            Method(
                "guided-reuse",
                f"{_METHODS}.guided_reuse:GuidedReuse",
                frozenset({"several"}),
                compares_results=True,
                version=3,
            ),
            Method(
                "guided-selection",
                f"{_METHODS}.guided_reuse:GuidedSelection",
                frozenset({"several"}),
                compares_results=True,
                version=3,
            ),
            Method(
                "transfer-bo",
                f"{_METHODS}.transfer_bo:TransferBO",
                frozenset({"one", "several"}),
                compares_results=True,
                version=3,
            ),
            Method("random", "rlnas.search.random_search:RandomSearch"),
            Method("local", "rlnas.search.local_search:LocalSearch"),
            Method("regularised-evolution", "rlnas.search.evolution:RegularisedEvolution"),
            Method("genetic", "rlnas.search.genetic:GeneticSearch", by_name=True),
            Method("bo-forest", f"{_BAYESIAN}.optimisation:ForestSearch", by_name=True),
            Method("bo-gp", f"{_BAYESIAN}.optimisation:GaussianProcessSearch", by_name=True),
            Method("bo-ensemble", f"{_BAYESIAN}.optimisation:EnsembleSearch", by_name=True),
            Method("proxybo", f"{_PROXIES}.proxy_bo:ProxyBO", by_name=True),
            Method("brp", f"{_BAYESIAN}.relation:RelationSearch", by_name=True),
            Method("robot", f"{_PROXIES}.robot:RoBoT", by_name=True),
            Method("proxy-rank", f"{_PROXIES}.proxy_rank:ProxyRank", by_name=True),
            Method("proxy-evolution", f"{_PROXIES}.warm_evolution:WarmEvolution", by_name=True),
            Method("snps", f"{_ONE_SHOT}.snps:SNPS", by_name=True, trains=True),
            Method(
                "random-deletion",
                f"{_ONE_SHOT}.random_deletion:RandomDeletion",
                by_name=True,
                trains=True,
            ),
            Method("darts", f"{_ONE_SHOT}.darts:DARTS", by_name=True, trains=True),
            Method("gdas", f"{_ONE_SHOT}.gdas:GDAS", by_name=True, trains=True),
            Method("single-path", f"{_ONE_SHOT}.single_path:SinglePath", by_name=True, trains=True),
            Method(
                "random-sharing",
                f"{_ONE_SHOT}.random_sharing:RandomSharing",
                by_name=True,
                trains=True,
            ),
            Method("shared-ppo", f"{_ONE_SHOT}.shared_ppo:SharedPPO", by_name=True, trains=True),
            Method(
                "proxybo-sources",
                f"{_METHODS}.proxy_bo_sources:SourcesAsProxies",
                frozenset({"one", "several"}),
                trained="nothing",
                compares_results=True,
                by_name=True,
            ),
            # What nobody learnt, and everything else has to beat.
            Method(
                "most-parameters",
                f"{_CONTROLS}.counts:MostParameters",
                control=True,
            ),
            Method(
                "most-flops",
                f"{_CONTROLS}.counts:MostFlops",
                control=True,
            ),
            Method(
                "proxy-rank-sum",
                f"{_CONTROLS}.proxy_list:ProxyRankSum",
                control=True,
            ),
            Method(
                "mean-source-score",
                f"{_CONTROLS}.source_lists:MeanSourceScore",
                frozenset({"one", "several"}),
                trained="nothing",
                compares_results=True,
                control=True,
            ),
            Method(
                "round-robin",
                f"{_CONTROLS}.source_lists:RoundRobin",
                frozenset({"one", "several"}),
                trained="nothing",
                compares_results=True,
                control=True,
            ),
            Method(
                "guided-reuse-random",
                f"{_CONTROLS}.untrained:RandomProposals",
                frozenset({"several"}),
                trained="nothing",
                compares_results=True,
                control=True,
                version=3,
            ),
            Method(
                "guided-selection-random",
                f"{_CONTROLS}.untrained:RandomSelectedProposals",
                frozenset({"several"}),
                trained="nothing",
                compares_results=True,
                control=True,
                version=3,
            ),
            Method(
                "zero-shot-untrained",
                f"{_CONTROLS}.untrained:UntrainedZeroShot",
                frozenset({"one"}),
                trained="nothing",
                control=True,
            ),
            Method(
                "weight-init-untrained",
                f"{_CONTROLS}.untrained:UntrainedWeightInitialization",
                frozenset({"one"}),
                trained="nothing",
                control=True,
            ),
            Method(
                "shared-representation-untrained",
                f"{_CONTROLS}.untrained:UntrainedSharedRepresentation",
                frozenset({"one", "several"}),
                trained="nothing",
                control=True,
            ),
            Method(
                "policy-reuse-untrained",
                f"{_CONTROLS}.untrained:UntrainedPolicyReuse",
                frozenset({"one", "several"}),
                trained="nothing",
                control=True,
            ),
            Method(
                "kickstarting-untrained",
                f"{_CONTROLS}.untrained:UntrainedKickstarting",
                frozenset({"one", "several"}),
                trained="nothing",
                control=True,
            ),
            Method(
                "jump-start-untrained",
                f"{_CONTROLS}.untrained:UntrainedJumpStart",
                frozenset({"one"}),
                trained="nothing",
                control=True,
            ),
            Method(
                "selected-source-untrained",
                f"{_CONTROLS}.untrained:UntrainedSelectedSource",
                frozenset({"several"}),
                trained="nothing",
                compares_results=True,
                control=True,
            ),
        )
    },
    group="rlnas.searchers",
    adapt=Method.of,
)
"""Every searcher and transfer method."""


def register_searcher(name: str, factory: Callable[..., Searcher] | str) -> None:
    """Make ``get_searcher(name, **options)`` return ``factory(**options)``.

    Args:
        name: Its name.
        factory: Its class, which may take sources (see `Searcher`), or a function that makes it;
            or the import path of either, ``module:attribute``.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    SEARCHERS.register(name, factory if isinstance(factory, str) else Method.of(name, factory))


def get_searcher(
    name: str, *, sources: object = None, settings: object = None, **options: object
) -> Searcher:
    """Return a new searcher.

    Args:
        name: Registered name, e.g. ``regularised-evolution`` or ``zero-shot``.
        sources: What a transfer method starts from: a `rlnas.transfer.SourcePool`, or a list of
            `rlnas.transfer.Source`.
        settings: What all transfer methods of a run share: `rlnas.transfer.MethodSettings`.
        options: Keyword options of the searcher, e.g. ``population=20``.

    Raises:
        UnknownNameError: If there is no searcher of this name.
        InvalidArgumentError: If it has no such option, the value is wrong, or it starts from
            another number of sources.

    Example:
        >>> get_searcher("regularised-evolution", population=20).options()["population"]
        20
    """
    method = SEARCHERS.get(name)
    if method.takes:
        # What a source is, is known above this layer only.
        make_method: Callable[..., Searcher] = load("rlnas.transfer.registry:make_method")
        return make_method(name, sources, settings, **options)
    if sources is not None:
        raise InvalidArgumentError(f"The searcher {name!r} uses no sources; leave them out.")
    return method.make(**options)


def searcher_names() -> tuple[str, ...]:
    """Return the names of the registered searchers that start from nothing but their target."""
    return tuple(name for name in SEARCHERS.names() if not SEARCHERS.get(name).takes)
