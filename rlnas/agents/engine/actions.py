"""From logits to actions: how likely each is, and which is drawn."""

from __future__ import annotations

from torch import Tensor

_LEAST = -80.0
"""Log-probabilities are kept above this: to the loss it is 0, and exp() of less is ten times slower
where the result underflows, as it would for every illegal action."""


def log_probabilities_of(logits: Tensor) -> Tensor:
    """Return the log-probabilities ``(…, A)`` of actions, none far below what the loss can see.

    Args:
        logits: ``(…, A)`` masked logits.
    """
    return logits.log_softmax(-1).clamp_(min=_LEAST)


def choose(logits: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Draw actions by inverting the cumulative distribution.

    Args:
        logits: ``(…, A)`` masked logits.
        uniform: ``(…)`` numbers in [0, 1).

    Returns:
        Actions ``(…)`` int64 and their log-probabilities.
    """
    log_probabilities = log_probabilities_of(logits)
    total = log_probabilities.exp().cumsum(-1)
    # Scaled by the sum as it was rounded, and kept below it: a number that reached it would fall
    # on the last action, which may be illegal. An illegal action adds as good as nothing to the
    # sum, so it is never the first to exceed a number above 0.
    target = uniform.clamp(2**-25, 1 - 2**-23)[..., None] * total[..., -1:]
    actions = (total <= target).sum(-1)
    return actions, log_probabilities.gather(-1, actions[..., None]).squeeze(-1)
