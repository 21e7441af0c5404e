"""Where a policy's episodes would end."""

import numpy as np
import pytest

from rlnas.transfer.similarity.evidence import gaussian_scores
from rlnas.transfer.similarity.policy_preference import edit_probabilities, end_probabilities


def test_policies_end_at_good_architectures_of_their_task(trained):
    source = trained["sun-1"]
    space = source.task.space
    ends = end_probabilities(source.controller, space)
    moves = edit_probabilities(source.controller, space)
    assert ends.sum() == pytest.approx(1.0)
    assert moves.sum(axis=1) == pytest.approx(np.ones(space.size))
    assert (moves[:, :-1][~space.legal] == 0).all()
    own = gaussian_scores([source], space)[0]
    assert ends @ own > 1.0, "the policy ends no better than a random draw"
