"""Task similarity and source selection: which source to start from, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.transfer.similarity.calibration import CalibratedDesign
from rlnas.transfer.similarity.context import EstimatorContext
from rlnas.transfer.similarity.estimates import estimate_similarities
from rlnas.transfer.similarity.estimators.base import SimilarityEstimator
from rlnas.transfer.similarity.probes import (
    ProbeDesign,
    ProbeRequest,
    design_names,
    query_probes,
)
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.registry import (
    estimator_names,
    estimator_needs,
    make_estimator,
    register_estimator,
)
from rlnas.transfer.similarity.selector import Selection, SourceSelector
from rlnas.transfer.similarity.source_task import KnownTask, SourceTask

if TYPE_CHECKING:
    from rlnas.benchmarks.proxies import load_proxies
    from rlnas.transfer.similarity.estimators.ensemble import Ensemble
    from rlnas.transfer.similarity.estimators.gain_correlation import GainCorrelation
    from rlnas.transfer.similarity.estimators.head_transfer import HeadTransfer
    from rlnas.transfer.similarity.estimators.policy_agreement import PolicyAgreement
    from rlnas.transfer.similarity.estimators.policy_return import PolicyReturn
    from rlnas.transfer.similarity.estimators.posterior_head import PosteriorHead
    from rlnas.transfer.similarity.estimators.proxy_signature import ProxySignature
    from rlnas.transfer.similarity.estimators.rank_correlation import RankCorrelation
    from rlnas.transfer.similarity.landscape import SimilarityMatrix, policy_matrix, score_matrix
    from rlnas.transfer.similarity.run import MeasuredSimilarities, measure_similarities

__all__ = [
    "CalibratedDesign",
    "Ensemble",
    "EstimatorContext",
    "GainCorrelation",
    "HeadTransfer",
    "KnownTask",
    "MeasuredSimilarities",
    "PolicyAgreement",
    "PolicyReturn",
    "PosteriorHead",
    "ProbeDesign",
    "ProbeRequest",
    "ProxySignature",
    "RankCorrelation",
    "Selection",
    "SimilarityEstimator",
    "SimilarityMatrix",
    "SimilarityRanking",
    "SourceSelector",
    "SourceTask",
    "design_names",
    "estimate_similarities",
    "estimator_names",
    "estimator_needs",
    "load_proxies",
    "make_estimator",
    "measure_similarities",
    "policy_matrix",
    "query_probes",
    "ranking_of_draws",
    "register_estimator",
    "score_matrix",
]

_HERE = "rlnas.transfer.similarity"

__getattr__ = lazy_names(
    __name__,
    {
        "Ensemble": f"{_HERE}.estimators.ensemble",
        "GainCorrelation": f"{_HERE}.estimators.gain_correlation",
        "HeadTransfer": f"{_HERE}.estimators.head_transfer",
        "PolicyAgreement": f"{_HERE}.estimators.policy_agreement",
        "PolicyReturn": f"{_HERE}.estimators.policy_return",
        "PosteriorHead": f"{_HERE}.estimators.posterior_head",
        "ProxySignature": f"{_HERE}.estimators.proxy_signature",
        "RankCorrelation": f"{_HERE}.estimators.rank_correlation",
        "SimilarityMatrix": f"{_HERE}.landscape",
        "load_proxies": "rlnas.benchmarks.proxies",
        "policy_matrix": f"{_HERE}.landscape",
        "MeasuredSimilarities": f"{_HERE}.run",
        "measure_similarities": f"{_HERE}.run",
        "score_matrix": f"{_HERE}.landscape",
    },
)
