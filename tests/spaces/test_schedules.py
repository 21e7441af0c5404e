"""The space of schedules: what a point says, and which points say the same."""

import numpy as np
import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces import DenseSpace, ScheduleSpace
from rlnas.testing import check_space

SMALL = ScheduleSpace("16-relu_identity_identity", levels=(0, 0.1), knots=2)


@pytest.mark.parametrize(
    "space",
    [
        SMALL,
        ScheduleSpace(levels=(0, 0.1), knots=1, reconstruction=True),
        ScheduleSpace(reconstruction=True),
        ScheduleSpace("8-tanh_8-tanh", base=DenseSpace(2, [8], ["tanh"]), penalties=["l2"]),
    ],
)
def test_schedule_spaces_conform(space):
    check_space(space, samples=16)


def test_parts_are_those_of_the_network():
    assert ScheduleSpace().parts == ("layer-1", "layer-2", "layer-3", "head")
    assert ScheduleSpace("identity_16-relu_identity-s1").parts == ("layer-2", "layer-3", "head")
    assert ScheduleSpace(reconstruction=True).parts[-1] == "reconstruction"


def test_what_a_point_asks_for():
    space = ScheduleSpace("16-relu_identity_identity", reconstruction=True)
    vector = space.parse("group-0-0.1-0.3_l2-0-0-0.1_reconstruction-0.3-0.1-0")
    found = [(own.part, own.penalty, own.strengths) for own in space.part_schedules(vector)]
    assert found == [
        ("layer-1", "group", (0.0, 0.1, 0.3)),
        ("head", "l2", (0.0, 0.0, 1.0)),
        ("reconstruction", "reconstruction", (0.3, 0.1, 0.0)),
    ]


def test_a_penalty_of_no_strength_does_not_matter():
    keys = {SMALL.canonical_key(vector) for vector in SMALL.arrays}
    # Each of two parts: 3 penalties with 3 patterns of strengths that are not all 0, or nothing.
    assert len(keys) == (3 * 3 + 1) ** 2
    assert SMALL.canonical_key(SMALL.parse("l1-0-0_l2-0-0.1")) == SMALL.canonical_key(
        SMALL.parse("group-0-0_l2-0-0.1")
    )
    large = ScheduleSpace()
    assert not large.indexable
    text = "group-0-0-0_l2-0-0-0.1_l2-0-0-0_l1-0-0-0"
    assert large.format(large.canonical(large.parse(text))) == (
        "l1-0-0-0_l2-0-0-0.1_l1-0-0-0_l1-0-0-0"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalties": ["l3"]}, "expected distinct ones of"),
        ({"penalties": []}, "expected distinct ones of"),
        ({"levels": (0.1, 1)}, "expected 0 and then larger"),
        ({"levels": (0, 1, 0.5)}, "expected 0 and then larger"),
        ({"levels": (0, 1e-7)}, "above 0.0001"),
        ({"knots": 0}, "knots"),
    ],
)
def test_what_is_no_space(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        ScheduleSpace(**options)


@pytest.mark.parametrize("text", ["l1-0-0", "l1-0-0_l9-0-0", "l1-0-0_l2-0-0.2", "l1-0-0_l2-0"])
def test_what_is_no_schedule(text):
    with pytest.raises(InvalidArchitectureError, match="Expected one such as"):
        SMALL.parse(text)


def test_samples_are_uniform_over_positions():
    batch = SMALL.sample(2000, np.random.default_rng(0))
    assert abs((batch[:, 0] == 0).mean() - 1 / 3) < 0.05
