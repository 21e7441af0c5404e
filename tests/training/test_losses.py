"""Losses against their formulas."""

import pytest
import torch

from rlnas.training.losses import IGNORED, task_loss


@pytest.fixture
def draws():
    return torch.Generator().manual_seed(0)


def test_soft_labels_are_a_cross_entropy_of_distributions(draws):
    logits = torch.randn(6, 5, generator=draws)
    targets = torch.rand(6, 5, generator=draws).softmax(dim=1)
    expected = -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()
    torch.testing.assert_close(task_loss("class", logits, targets), expected)


@pytest.mark.parametrize("kind", ["class", "jigsaw"])
def test_hard_labels_are_soft_labels_of_one_class(kind, draws):
    logits, labels = torch.randn(6, 5, generator=draws), torch.tensor([0, 4, 1, 1, 3, 2])
    soft = torch.nn.functional.one_hot(labels, 5).float()
    torch.testing.assert_close(task_loss(kind, logits, labels), task_loss(kind, logits, soft))


def test_label_smoothing_mixes_in_the_uniform_distribution(draws):
    logits, labels = torch.randn(6, 5, generator=draws), torch.tensor([0, 4, 1, 1, 3, 2])
    soft = 0.9 * torch.nn.functional.one_hot(labels, 5) + 0.1 / 5
    torch.testing.assert_close(
        task_loss("class", logits, labels, label_smoothing=0.1), task_loss("class", logits, soft)
    )


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_ignored_pixels_do_not_count(memory_format, draws):
    logits = torch.randn(2, 4, 3, 3, generator=draws).to(memory_format=memory_format)
    labels = torch.randint(4, (2, 3, 3), generator=draws)
    labels[0, 0] = IGNORED
    labels[1, 2, 1] = IGNORED
    terms = [
        -logits[b, :, y, x].log_softmax(dim=0)[labels[b, y, x]]
        for b in range(2)
        for y in range(3)
        for x in range(3)
        if labels[b, y, x] != IGNORED
    ]
    assert len(terms) == 14
    torch.testing.assert_close(task_loss("pixels", logits, labels), torch.stack(terms).mean())


def test_vectors_and_images(draws):
    one, two = torch.randn(2, 4, 3, 5, 5, generator=draws)
    torch.testing.assert_close(task_loss("image", one, two), (one - two).abs().mean())
    torch.testing.assert_close(
        task_loss("vector", one[:, :, 0, 0], two[:, :, 0, 0]),
        ((one - two)[:, :, 0, 0] ** 2).mean(),
    )


@pytest.mark.parametrize("kind", ["class", "vector", "image", "pixels"])
def test_half_precision_outputs_give_float32_losses(kind, draws):
    outputs = torch.randn(2, 4, 6, 6, generator=draws)
    outputs = outputs if kind in ("image", "pixels") else outputs[:, :, 0, 0]
    targets = outputs.argmax(dim=1) if kind in ("pixels", "class") else outputs.clone()
    assert task_loss(kind, outputs.bfloat16(), targets).dtype == torch.float32
