"""The noise of a suite: simulated tables with a known truth, and the public ones."""

import numpy as np
import pytest

from rlnas.benchmarks import (
    BenchmarkTable,
    Column,
    MeasuredSuite,
    Provenance,
    SuiteNoise,
    load_suite,
)
from rlnas.benchmarks import noise as noise_module
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.search import Searcher
from rlnas.spaces import get_space
from rlnas.tasks import Metric, TabularTask

SPACE = get_space("transnas-micro")
METRIC = Metric(name="score", unit="1", direction="max", split="valid", epoch_policy="final")


@pytest.fixture(autouse=True)
def cache(monkeypatch, request, tmp_path):
    if "realdata" not in request.keywords:
        monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))


def suite_of(truth, *, noise=0.3, seed=0):
    scores = truth + noise * np.random.default_rng(seed).normal(size=SPACE.size)
    return MeasuredSuite("made-up", {"a": TabularTask("made-up/a", SPACE, scores, METRIC)})


@pytest.fixture
def truth():
    return np.random.default_rng(9).normal(size=SPACE.size)[SPACE.canonical_index]


def test_a_known_noise_is_found(truth):
    found = suite_of(truth).noise["a"]
    assert found.source == "twins"
    assert found.head == pytest.approx(0.3, rel=0.1)
    assert found.between == pytest.approx(1, rel=0.1)
    assert found.model.tail < 0.5
    # The class with most architectures is no more than one class.
    assert found.repeated.share == pytest.approx(1 / 1.09, abs=0.03)


def test_denoised_scores_are_nearer_to_the_truth(truth):
    suite = suite_of(truth)
    denoised, scores = suite.noise["a"].denoised, suite["a"].scores
    classes = np.unique(SPACE.canonical_index)
    assert np.std((denoised - truth)[classes]) < 0.95 * np.std((scores - truth)[classes])
    assert np.array_equal(denoised, denoised[SPACE.canonical_index])


def test_the_oracle_expects_what_one_who_knows_reaches(truth):
    """Over tables of one truth, the line is what querying the truly best networks comes to."""
    line, reached = [], []
    for seed in range(12):
        suite = suite_of(truth, seed=seed)
        ranks = suite.noise["a"].repeats.rank
        line.append(suite.noise["a"].oracle((10, 50), draws=100))
        order = np.unique(SPACE.canonical_index)
        order = order[np.argsort(-truth[order])][:50]
        best = np.minimum.accumulate(ranks[suite.noise["a"].repeats.training_of[order]])
        reached.append(best[[9, 49]])
    gap = np.log(np.mean(line, axis=0) / np.mean(reached, axis=0))
    assert np.abs(gap).max() < 0.6
    assert np.mean(line, axis=0)[0] > 1.5  # there is something to miss


def test_the_luckiest_twin_is_ahead(truth):
    found = suite_of(truth).noise["a"]
    fair = found.oracle((1, 10, 50), draws=100)
    lucky = found.oracle((1, 10, 50), draws=100, best_of_twins=True)
    assert (np.diff(fair) <= 0).all()
    assert (lucky <= fair).all()
    assert np.array_equal(fair, found.oracle((1, 10, 50), draws=100))


def test_what_is_found_is_judged_without_its_luck(truth):
    suite = suite_of(truth)
    found, denoised = suite.noise["a"], suite.noise["a"].denoised
    best = SPACE.from_index([int(np.argmax(denoised))])[0]
    assert found.denoised_regret(best) == 0
    lucky = SPACE.from_index([int(np.argmax(suite["a"].scores))])[0]
    assert found.denoised_regret(lucky) >= 0
    place = int(np.flatnonzero(np.isfinite(found.repeats.other_ranks()))[0])
    expected = found.repeats.other_ranks()[place]
    assert found.twins_rank(SPACE.from_index([place])[0]) == expected


def test_without_repeats_nothing_is_claimed(truth):
    found = suite_of(truth, noise=0.0).noise["a"]
    assert found.source == "none"
    assert "cannot be known" in found.note
    assert found.denoised is None
    assert np.isnan(found.denoised_regret(SPACE.arrays[0]))
    assert np.isnan(found.twins_rank(SPACE.arrays[0]))
    assert np.isnan(found.oracle()).all()
    assert np.isnan(found.row()["within"])


def test_test_scores_of_the_same_training_are_a_lower_bound(truth):
    test = truth + 5 + 0.2 * np.random.default_rng(1).normal(size=SPACE.size)[SPACE.canonical_index]
    task = TabularTask("made-up/a", SPACE, truth, METRIC, test_scores=test)
    found = MeasuredSuite("made-up", {"a": task}).noise["a"]
    assert found.source == "test"
    assert "lower bound" in found.note
    assert found.head == pytest.approx(0.2 / np.sqrt(2), rel=0.1)
    assert found.denoised is None


def test_what_was_fitted_is_kept_and_damage_is_mended(truth, monkeypatch, tmp_path):
    first = suite_of(truth).noise["a"]
    (kept,) = (tmp_path / "cache" / "noise").iterdir()

    def refuse(*args):
        raise AssertionError("fitted again")

    with monkeypatch.context() as patch:
        patch.setattr(noise_module, "deconvolve", refuse)
        again = suite_of(truth).noise["a"]
        assert np.array_equal(again.denoised, first.denoised)
        assert again.repeated == first.repeated
        assert again.model == first.model
        with pytest.raises(AssertionError, match="fitted again"):
            suite_of(truth, seed=1).noise.to_frame()  # another table
    for damage in (b"", b"no zip", kept.read_bytes()[:200]):
        kept.write_bytes(damage)
        assert np.array_equal(suite_of(truth).noise["a"].denoised, first.denoised)


class _Thief(Searcher):
    """Asks for what a report may know and a search may not."""

    name = "thief"

    def __init__(self, suite, ask):
        self.suite, self.ask = suite, ask

    def _search(self, ledger, rng):
        self.ask(self.suite.noise["a"])
        ledger.query(SPACE.arrays[0])


@pytest.mark.parametrize(
    "ask",
    [
        lambda noise: noise.denoised,
        lambda noise: noise.denoised_regret(SPACE.arrays[0]),
        lambda noise: noise.twins_rank(SPACE.arrays[0]),
        lambda noise: noise.oracle(draws=2),
        lambda noise: noise.row(),
    ],
)
@pytest.mark.parametrize("measured_before", [False, True])
def test_no_search_reaches_the_judge(truth, ask, measured_before):
    suite = suite_of(truth)
    if measured_before:
        ask(suite.noise["a"])
    with pytest.raises(LeakageError):
        _Thief(suite, ask).search(suite["a"], 5, seed=0)


def test_a_task_knows_nothing_of_its_judge(truth):
    suite = suite_of(truth)
    suite.noise["a"]
    assert "noise" not in " ".join(vars(suite["a"]))
    assert not any(isinstance(value, SuiteNoise) for value in vars(suite["a"]).values())


def test_searches_see_one_seed_and_the_judge_the_others(truth):
    rng = np.random.default_rng(0)
    values = truth[:, None] + 0.3 * rng.normal(size=(SPACE.size, 3))
    values[5, 0] = np.nan
    column = Column("a", METRIC, values, ("architecture", "seed"), (7, 8, 9))
    table = BenchmarkTable(
        "mine", SPACE, [column], primary={"a": "score"}, source=Provenance(title="made up")
    )
    suite = table.suite()
    assert suite["a"].scores[6] == values[6, 0]
    assert suite["a"].scores[5] == values[5, 1]  # its first one
    assert "first measured" in suite["a"].metric.note
    found = suite.noise["a"]
    assert found.source == "seeds"
    assert len(found.repeats.unit) == np.isfinite(values).sum()
    assert found.head == pytest.approx(0.3, rel=0.1)
    own = table.suite(seed=8)
    assert own["a"].scores[6] == values[6, 1]
    assert len(own.noise["a"].repeats.unit) == np.isfinite(values[:, :]).sum()
    mean = table.suite(seed="mean")
    assert len(mean.noise["a"].repeats.unit) == SPACE.size


@pytest.mark.realdata
def test_the_noise_of_micro_is_what_others_found(real_suite):
    """Independent figures on the same table, measured by another program."""
    frame = real_suite("transnas-micro").noise.to_frame().set_index("task")
    assert (frame["repeated"] == 293).all()
    within = {
        "class_object": 0.61,
        "class_scene": 0.39,
        "jigsaw": 1.1,
        "room_layout": 0.0125,
        "segmentsemantic": 0.042,
        "normal": 0.0066,
        "autoencoder": 0.018,
    }
    top = [0.35, 0.23, 0.30, 0.0095, 0.035, 0.0040, 0.009]
    for (task, sd), best in zip(within.items(), top, strict=True):
        assert frame.loc[task, "within"] == pytest.approx(sd, rel=0.07), task
        assert frame.loc[task, "top"] == pytest.approx(best, rel=0.13), task
    # Their reading lies between one training of each network and its luckiest one.
    for queries, theirs in ((10, 14.0), (20, 7.3), (50, 3.2)):
        fair, lucky = (frame[f"{kind}_at_{queries}"].mean() for kind in ("oracle", "lucky"))
        assert lucky < theirs < fair


@pytest.mark.realdata
def test_of_macro_nothing_can_be_known(real_suite):
    found = real_suite("transnas-macro").noise
    assert {noise.source for noise in found.values()} == {"none"}


@pytest.mark.realdata
def test_nasbench_201_is_judged_by_test_scores_that_no_search_sees(real_suite, monkeypatch):
    # Denoised scores, half a minute of work, have no part in it; nor are these to be kept.
    monkeypatch.setattr(noise_module, "deconvolve", lambda *_: None)
    monkeypatch.setattr(noise_module, "_load", lambda key: None)
    monkeypatch.setattr(noise_module, "_save", lambda *_: None)
    real_suite("nasbench-201")  # or the test is skipped
    suite = load_suite("nasbench-201")  # that of other tests keeps what it has measured
    place = suite.space.parse(
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
        "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    assert suite["cifar10"].test_scores is None
    noise = suite.noise["cifar10"]
    assert noise.test_score(place) == pytest.approx(85.863333)
    with suite["cifar10"].sealed(), pytest.raises(LeakageError):
        noise.test_score(place)
    with pytest.raises(InvalidArgumentError, match="measured on test data"):
        load_suite("nasbench-201-test")
