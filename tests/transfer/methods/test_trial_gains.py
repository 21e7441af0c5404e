"""What each stretch of a search brought in."""

import numpy as np
import torch

from rlnas.transfer.methods.trial_gains import TrialGains


def test_gains_are_on_one_scale_and_leave_starts_out(synthetic):
    task = synthetic["synthetic-1"]
    order, arrays = np.argsort(task.scores), task.space.arrays
    ledger = task.ledger(100)
    gains = TrialGains(ledger)
    ledger.query(arrays[order[-1]])  # a start
    gains.begin()
    for number in range(4):  # a poor trial
        ledger.query(arrays[order[number]])
        gains.after_step()
    gains.begin()
    for number in range(5):  # a good one; with its last step a new episode starts
        ledger.query(arrays[order[-2 - number]])
        if number == 4:
            ledger.query(arrays[order[2000]])
        gains.after_step()
    gains.begin()  # and one that queries nothing
    gains.after_step()
    numbers, values = gains.gains()
    assert numbers.tolist() == [0, 1]
    n = 11
    quantile = torch.special.ndtri((torch.arange(n) + 0.5) / n).numpy()
    np.testing.assert_allclose(values, [quantile[:4].mean(), quantile[5:10].mean()], atol=1e-6)
