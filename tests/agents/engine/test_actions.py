"""Actions: drawn by their probabilities, and never an illegal one."""

import numpy as np
import torch
from scipy.stats import chisquare

from rlnas.agents.engine.actions import choose

K, B, A = 3, 40, 7


def test_actions_are_drawn_by_their_probabilities():
    """Twenty thousand draws of five distributions; the smallest p-value of a right sampler."""
    torch.manual_seed(0)
    logits = torch.randn(5, A)
    logits[torch.rand(5, A) < 0.3] = -1e8
    n = 20_000
    actions, log_probabilities = choose(logits[:, None].expand(5, n, A), torch.rand(5, n))
    expected = torch.distributions.Categorical(logits=logits)
    torch.testing.assert_close(log_probabilities, expected.log_prob(actions.T).T)
    for k in range(5):
        counts = np.bincount(actions[k].numpy(), minlength=A)
        probabilities = expected.probs[k].double().numpy()
        legal = logits[k].numpy() > -1e7
        assert counts[~legal].sum() == 0
        wanted = probabilities[legal] / probabilities[legal].sum() * n
        assert chisquare(counts[legal], wanted).pvalue > 1e-3


def test_the_extreme_numbers_choose_the_extreme_legal_actions():
    """A generator gives 0 exactly, and 1 − 2⁻²⁴ at most; sums of probabilities are rounded."""
    torch.manual_seed(0)
    n = 4_000
    for actions in (2, 3, 25, 130):
        logits = 3 * torch.randn(n, actions)
        legal = torch.rand(n, actions) < 0.5
        legal[torch.arange(n), torch.randint(actions, (n,))] = True
        logits[~legal] = -1e8
        for number in (0.0, 2**-149, 2**-25, 0.5, 1 - 2**-23, 1 - 2**-24):
            chosen, log_probabilities = choose(logits, torch.full((n,), number))
            assert legal[torch.arange(n), chosen].all(), (actions, number)
            assert (log_probabilities > -60).all()


def test_a_single_legal_action_is_chosen_whatever_the_number():
    logits = torch.full((A, A), -1e8).fill_diagonal_(0.3)
    for number in (0.0, 0.5, 1 - 2**-24):
        chosen, log_probabilities = choose(logits, torch.full((A,), number))
        assert chosen.tolist() == list(range(A))
        assert (log_probabilities == 0).all()
