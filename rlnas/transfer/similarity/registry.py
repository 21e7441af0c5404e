"""Similarity estimators by name, for the command line, the matrix and selectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlnas.registry import Registry, load
from rlnas.transfer.similarity.context import EstimatorContext
from rlnas.transfer.similarity.estimators.base import Needs, SimilarityEstimator

EstimatorFactory = Callable[[EstimatorContext], SimilarityEstimator]

_SCORES: frozenset[Needs] = frozenset({"scores"})
_POLICIES: frozenset[Needs] = frozenset({"policies"})


@dataclass(frozen=True)
class EstimatorEntry:
    """An entry: what makes an estimator, and what it needs.

    Attributes:
        factory: The estimator's class, or a function of an `EstimatorContext`; or the import path
            of either.
        needs: What must be known of the sources.
        options: Keyword arguments of the class.
    """

    factory: EstimatorFactory | str
    needs: frozenset[Needs] = _SCORES
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, made: Any) -> EstimatorEntry:
        """Return the entry of a class, which says itself what it needs.

        Raises:
            TypeError: If it is no class of an estimator.
        """
        if not isinstance(made, type) or not issubclass(made, SimilarityEstimator):
            raise TypeError(f"expected a class of SimilarityEstimator, got {made!r}")
        return cls(made, frozenset(made.needs))

    def make(self, context: EstimatorContext) -> SimilarityEstimator:
        """Return a new estimator."""
        made = load(self.factory) if isinstance(self.factory, str) else self.factory
        found: SimilarityEstimator = getattr(made, "from_context", made)(context, **self.options)
        return found


_HERE = "rlnas.transfer.similarity.estimators"

ESTIMATORS: Registry[EstimatorEntry] = Registry(
    "similarity estimator",
    {
        "rank-correlation": EstimatorEntry(f"{_HERE}.rank_correlation:RankCorrelation"),
        "spearman": EstimatorEntry(
            f"{_HERE}.rank_correlation:RankCorrelation", options={"kind": "spearman"}
        ),
        "gain-correlation": EstimatorEntry(f"{_HERE}.gain_correlation:GainCorrelation"),
        "head-transfer": EstimatorEntry(f"{_HERE}.head_transfer:HeadTransfer"),
        "policy-head": EstimatorEntry(
            f"{_HERE}.head_transfer:HeadTransfer", _POLICIES, {"by": "policies"}
        ),
        "policy-agreement": EstimatorEntry(f"{_HERE}.policy_agreement:PolicyAgreement", _POLICIES),
        "policy-return": EstimatorEntry(f"{_HERE}.policy_return:PolicyReturn", _POLICIES),
        "proxy-signature": EstimatorEntry(
            f"{_HERE}.proxy_signature:ProxySignature", _SCORES | {"proxies"}
        ),
        "posterior-head": EstimatorEntry(
            f"{_HERE}.posterior_head:PosteriorHead", _SCORES | _POLICIES
        ),
        "ensemble": EstimatorEntry(f"{_HERE}.ensemble:Ensemble", _SCORES | _POLICIES),
    },
    group="rlnas.estimators",
    adapt=EstimatorEntry.of,
)
"""Every estimator of similarity."""


def register_estimator(
    name: str, factory: EstimatorFactory, *, needs: Iterable[Needs] = ("scores",)
) -> None:
    """Make a similarity estimator known by name.

    Args:
        name: Its name.
        factory: Makes it.
        needs: What must be known of the sources.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    ESTIMATORS.register(name, EstimatorEntry(factory, frozenset(needs)))


def estimator_names() -> tuple[str, ...]:
    """Return the names of the similarity estimators."""
    return ESTIMATORS.names()


def estimator_needs(name: str) -> frozenset[Needs]:
    """Return what an estimator must know of the sources.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    return ESTIMATORS.get(name).needs


def make_estimator(name: str, context: EstimatorContext | None = None) -> SimilarityEstimator:
    """Return a new similarity estimator.

    Args:
        name: One of `estimator_names`.
        context: What it may need beside sources and queries.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    return ESTIMATORS.get(name).make(context or EstimatorContext())
