"""Metrics against scikit-learn, and structural similarity against a loop over windows."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, jaccard_score, mean_squared_error

from rlnas.datasets import TaskSpec
from rlnas.datasets.spec import table_spec
from rlnas.datasets.tables import TableSplit
from rlnas.statistics.bootstrap import Bootstrap
from rlnas.tasks import Metric
from rlnas.training.losses import IGNORED, task_loss
from rlnas.training.metrics import Meter, metric_interval, structural_similarity


def make_meter(kind, outputs):
    return Meter(
        TaskSpec(name=kind, kind=kind, outputs=outputs, image_size=8, metric=Metric(name="metric"))
    )


def measure(meter, outputs, targets, parts):
    """Feed a meter in batches of uneven sizes."""
    for out, target in zip(outputs.split(parts), targets.split(parts), strict=True):
        meter.update(out, target)
    return meter.values()


@pytest.fixture
def draws():
    return torch.Generator().manual_seed(1)


def test_accuracy(draws):
    logits, labels = torch.randn(50, 4, generator=draws), torch.arange(50) % 4
    values = measure(make_meter("class", 4), logits, labels, [20, 20, 10])
    assert values["metric"] == pytest.approx(100 * accuracy_score(labels, logits.argmax(dim=1)))
    assert values["loss"] == pytest.approx(float(task_loss("class", logits, labels)), rel=1e-5)


def test_accuracy_on_soft_labels_is_that_of_their_largest(draws):
    logits, targets = torch.randn(2, 30, 4, generator=draws)
    targets = targets.softmax(dim=1)
    expected = 100 * accuracy_score(targets.argmax(dim=1), logits.argmax(dim=1))
    assert measure(make_meter("class", 4), logits, targets, 7)["metric"] == pytest.approx(expected)


def test_squared_error(draws):
    outputs, targets = torch.randn(2, 25, 9, generator=draws)
    values = measure(make_meter("vector", 9), outputs, targets, [10, 10, 5])
    assert values["metric"] == pytest.approx(mean_squared_error(targets, outputs), rel=1e-5)


def test_pixel_accuracy_and_mean_intersection_over_union(draws):
    logits = torch.randn(10, 6, 8, 8, generator=draws)
    labels = torch.randint(5, (10, 8, 8), generator=draws)  # class 5 is never there
    labels[:, :2] = IGNORED
    values = measure(make_meter("pixels", 6), logits, labels, [4, 4, 2])
    counted = labels != IGNORED
    truth, found = labels[counted].numpy(), logits.argmax(dim=1)[counted].numpy()
    assert values["metric"] == pytest.approx(100 * accuracy_score(truth, found))
    each = jaccard_score(truth, found, labels=range(5), average=None)
    assert values["miou"] == pytest.approx(100 * each.mean())


def test_nothing_counted_is_not_a_number():
    labels = torch.full((2, 8, 8), IGNORED)
    meter = make_meter("pixels", 3)
    assert math.isnan(meter.values()["metric"])
    meter.update(torch.zeros(2, 3, 8, 8), labels)
    assert math.isnan(meter.values()["metric"])


def similarity_by_windows(first, second):
    """Structural similarity of images ``(C, H, W)`` as Wang et al. write it, by window."""
    size = min(11, first.shape[-1])
    offsets = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights = np.outer(kernel, kernel) / np.outer(kernel, kernel).sum()
    values = []
    for x, y in zip(first, second, strict=True):
        for top in range(x.shape[0] - size + 1):
            for left in range(x.shape[1] - size + 1):
                a = x[top : top + size, left : left + size]
                b = y[top : top + size, left : left + size]
                mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
                var_a = (weights * (a - mean_a) ** 2).sum()
                var_b = (weights * (b - mean_b) ** 2).sum()
                both = (weights * (a - mean_a) * (b - mean_b)).sum()
                c1, c2 = 0.02**2, 0.06**2
                values.append(
                    (2 * mean_a * mean_b + c1)
                    * (2 * both + c2)
                    / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
                )
    return np.mean(values)


@pytest.mark.parametrize("side", [8, 11, 15])
def test_structural_similarity_is_that_of_a_loop_over_windows(side, draws):
    first = torch.rand(3, 2, side, side, generator=draws) * 2 - 1
    second = (first + 0.3 * torch.randn(3, 2, side, side, generator=draws)).clamp(-1, 1)
    found = structural_similarity(first, second)
    expected = [
        similarity_by_windows(a, b)
        for a, b in zip(first.double().numpy(), second.double().numpy(), strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=2e-5)
    torch.testing.assert_close(structural_similarity(first, first), torch.ones(3))


def test_the_image_metric_is_the_mean_over_images(draws):
    outputs, targets = torch.rand(2, 5, 3, 12, 12, generator=draws) * 2 - 1
    values = measure(make_meter("image", 3), outputs, targets, [2, 3])
    assert values["metric"] == pytest.approx(float(structural_similarity(outputs, targets).mean()))


@pytest.mark.parametrize("classes", [2, 4])
def test_metrics_of_a_tables_classes_are_scikit_learns(classes):
    from sklearn.metrics import average_precision_score, balanced_accuracy_score

    stream = torch.Generator().manual_seed(classes)
    for _ in range(5):
        labels = (torch.rand(90, generator=stream) ** 3 * classes).long()  # the first is common
        # Rounded, so that many are tied.
        logits = torch.randn(90, classes, generator=stream).round(decimals=1)
        logits[torch.arange(90), labels] += 0.5
        meter = Meter(table_spec(features=3, outputs=classes, classes=tuple("abcd"[:classes])))
        for part in (slice(0, 64), slice(64, 90)):
            meter.update(logits[part], labels[part])
        found = meter.values()
        shares = logits.softmax(dim=1).numpy()
        told = shares.argmax(axis=1)
        assert found["balanced_accuracy"] == pytest.approx(
            100 * balanced_accuracy_score(labels, told)
        )
        rare = range(classes) if classes > 2 else [1]
        expected = [average_precision_score(labels == k, shares[:, k]) for k in rare]
        assert found["average_precision"] == pytest.approx(100 * np.mean(expected))
        assert found["metric"] == found["accuracy"]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("balanced-accuracy", "balanced_accuracy"),
        ("average-precision", "average_precision"),
        ("cross-entropy", "loss"),
    ],
)
def test_a_table_is_judged_by_what_was_asked(name, column):
    meter = Meter(table_spec(features=3, outputs=2, classes=("a", "b"), metric=name))
    meter.update(torch.tensor([[2.0, 0], [1, 0], [0, 3]]), torch.tensor([0, 1, 1]))
    found = meter.values()
    assert found["metric"] == found[column] != found["accuracy"]


def test_the_interval_of_a_metric_covers_it_as_often_as_it_says():
    """Of a mean squared error over 60 rows; the truth is 1."""
    spec = table_spec(features=1, outputs=1)
    network = torch.nn.Identity()
    stream = torch.Generator().manual_seed(0)
    covered = 0
    for _ in range(40):
        split = TableSplit(torch.zeros(60, 1), torch.randn(60, 1, generator=stream))
        found = metric_interval(network, split, spec, Bootstrap(resamples=100))
        assert found.estimate == pytest.approx(float(split.targets.square().mean()))
        covered += found.low <= 1 <= found.high
    assert covered >= 34
