"""The folder of a training: its files, its curves on TensorBoard."""

import json

import pandas as pd
import pytest
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rlnas.errors import CheckpointError
from rlnas.training import EpochRecord, train_network


class Interruption(Exception):
    """Stands for Ctrl-C."""


@pytest.fixture
def trained(tmp_path, digits, make_network, recipe):
    """The folder, result and network of a training that was interrupted once."""
    data = digits()

    def interrupt(record):
        if record.epoch == 2:
            raise Interruption

    with pytest.raises(Interruption):
        train_network(
            make_network(data), data, recipe, device="cpu", folder=tmp_path, on_epoch=interrupt
        )
    network = make_network(data)
    result = train_network(network, data, recipe, device="cpu", folder=tmp_path, resume=True)
    return tmp_path, result, network


def test_the_configuration_says_what_was_trained(trained, digits, recipe):
    tree = json.loads((trained[0] / "config.json").read_text())
    assert tree["recipe"] == recipe.to_dict()
    assert tree["network"]["space"] == "transnas-micro"
    assert tree["network"]["architecture"] == trained[2].architecture
    assert tree["network"]["config"]["width"] == 4
    assert tree["data"]["fingerprint"] == digits().fingerprint
    assert {"python", "torch"} <= set(tree["versions"])


def test_history_and_weights_are_the_result_s(trained):
    folder, result, network = trained
    tree = json.loads((folder / "history.json").read_text())
    pd.testing.assert_frame_equal(pd.DataFrame(tree["epochs"]), result.to_frame())
    assert tree["finished"] is True
    weights = load_file(folder / "weights.safetensors")
    state = network.state_dict()
    assert weights.keys() == state.keys()
    assert all((weights[name] == state[name]).all() for name in state)
    # What only going on needs is gone.
    names = {p.name for p in folder.iterdir() if "tfevents" not in p.name}
    assert names == {"config.json", "history.json", "weights.safetensors"}


def test_tensorboard_shows_every_epoch(trained):
    folder, result, _ = trained
    events = EventAccumulator(str(folder)).Reload()
    expected = {
        "train/loss": [r.train["loss"] for r in result.history],
        "train/metric": [r.train["metric"] for r in result.history],
        "valid/loss": [r.valid["loss"] for r in result.history],
        "valid/metric": [r.valid["metric"] for r in result.history],
        "test/metric": [r.test["metric"] for r in result.history],
        "train/learning_rate": [r.learning_rate for r in result.history],
    }
    for tag, values in expected.items():
        scalars = events.Scalars(tag)
        assert [s.step for s in scalars] == [1, 2, 3, 4], tag
        assert [s.value for s in scalars] == pytest.approx(values), tag


def test_rows_go_both_ways():
    record = EpochRecord(
        epoch=3,
        train={"loss": 0.5, "adversarial_loss": 1.0},
        valid={"metric": 2.0, "miou": 3.0},
        learning_rate=0.1,
        seconds=4.0,
        evaluation_seconds=5.0,
    )
    row = json.loads(json.dumps(record.row()))
    assert row["train_adversarial_loss"] == 1.0
    assert EpochRecord.from_row(row) == record


def test_a_state_that_a_kill_left_beside_the_result_goes(
    trained, digits, make_network, recipe, flipped
):
    folder, result, _ = trained
    state = folder / "training_state.safetensors"
    state.write_bytes(b"of before the end")
    data = digits()
    again = train_network(
        make_network(data), data, recipe, device="cpu", folder=folder, resume=True
    )
    assert again.history == result.history
    assert not state.exists()
    content = (folder / "history.json").read_bytes()
    for place in range(0, len(content), 97):
        (folder / "history.json").write_bytes(flipped(content, place))
        with pytest.raises(CheckpointError, match=r"history\.json"):
            train_network(
                make_network(data), data, recipe, device="cpu", folder=folder, resume=True
            )
    tree = json.loads(content)
    del tree["checksum"]  # as an earlier version wrote it
    (folder / "history.json").write_text(json.dumps(tree))
    old = train_network(make_network(data), data, recipe, device="cpu", folder=folder, resume=True)
    assert old.history == result.history
