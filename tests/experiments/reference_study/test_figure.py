"""The figure of a study by steps."""

import numpy as np
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from reference_study.config import StudyConfig
from reference_study.figure import draw_study, write_study_figure

from rlnas.benchmarks import load_suite

TASKS = ("synthetic-0", "synthetic-1", "synthetic-2")


@pytest.fixture(scope="module")
def study():
    """A study in which pretrained ones end a little higher, and start from rank 100."""
    config = StudyConfig(suite="synthetic-micro", tasks=TASKS, seeds=3)
    frames = []
    for target in TASKS:
        for source in ("-", *(task for task in TASKS if task != target)):
            alone = source == "-"
            steps = np.array(config.grid(config.steps * (2 if alone else 1)))
            share = np.minimum(steps / 50_000, 1)
            begin, end = (-3.0, -0.5) if alone else (-2.0, -0.25)
            for seed in range(3):
                value = begin + (end - begin) * share + 0.01 * seed
                frames.append(
                    pd.DataFrame(
                        {
                            "source": source,
                            "target": target,
                            "method": "scratch" if alone else "re-training",
                            "seed": seed,
                            "step": steps,
                            "best": value,
                        }
                    )
                )
    return config, pd.concat(frames, ignore_index=True), load_suite("synthetic-micro")


@pytest.fixture(scope="module")
def figure(study):
    return draw_study(study[1], study[0], study[2], title="made-up")


def test_every_target_has_a_panel_and_every_pair_a_cell(study, figure):
    panels, matrices = figure.axes[: len(TASKS)], figure.axes[len(TASKS) :]
    assert [axes.get_title(loc="left") for axes in panels] == list(TASKS)
    for axes in panels:
        curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
        assert len(curves) == 3
        assert curves[0].get_ydata()[0] == pytest.approx(1000 * 10**-0.01)
        assert curves[0].get_xdata()[-1] == study[0].steps / 1000
    for axes in matrices:
        assert len(axes.texts) == 6
    assert {text.get_text() for text in matrices[1].texts} == {"+0.25"}
    assert all(text.get_text().endswith("×") for text in matrices[2].texts)


def test_better_is_higher_in_every_panel(figure):
    low, high = figure.axes[0].get_ylim()
    assert low > high


def test_it_says_seeds_and_steps_and_touches_no_global_state(study, figure, tmp_path):
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "made-up" in texts
    assert "3 seeds" in texts
    assert "102,400 steps" in texts
    png, svg = write_study_figure(study[1], study[0], study[2], tmp_path)
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in svg.read_text(encoding="utf-8")
    assert not Gcf.get_all_fig_managers()
