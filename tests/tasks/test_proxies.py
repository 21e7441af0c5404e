"""Columns of proxies, and what a ledger does with notes and charges."""

import numpy as np

from rlnas.spaces import get_space
from rlnas.tasks import make_task
from rlnas.tasks.proxies import ProxyColumns

MICRO = get_space("transnas-micro")


def test_columns_are_loaded_when_asked_and_others_left_out():
    loads = []

    def load():
        loads.append(1)
        return {"size": np.arange(MICRO.size), "short": np.ones(3)}

    columns = ProxyColumns(MICRO, load)
    assert not loads
    assert columns.names == ("size",)
    assert columns.values(["size"], MICRO.arrays[5:8]).tolist() == [[5, 6, 7]]
    assert columns.values([], MICRO.arrays[5:8]).shape == (0, 3)
    assert len(loads) == 1


def test_charges_stand_in_the_next_record_and_are_counted_once():
    ledger = make_task(MICRO, lambda text: {"score": 1.0, "cost": 3.0}).ledger(5)
    ledger.charge(2.0)
    ledger.note(MICRO.arrays[7], {"why": 1.5})
    ledger.query(MICRO.arrays[3])
    ledger.query(MICRO.arrays[7])
    assert [r.evaluation.cost for r in ledger] == [5.0, 3.0]
    assert ledger.spent_cost == 8.0
    assert [dict(r.notes) for r in ledger] == [{}, {"why": 1.5}]
