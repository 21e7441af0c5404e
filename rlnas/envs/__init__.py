"""Gymnasium environments: improvement and construction, single and natively batched.

Importing this package registers the ids that `environment_ids` lists.
"""

from rlnas.envs.construction import ConstructionConfig, ConstructionCore, ConstructionState
from rlnas.envs.core import EnvironmentConfig, EnvironmentCore, make_core, scorer_of
from rlnas.envs.improvement import ImprovementConfig, ImprovementCore, ImprovementState
from rlnas.envs.layout import ObservationLayout
from rlnas.envs.normalisers import RunningNormaliser, RunningTransform, normalise_table
from rlnas.envs.registration import environment_ids, register_environments
from rlnas.envs.scoring import CohortScorer, LedgerScorer, Scorer, TableScorer
from rlnas.envs.single import ConstructionEnv, ImprovementEnv, NASEnv
from rlnas.envs.vector import ConstructionVectorEnv, ImprovementVectorEnv, NASVectorEnv
from rlnas.statistics.score_scales import normaliser_names

register_environments()

__all__ = [
    "CohortScorer",
    "ConstructionConfig",
    "ConstructionCore",
    "ConstructionEnv",
    "ConstructionState",
    "ConstructionVectorEnv",
    "EnvironmentConfig",
    "EnvironmentCore",
    "ImprovementConfig",
    "ImprovementCore",
    "ImprovementEnv",
    "ImprovementState",
    "ImprovementVectorEnv",
    "LedgerScorer",
    "NASEnv",
    "NASVectorEnv",
    "ObservationLayout",
    "RunningNormaliser",
    "RunningTransform",
    "Scorer",
    "TableScorer",
    "environment_ids",
    "make_core",
    "normalise_table",
    "normaliser_names",
    "register_environments",
    "scorer_of",
]
