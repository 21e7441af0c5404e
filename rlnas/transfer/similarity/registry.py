"""Similarity estimators by name, for the command line, the matrix and selectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.transfer.similarity.base import Needs, SimilarityEstimator

if TYPE_CHECKING:
    from rlnas.transfer.similarity.proxy_signature import ProxyValues


@dataclass(frozen=True)
class EstimatorContext:
    """What an estimator may need beside sources and queries.

    Attributes:
        target: Name of the target, by which its proxy values are found.
        proxies: Zero-cost-proxy values by task; empty where there are none.
        policies: Whether the sources have controllers, for the ensemble's choice of members.
    """

    target: str = ""
    proxies: ProxyValues = field(default_factory=dict)
    policies: bool = True


EstimatorFactory = Callable[[EstimatorContext], SimilarityEstimator]


@dataclass(frozen=True)
class _Entry:
    factory: EstimatorFactory
    needs: frozenset[Needs]


def _rank_correlation(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.rank_correlation import RankCorrelation

    return RankCorrelation()


def _spearman(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.rank_correlation import RankCorrelation

    return RankCorrelation("spearman")


def _gain_correlation(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.gain_correlation import GainCorrelation

    return GainCorrelation()


def _head_transfer(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.head_transfer import HeadTransfer

    return HeadTransfer()


def _policy_head(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.head_transfer import HeadTransfer

    return HeadTransfer("policies")


def _posterior_head(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.posterior_head import PosteriorHead

    return PosteriorHead()


def _proxy_signature(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.proxy_signature import ProxySignature

    return ProxySignature(context.proxies, context.target)


def _policy_return(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.policy_return import PolicyReturn

    return PolicyReturn()


def _policy_agreement(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.policy_agreement import PolicyAgreement

    return PolicyAgreement()


def _ensemble(context: EstimatorContext) -> SimilarityEstimator:
    from rlnas.transfer.similarity.ensemble import Ensemble

    names = ["head-transfer", "rank-correlation"]
    if context.policies:
        names = ["policy-head", "policy-agreement", *names]
    return Ensemble([make_estimator(name, context) for name in names])


_estimators: dict[str, _Entry] = {}


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
    if name in _estimators:
        raise InvalidArgumentError(f"The similarity estimator {name!r} is registered already.")
    _estimators[name] = _Entry(factory, frozenset(needs))


def estimator_names() -> tuple[str, ...]:
    """Return the names of the similarity estimators."""
    return tuple(_estimators)


def estimator_needs(name: str) -> frozenset[Needs]:
    """Return what an estimator must know of the sources.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    return _entry(name).needs


def make_estimator(name: str, context: EstimatorContext | None = None) -> SimilarityEstimator:
    """Return a new similarity estimator.

    Args:
        name: One of `estimator_names`.
        context: What it may need beside sources and queries.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    return _entry(name).factory(context or EstimatorContext())


def _entry(name: str) -> _Entry:
    if name not in _estimators:
        raise UnknownNameError("similarity estimator", name, _estimators)
    return _estimators[name]


register_estimator("rank-correlation", _rank_correlation)
register_estimator("spearman", _spearman)
register_estimator("gain-correlation", _gain_correlation)
register_estimator("head-transfer", _head_transfer)
register_estimator("policy-head", _policy_head, needs=("policies",))
register_estimator("policy-agreement", _policy_agreement, needs=("policies",))
register_estimator("policy-return", _policy_return, needs=("policies",))
register_estimator("proxy-signature", _proxy_signature, needs=("scores", "proxies"))
register_estimator("posterior-head", _posterior_head, needs=("scores", "policies"))
register_estimator("ensemble", _ensemble, needs=("scores", "policies"))
