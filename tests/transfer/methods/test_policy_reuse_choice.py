"""Which policy is followed next."""

import numpy as np

from rlnas.seeding import generator
from rlnas.transfer.methods.policy_reuse_choice import PolicyChoice


def test_choices_go_to_what_gained(synthetic):
    task = synthetic["synthetic-1"]
    order, arrays = np.argsort(task.scores), task.space.arrays
    ledger = task.ledger(400)
    knobs = {"temperature": 0.0, "temperature_step": 0.5, "trust": 0.0}
    choice = PolicyChoice(3, ledger, generator(0, "test"), **knobs)
    choice.begin()
    np.testing.assert_allclose(choice.use().chances.sum(), 1)
    rank = {0: 2000, 1: 4095, 2: 300}  # policy 1 finds the best, 2 the worst
    followed = []
    for trial in range(30):
        followed.append(choice.current)
        for step in range(3):
            ledger.query(arrays[order[rank[choice.current] - 3 * trial - step]])
            choice.after_step()
        choice.choose()
    use = choice.use()
    assert use.gains[1] > use.gains[0]
    assert set(followed[20:]) == {1}
    assert use.chances[1] > 0.99
    assert use.trials.sum() == 30


def test_the_first_choice_is_uniform_in_the_paper_and_trusting_by_default(synthetic):
    ledger = synthetic["synthetic-1"].ledger(5)
    paper = PolicyChoice(
        3, ledger, generator(0, "t"), temperature=0.0, temperature_step=0.05, trust=0.0
    )
    np.testing.assert_allclose(paper.use().chances, 1 / 3)
    trusting = PolicyChoice(
        3, ledger, generator(0, "t"), temperature=2.0, temperature_step=1.0, trust=1.0
    )
    np.testing.assert_allclose(trusting.use().chances, np.exp([0, 2, 2]) / np.exp([0, 2, 2]).sum())
