"""What a task asks of a network: which values are refused."""

import subprocess
import sys

import pytest

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import Metric


def spec(**changes):
    fields = {"name": "mine", "kind": "class", "outputs": 2, "image_size": 8}
    return TaskSpec(**{**fields, "metric": Metric(name="top1"), **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "depth"}, "kind"),
        ({"outputs": 0}, "outputs"),
        ({"image_size": 0}, "image_size"),
        ({"channels": 0}, "channels"),
        ({"tiles": 9}, "tiles"),
        ({"kind": "jigsaw"}, "tiles"),
        ({"classes": ("one",)}, "class names"),
    ],
)
def test_what_is_out_of_range_is_refused(changes, message):
    with pytest.raises(InvalidArgumentError, match=message) as error:
        spec(**changes)
    assert "mine" in str(error.value)


def test_a_task_can_be_compared_and_be_a_key():
    assert spec() == spec()
    assert len({spec(), spec(), spec(outputs=3)}) == 2
    assert spec(kind="jigsaw", tiles=9).tiles == 9


def test_it_needs_no_pytorch():
    code = "import rlnas.datasets.spec, rlnas.networks, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
