"""TensorBoard's event files: what a killed training took is not shown twice."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rlnas.errors import UnwritableError
from rlnas.events import EventFile


def shown(folder):
    events = EventAccumulator(str(folder)).Reload()
    return [(e.step, e.value) for e in events.Scalars("loss")]


def test_a_training_that_goes_on_takes_its_steps_again(tmp_path):
    with EventFile(tmp_path, after=0) as events:
        for step in (10, 20, 30):
            events.add(step, {"loss": 1.0})
    assert shown(tmp_path) == [(10, 1.0), (20, 1.0), (30, 1.0)]
    with EventFile(tmp_path, after=10) as events:
        for step in (20, 25):
            events.add(step, {"loss": 2.0})
    assert shown(tmp_path) == [(10, 1.0), (20, 2.0), (25, 2.0)]


def test_another_file_in_the_folder_is_beside_it_otherwise(tmp_path):
    for value in (1.0, 2.0):
        with EventFile(tmp_path) as events:
            events.add(1, {"loss": value})
    assert [value for _, value in shown(tmp_path)] == [1.0, 2.0]


def test_a_full_disk_is_told_with_its_path(tmp_path):
    events = EventFile(tmp_path)
    events._file.close()
    events._file = open("/dev/full", "wb")  # noqa: PTH123, SIM115
    events.add(1, {"loss": 1.0})
    with pytest.raises(UnwritableError, match=f"{events.path} cannot be written .No space left"):
        events.close()
