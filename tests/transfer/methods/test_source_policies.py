"""Source policies on a target's space, and mixtures of two."""

import torch

from rlnas.transfer.methods.source_policies import SourcePolicies, mixture_logits


def test_mixture_probabilities_are_those_of_the_two_policies():
    rng = torch.Generator().manual_seed(0)
    own, other = torch.randn(2, 5, 7, generator=rng)
    own[:, 3] = other[:, 3] = -1e8  # illegal
    share = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0])
    p, q, mixed = own.softmax(-1), other.softmax(-1), mixture_logits(own, other, share).exp()
    torch.testing.assert_close(mixed, (1 - share)[:, None] * p + share[:, None] * q)
    torch.testing.assert_close(mixed.sum(-1), torch.ones(5))
    assert (mixed[:, 3] == 0).all()


def test_source_policies_give_what_their_controllers_give(sources, pair, synthetic):
    controllers = [pair[0], sources["transformer"], pair[1], sources["mlp"]]
    policies = SourcePolicies(controllers, synthetic.space)
    layout = pair[0].network.layout
    obs = torch.rand(3, 1, layout.size, generator=torch.Generator().manual_seed(0)).round()
    together = policies.logits(obs)
    for controller, logits in zip(controllers, together, strict=True):
        with torch.no_grad():
            expected = controller.network(obs[:, 0])[0]
        torch.testing.assert_close(logits[:, 0].softmax(-1), expected.softmax(-1))
