"""The heatmap of a schedule: its rows, its colours, and the terms below."""

import io

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.schedule import draw_schedule, loss_terms, ordered_keys
from rlnas.training.regularisation import ExpertSchedule, Schedule, Term

PARTS = ("layer-1", "layer-2", "head")
ROWS = [
    {"train_loss": 1.0, "train_term_l2": 0.5},
    {"train_loss": 0.5, "train_term_l2": 0.25, "train_term_group": 0.1, "train_strength_l2": 1.0},
]


def texts(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_rows_follow_the_computation():
    schedule = ExpertSchedule("autoencoder-first").on(PARTS)
    assert ordered_keys(schedule, PARTS) == [
        ("prediction", ""),
        ("freeze", "layer-1"),
        ("reconstruction", "layer-1"),
        ("l2", "head"),
    ]
    figure = draw_schedule(schedule, PARTS, ROWS)
    heat, _, terms = figure.axes
    assert texts(heat) == [
        "loss of the task",
        "layer-1 frozen",
        "layer-1 · reconstruction",
        "head · l2",
    ]
    assert [line.get_label() for line in terms.get_lines()] == [
        "loss of the task",
        "λ · l2",
        "λ · group",
    ]


def test_colours_are_strengths_over_time():
    schedule = Schedule((Term("l1", "layer-1", (0.5, 1.0), (2.0, 2.0)),))
    image = draw_schedule(schedule, PARTS, []).axes[0].get_images()[0]
    values = np.ma.filled(image.get_array(), np.nan)
    assert np.isnan(values[0, :119]).all()
    assert (values[0, 120:] == 2).all()


def test_it_is_an_image_of_tensorboard(tmp_path):
    schedule = ExpertSchedule("constant").on(PARTS)
    for step in (1, 2):  # a report that is written again has it once
        Drawing(draw_schedule(schedule, PARTS, ROWS), "schedule").log(tmp_path / "s", step)
    events = EventAccumulator(str(tmp_path / "s")).Reload()
    (image,) = events.Images("schedule")
    assert image.step == 2
    pixels = Image.open(io.BytesIO(image.encoded_image_string))
    assert pixels.size == (image.width, image.height)


def test_what_came_of_terms():
    assert loss_terms(ROWS) == {"task": [1.0, 0.5], "l2": [0.5, 0.25], "group": [0.0, 0.1]}
    assert loss_terms([{"train_loss": 1.0}]) == {}
    assert len(draw_schedule(Schedule(), PARTS, []).axes) == 2
