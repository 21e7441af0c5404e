"""The check of transfer methods catches those that leak or disturb."""

import numpy as np
import pytest
import torch

from rlnas.agents import PPOController
from rlnas.testing import ConformanceError, check_transfer_method
from rlnas.transfer import ZeroShot


def test_a_method_that_reads_the_table_is_caught(synthetic):
    controller = PPOController(synthetic.space, seed=0)

    class Peeking(ZeroShot):
        def _search(self, ledger, rng):
            table = ledger._objective._scores
            super()._search(ledger, np.random.default_rng(int(abs(np.nansum(table)) * 1e6)))

    with pytest.raises(ConformanceError):
        check_transfer_method(lambda: Peeking(controller), synthetic["synthetic-1"])


def test_a_method_that_changes_its_source_is_caught(synthetic):
    controller = PPOController(synthetic.space, seed=0)

    class Wearing(ZeroShot):
        def _search(self, ledger, rng):
            super()._search(ledger, rng)
            with torch.no_grad():
                self.controller.network.value_head.bias.add_(1.0)

    with pytest.raises(ConformanceError, match=r"value_head\.bias"):
        check_transfer_method(lambda: Wearing(controller), synthetic["synthetic-1"])
