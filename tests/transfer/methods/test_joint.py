"""Search with a controller trained on several sources together."""

import numpy as np
import pytest

from rlnas.agents import FineTuningConfig, PPOController
from rlnas.benchmarks import synthetic_suite
from rlnas.testing import check_no_leakage, check_transfer_method
from rlnas.transfer import Scratch
from rlnas.transfer.methods.joint import Joint

LIGHT = FineTuningConfig(n_epochs=2, rehearsal="none")
PLAIN = FineTuningConfig(rehearsal="none")


@pytest.fixture(scope="module")
def joint(synthetic, sources):
    """Jointly trained controllers of each kind; do not change them."""
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-1"]]
    return {
        kind: PPOController.train_jointly(tasks, 320, config=source.config, device="cpu")
        for kind, source in sources.items()
    }


def queries(result):
    return [record.architecture for record in result.records]


@pytest.mark.parametrize("fine_tuning", [None, LIGHT], ids=["zero-shot", "learning"])
@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_the_method_conforms(kind, fine_tuning, joint, synthetic):
    check_transfer_method(
        lambda: Joint(joint[kind], fine_tuning=fine_tuning), synthetic["synthetic-2"]
    )


@pytest.mark.parametrize("fine_tuning", [None, PLAIN], ids=["zero-shot", "learning"])
def test_no_leakage_at_the_usual_budget(fine_tuning, joint, synthetic):
    check_no_leakage(
        lambda: Joint(joint["mlp"], fine_tuning=fine_tuning), synthetic["synthetic-3"], 50, seed=1
    )


def test_zero_shot_is_the_controller_s_own_search(joint, synthetic):
    task = synthetic["synthetic-3"]
    one, two = (s.search_many([task] * 2, 20, [1, 2]) for s in (Joint(joint["mlp"]), joint["mlp"]))
    assert [len(result.records) for result in one] == [20, 20]
    assert [set(queries(r)) for r in one] != [set(queries(r)) for r in two]  # seeded by the name
    assert Joint(joint["mlp"]).options()["fine_tuning"] is None


def test_learning_changes_what_is_asked_after_the_first_update(joint, synthetic):
    task = synthetic["synthetic-3"]
    fast, slow = (
        queries(
            Joint(
                joint["mlp"], fine_tuning=FineTuningConfig(learning_rate=rate, rehearsal="none")
            ).search(task, 40, seed=0)
        )
        for rate in (0.05, 1e-12)
    )
    assert fast[:8] == slow[:8]
    assert fast != slow


def test_it_names_all_its_sources(joint):
    options = Joint(joint["mlp"], fine_tuning=FineTuningConfig()).options()
    assert len(options["sources"]) == 2
    assert options["fine_tuning"]["n_steps"] == FineTuningConfig().n_steps


def test_it_beats_scratch_where_tasks_share_structure():
    """Three sources and a target of a common landscape, 30 searches each."""
    suite = synthetic_suite(num_tasks=4, correlation=0.7, seed=5)
    *tasks, target = suite.values()
    controller = PPOController.train_jointly(tasks, 8_000, device="cpu")

    def mean_rank(searcher):
        results = searcher.search_many([target] * 30, 50, range(30))
        return np.mean([target.rank(result.best.score) for result in results])

    assert mean_rank(Joint(controller)) < 0.6 * mean_rank(Scratch(fine_tuning=PLAIN))
