"""Policy agreement: do queries come out in the order in which a source's policy prefers them?"""

from __future__ import annotations

from collections.abc import Sequence

from rlnas.spaces import SearchSpace
from rlnas.transfer.similarity.estimators.base import Needs
from rlnas.transfer.similarity.estimators.rank_correlation import RankCorrelation
from rlnas.transfer.similarity.policy_preference import policy_preferences
from rlnas.transfer.similarity.source_task import Floats, SourceTask


class PolicyAgreement(RankCorrelation):
    """Kendall's τ between where a source's policy would end and the target's queried scores.

    A policy's preference of an architecture is the probability that its episodes end there
    (`policy_preferences`): it prefers b to a if it edits a into b rather than b into a. So it
    agrees with a target if the edits it prefers are those that gain. No result of a source is
    needed and no query but those already made.

    Args:
        resamples: Bootstrap resamples of the queries.
    """

    needs = frozenset[Needs]({"policies"})

    def __init__(self, *, resamples: int = 400) -> None:
        super().__init__("kendall", resamples=resamples)
        self.name = "policy-agreement"

    def table(self, sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
        """Return the policies' preferences ``(S, space.size)``."""
        return policy_preferences(sources, space)
