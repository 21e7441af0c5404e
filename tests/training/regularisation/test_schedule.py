"""Schedules: strengths over time, addition, parts, and as plain data."""

import json

import numpy as np
import pytest

from rlnas.errors import DataError, RlnasError, UnknownNameError
from rlnas.training import Recipe
from rlnas.training.regularisation import ExpertSchedule, Schedule, Term

PARTS = ("layer-1", "layer-3", "head")


def strength(term, *times):
    return [round(term.strength(time), 6) for time in times]


def test_strength_over_time():
    ramp = Term("l1", "all", (0.25, 0.75), (0.0, 1.0))
    assert strength(ramp, 0, 0.25, 0.5, 0.75, 0.76) == [0, 0, 0.5, 1, 0]
    cosine = Term("l1", "all", (0, 1), (1.0, 0.0), "cosine")
    assert strength(cosine, 0, 0.25, 0.5, 1) == [1, round(0.5 + 0.5 * np.cos(np.pi / 4), 6), 0.5, 0]
    steps = Term("l1", "all", (0, 0.5, 1), (1.0, 2.0, 3.0), "steps")
    assert strength(steps, 0, 0.49, 0.5, 0.99, 1) == [1, 1, 2, 2, 3]
    jump = Term("l1", "all", (0, 0.5, 0.5, 1), (1.0, 1.0, 0.0, 0.0))
    assert strength(jump, 0.49, 0.5, 0.51) == [1, 0, 0]


def test_terms_add_up():
    one = Schedule((Term("l2", "all", (0, 1), (0.1, 0.1)),))
    two = Schedule((Term("l2", "layer-1", (0, 1), (0.0, 0.2)), Term("l1", "head")))
    both = (one + two).on(PARTS)
    assert both.strengths(0.5) == {
        ("l2", "layer-1"): pytest.approx(0.2),
        ("l2", "layer-3"): 0.1,
        ("l2", "head"): 0.1,
        ("l1", "head"): 1.0,
    }
    table = both.table(3)
    assert table.shape == (3, 4)
    assert table[:, 0] == pytest.approx([0.1, 0.2, 0.3])


def test_parts_that_are_not_there():
    left_out = Schedule((Term("l2", "layer-2"), Term("l2", "layers"), Term("l2", "stem")))
    assert left_out.on(PARTS).keys == (("l2", "layer-1"), ("l2", "layer-3"))
    with pytest.raises(UnknownNameError, match="Did you mean 'layer-1'"):
        Schedule((Term("l2", "layer1"),)).on(PARTS)


def test_plain_data(tmp_path):
    schedule = Schedule((Term("group", "layers", (0.5, 1), (0, 0.1), "cosine"), Term("prediction")))
    assert Schedule.from_dict(json.loads(json.dumps(schedule.to_dict()))) == schedule
    path = tmp_path / "s.json"
    path.write_text(json.dumps(schedule.to_dict()))
    assert Schedule.load(path) == schedule
    path.write_text("{")
    with pytest.raises(DataError, match="JSON"):
        Schedule.load(path)


def test_a_recipe_keeps_it():
    for regularisation in (Schedule((Term("l2", "all"),)), ExpertSchedule("sparse-late", 0.2)):
        recipe = Recipe(epochs=2, regularisation=regularisation)
        again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
        assert again == recipe
        assert hash(again) == hash(recipe)
    assert "regularisation" not in Recipe(epochs=2).to_dict()
    assert Recipe(epochs=2, regularisation="constant").regularisation == ExpertSchedule("constant")


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ({"what": "l3", "part": "all"}, "term of a schedule"),
        ({"what": "l2"}, "expected a part"),
        ({"what": "prediction", "part": "head"}, "expected none"),
        ({"what": "l2", "part": "all", "times": [0, 2]}, "from 0 to 1"),
        ({"what": "l2", "part": "all", "times": [1, 0]}, "ascending"),
        ({"what": "l2", "part": "all", "times": [0], "strengths": [1, 2]}, "a strength for each"),
        ({"what": "l2", "part": "all", "strengths": [-1, 0]}, "0 or more"),
        ({"what": "l2", "part": "all", "strengths": [float("nan"), 0]}, "0 or more"),
        ({"what": "l2", "part": "all", "strengths": "ab"}, "not numbers"),
        ({"what": "l2", "part": "all", "between": "spline"}, "cosine"),
        ({"what": "l2", "part": "all", "colour": "red"}, "colour"),
        ("l2", "A term of the schedule is none"),
    ],
)
def test_what_is_no_term(term, message):
    with pytest.raises(RlnasError, match=message):
        Schedule.from_dict({"terms": [term]})


@pytest.mark.parametrize("tree", [3, {"expert": "none"}, {"terms": [], "more": 1}, "sparse-lat"])
def test_what_is_no_schedule(tree):
    with pytest.raises(RlnasError):
        Recipe(epochs=1, regularisation=tree)
