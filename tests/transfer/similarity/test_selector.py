"""The selector: it finds the right source, changes its mind for cause, and not for nothing."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.transfer.similarity import (
    HeadTransfer,
    RankCorrelation,
    SimilarityRanking,
    SourceSelector,
    estimate_similarities,
    query_probes,
)
from rlnas.transfer.similarity.evidence import gaussian_scores

SOURCES = ("rain-1", "sun-2", "rain-2")


class Fixed(RankCorrelation):
    """Says what it is told."""

    def __init__(self, *weights):
        super().__init__()
        self.given = list(weights)

    def rank(self, sources, ledger, rng):
        weights = np.array(self.given.pop(0))
        names = tuple(source.name for source in sources)
        return SimilarityRanking("fixed", names, weights, weights, weights, weights, len(ledger))


def test_probes_count_and_leave_half_of_the_budget(family):
    sources, rng = family.known(*SOURCES), np.random.default_rng(0)
    for budget, spent in ((50, 10), (20, 10), (9, 5), (1, 1)):
        ledger = family.tasks["sun-1"].ledger(budget)
        SourceSelector(RankCorrelation()).select(sources, ledger, rng)
        assert ledger.queries == spent


def test_a_choice_changes_only_for_a_clearly_better_source(family):
    sources, rng = family.known(*SOURCES), np.random.default_rng(0)
    ledger = family.tasks["sun-1"].ledger(5)
    says = ([0.5, 0.3, 0.2], [0.3, 0.4, 0.3], [0.1, 0.6, 0.3], [0.4, 0.5, 0.1])
    selector = SourceSelector(Fixed(*says), probes=0, margin=2.0)
    selection = selector.select(sources, ledger, rng)
    found = [selection.source.name]
    changes = []
    for _ in range(3):
        changes.append(selector.update(selection, ledger, rng))
        found.append(selection.source.name)
    assert found == ["rain-1", "rain-1", "sun-2", "sun-2"]
    assert changes == [False, True, False]
    assert selection.history == [(0, 0), (0, 1)]
    assert selection.weights.tolist() == [0.0, 1.0, 0.0]


def test_a_mixture_drops_what_is_improbable(family):
    sources, rng = family.known(*SOURCES), np.random.default_rng(0)
    selector = SourceSelector(Fixed([0.6, 0.38, 0.02]), probes=0, mode="mix", least=0.05)
    selection = selector.select(sources, family.tasks["sun-1"].ledger(5), rng)
    assert selection.weights == pytest.approx([0.6 / 0.98, 0.38 / 0.98, 0.0])


def test_it_turns_from_a_wrong_source_as_queries_come_in(family):
    task, sources = family.tasks["sun-1"], family.known(*SOURCES)
    ledger, rng = task.ledger(40), np.random.default_rng(0)
    selector = SourceSelector(HeadTransfer(draws=200), probes=0)
    selection = selector.select(sources, ledger, rng)
    selection.chosen = 0
    query_probes("random", gaussian_scores(sources, task.space), ledger, rng, 40)
    assert selector.update(selection, ledger, rng)
    assert selection.source.name == "sun-2"


@pytest.mark.parametrize("wrong", [{"mode": "all"}, {"probes": -1}, {"margin": 0.5}, {"least": 1}])
def test_wrong_settings(wrong):
    with pytest.raises(InvalidArgumentError):
        SourceSelector(RankCorrelation(), **wrong)


def test_the_study_leaves_the_target_out_and_seals_it(family):
    sources = {source.name: source for source in family.known("sun-1", *SOURCES)}
    targets = {"sun-1": family.tasks["sun-1"], "rain-1": family.tasks["rain-1"]}
    frame = estimate_similarities(
        sources, targets, ["rank-correlation", "proxy-signature"], probes=8, seeds=2
    )
    assert not (frame["source"] == frame["target"]).any()
    assert len(frame) == 2 * 2 * 2 * 3
    proxied = frame[frame["estimator"] == "proxy-signature"]
    assert proxied["similarity"].isna().all()
    assert (proxied["queries"] == 0).all()
    assert (proxied["note"] != "").all()
    ranked = frame[frame["estimator"] == "rank-correlation"]
    assert (ranked["queries"] == 8).all()
    first = ranked.drop_duplicates(["target", "seed"])
    assert set(zip(first["target"], first["source"], strict=True)) == {
        ("sun-1", "sun-2"),
        ("rain-1", "rain-2"),
    }
    with pytest.raises(InvalidArgumentError, match="no source"):
        estimate_similarities(
            {"sun-1": sources["sun-1"]}, {"sun-1": targets["sun-1"]}, ["spearman"]
        )
