"""Batches: every example once, the same order for all, the same augmentation for all tasks."""

import pytest
import torch

from rlnas.datasets import load_task_data
from rlnas.errors import InvalidArgumentError
from rlnas.training.batches import SharedBatches


@pytest.fixture(scope="module")
def numbered(tensor_data):
    """Examples whose target is their number."""
    inputs = torch.arange(50, dtype=torch.float32).reshape(50, 1, 1, 1).expand(50, 3, 4, 4)
    return tensor_data(inputs.contiguous(), torch.arange(50.0)[:, None], held_out=10)


def order(batches, epoch, *, seed=0, batch_size=8, examples=None):
    drawn = [t[0][:, 0] for _, t in batches.epoch(seed, epoch, batch_size, examples)]
    return torch.cat(drawn).int().tolist()


def test_an_epoch_has_every_example_once_and_inputs_with_their_targets(numbered):
    batches = SharedBatches([numbered])
    assert sorted(order(batches, 1)) == list(range(40))
    for inputs, targets in batches.epoch(0, 1, 8):
        assert torch.equal(inputs[:, 0, 0, 0], targets[0][:, 0])


def test_the_rest_after_the_last_whole_batch_is_dropped(numbered):
    batches = SharedBatches([numbered])
    assert len(order(batches, 1, batch_size=12)) == 36
    assert batches.steps(12) == 3
    assert len(order(batches, 1, batch_size=64)) == 40  # unless it is all there is


def test_short_epochs_take_turns_and_see_every_example_once(numbered):
    batches = SharedBatches([numbered])
    first, second, third = (order(batches, n, examples=20, batch_size=10) for n in (1, 2, 3))
    assert len(first) == len(second) == 20
    assert sorted(first + second) == list(range(40))
    assert set(third) not in (set(first), set(second))  # a new order for the next pass


def test_an_epoch_shorter_than_a_batch_keeps_to_its_share(numbered):
    batches = SharedBatches([numbered])
    first, second = (order(batches, n, examples=5) for n in (1, 2))
    assert (len(first), len(second)) == (5, 5)
    assert not set(first) & set(second)


def test_the_order_is_the_seed_s_and_the_epoch_s(numbered):
    batches = SharedBatches([numbered])
    assert order(batches, 3, seed=5) == order(SharedBatches([numbered]), 3, seed=5)
    assert order(batches, 3, seed=5) != order(batches, 3, seed=6)
    assert order(batches, 3, seed=5) != order(batches, 4, seed=5)


def test_no_global_generator_is_read_or_moved(numbered):
    before = torch.get_rng_state()
    first = order(SharedBatches([numbered]), 1)
    assert torch.equal(before, torch.get_rng_state())
    with torch.random.fork_rng(devices=[]):
        torch.rand(5)
        assert order(SharedBatches([numbered]), 1) == first


def test_all_tasks_see_the_same_augmented_images():
    options = {"train_size": 64, "valid_size": 8, "test_size": 8, "flip": True, "crop_padding": 2}
    labels = load_task_data("digits", "class", **options)
    itself = load_task_data("digits", "autoencoder", **options)
    (one,), (two,) = ([*SharedBatches([data]).epoch(0, 2, 64)] for data in (labels, itself))
    ((inputs, targets),) = SharedBatches([labels, itself, labels]).epoch(0, 2, 64)
    assert torch.equal(inputs, one[0])
    assert torch.equal(inputs, two[0])
    for got, alone in zip(targets, (one, two, one), strict=True):
        assert torch.equal(got, alone[1][0])
    originals = labels.train.batch(torch.arange(64))[0]
    changed = [not (originals == image).all(dim=(1, 2, 3)).any() for image in inputs]
    assert sum(changed) > 32


def test_evaluation_gives_all_examples_in_order(numbered):
    batches = SharedBatches([numbered])
    seen = torch.cat([t[0][:, 0] for _, t in batches.all("valid", 4)])
    assert seen.tolist() == list(range(40, 50))


def test_tasks_on_other_images_are_refused(numbered, digits):
    with pytest.raises(InvalidArgumentError, match="different train images"):
        SharedBatches([digits(), digits(seed=1)])
    with pytest.raises(InvalidArgumentError, match="different train images"):
        SharedBatches([digits(), numbered])
