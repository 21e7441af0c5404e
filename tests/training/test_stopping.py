"""Early stopping ends in time and goes back to the best epoch."""

import dataclasses

import pytest
import torch
from torch import nn

from rlnas.training import EpochRecord, train_network
from rlnas.training.stopping import EarlyStopping


def record(epoch, metric):
    return EpochRecord(epoch=epoch, train={"loss": 0.0}, valid={"metric": metric})


def follow(metrics, patience, sign=1):
    """Return the epoch after which it stopped, if it did, the best one, and its weight."""
    network, stopping = nn.Linear(1, 1, bias=False), EarlyStopping(patience, sign)
    stopped = None
    for epoch, metric in enumerate(metrics, start=1):
        with torch.no_grad():
            network.weight.fill_(epoch)
        stopping.update(record(epoch, metric), network)
        if stopping.stops:
            stopped = epoch
            break
    stopping.load_best(network)
    return stopped, stopping.best_epoch, network.weight.item()


@pytest.mark.parametrize(
    ("metrics", "patience", "sign", "expected"),
    [
        ([1, 3, 2, 2, 9], 2, 1, (4, 2, 2)),
        ([1, 3, 3, 2, 9], 2, 1, (4, 2, 2)),  # an equal one is no better
        ([1, 3, 2, 4, 3, 3], 2, 1, (6, 4, 4)),
        ([5, 2, 3, 3, 1], 2, -1, (4, 2, 2)),
        ([1, 2, 3, 2], 2, 1, (None, 3, 3)),
        ([1, 5, 2, 2, 2, 2], None, 1, (None, 6, 6)),
    ],
)
def test_the_best_epoch_is_kept(metrics, patience, sign, expected):
    assert follow(metrics, patience, sign) == expected


def test_a_restored_one_goes_on_alike():
    network = nn.Linear(1, 1, bias=False)
    records = [record(epoch, metric) for epoch, metric in enumerate([1, 3, 2, 2], start=1)]
    whole = EarlyStopping(2, 1)
    for item in records[:3]:
        with torch.no_grad():
            network.weight.fill_(item.epoch)
        whole.update(item, network)
    other = EarlyStopping(2, 1)
    other.restore(whole.tensors(), records[:3])
    assert not other.stops
    other.update(records[3], network)
    assert other.stops
    other.load_best(network)
    assert network.weight.item() == 2


def test_training_stops_and_has_the_best_weights(digits, make_network, recipe):
    data = digits()
    wild = dataclasses.replace(
        recipe, epochs=30, learning_rate=0.05, schedule="constant", patience=2
    )
    network = make_network(data)
    result = train_network(network, data, wild, device="cpu")
    metrics = [item.valid["metric"] for item in result.history]
    assert len(metrics) < 30
    assert result.best_epoch == metrics.index(max(metrics)) + 1 == len(metrics) - 2
    assert result.score == max(metrics) > metrics[-1]
    inputs, labels = data.valid.batch(torch.arange(len(data.valid)))
    accuracy = 100 * (network(inputs).argmax(dim=1) == labels).float().mean()
    assert result.score == pytest.approx(float(accuracy))
