"""The figure has a panel for each part that is drawn, with the numbers of the result."""

import pytest

from rlnas.bench.page.figure import draw_speed, has_figure, write_speed_figure
from rlnas.errors import InvalidArgumentError


def spread(median):
    return {"median": median, "min": 0.9 * median, "max": 1.1 * median, "repeats": [median]}


def rows(*rates):
    return [
        {
            "key": key,
            "name": key,
            "device": "cpu",
            "num_envs": 8,
            "steps_per_second": spread(median),
        }
        for key, median in rates
    ]


def limits(part, controllers):
    return {
        "part": part,
        "controllers": controllers,
        "limit_us": {"arithmetic": 0.1, "memory": 0.01, "calls": 0.5},
        "measured_us": 2.0,
        "bound": "calls",
    }


def growth(size):
    return {"num_envs": size, "size": size, "env": spread(2.0 * size), "ppo": spread(1.0 * size)}


def curve(shift, end=None):
    values = [1.0 + shift, 2.0 + shift]
    return {"iqm": values, "low": end or values, "high": end or values}


def run(seed, *, reached):
    points = [
        {"steps": 100, "seconds": 1.0, "rank": 30.0},
        {"steps": 200, "seconds": 2.0, "rank": 9.0},
        {"steps": 300, "seconds": 3.0, "rank": 4.0},
    ]
    return {"seed": seed, "reached": reached, "seconds": 2.0, "steps": 200, "trajectory": points}


@pytest.fixture
def result():
    return {
        "task": "suite/task",
        "machine": {"processor": "Abacus", "cores": 2, "torch_threads": 1, "cuda": None},
        "settings": {"device": "cpu", "quick": True},
        "envs": {"rows": rows(("tensor", 1e6), ("dummy", 5e3))},
        "ppo": {"mlp": {"rows": rows(("device", 1e5), ("reference", 2e3))}},
        "quality": {
            "rank": 10.0,
            "queries": 50,
            "rows": [
                {"key": "device", "name": "d", "runs": [run(s, reached=True) for s in range(3)]},
                {"key": "sb3-default", "name": "s", "runs": [run(0, reached=False)]},
            ],
        },
        "curves": {
            "count": 2,
            "steps": [100, 200],
            # None is what JSON makes of an interval that could not be given.
            "measures": {
                "return": {"engines": {"device": curve(0), "sb3": curve(1, [None, None])}}
            },
        },
        "growth": {
            "num_envs": [growth(16), growth(256)],
            "network": [
                {"kind": kind, "width": width, "ppo": spread(1e4)}
                for kind in ("mlp", "transformer")
                for width in (16, 64)
            ],
            "space": [growth(4096), growth(1_000_000)],
        },
        "roofline": {"rows": [limits("step", 1), limits("all", 10)]},
    }


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]


def test_every_part_has_its_panel(result, tmp_path):
    figure = draw_speed(result)
    assert [title[:4] for title in titles(figure)] == [f"({letter}) " for letter in "abcdefgh"]
    environments, ppo, quality, curves, *_ = figure.axes
    assert [bar.get_width() for bar in environments.patches] == [1e6, 5e3]
    assert [bar.get_width() for bar in ppo.patches] == [1e5, 2e3]
    assert environments.get_xscale() == quality.get_xscale() == quality.get_yscale() == "log"
    labels = [text.get_text() for text in quality.get_legend().get_texts()]
    assert labels == ["device engine", "SB3 defaults"]  # once each, however many runs
    assert [line.get_ydata().tolist() for line in curves.lines] == [[1.0, 2.0], [2.0, 3.0]]
    png, svg = write_speed_figure(result, tmp_path / "bench")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<svg" in svg.read_text(encoding="utf-8")


def test_parts_that_were_not_measured_have_none(result, tmp_path):
    only = {key: result[key] for key in ("task", "machine", "settings", "ppo")}
    assert titles(draw_speed(only)) == ["(a) PPO steps per second"]
    del only["ppo"]
    assert not has_figure(only)
    assert write_speed_figure(only, tmp_path / "bench") == []
    assert not list(tmp_path.iterdir())
    with pytest.raises(InvalidArgumentError, match="nothing to draw"):
        draw_speed(only)
