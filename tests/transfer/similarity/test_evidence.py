"""Evidence: the target's queries on the sources' scale."""

import numpy as np
import pytest

from rlnas.transfer.similarity.evidence import Evidence, gaussian_scores


def test_the_targets_values_follow_the_sources_profile(family):
    task = family.tasks["sun-1"]
    table = gaussian_scores(family.known("sun-2", "rain-1"), task.space)
    evidence = Evidence(task.space, table, np.array([5, 6, 7]), np.array([2.0, 9.0, 2.0]))
    profile = np.sort(table[:, [5, 6, 7]], axis=1).mean(axis=0)
    assert evidence.values == pytest.approx([profile[:2].mean(), profile[2], profile[:2].mean()])
