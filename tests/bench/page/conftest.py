"""A made-up result of measurements, whose numbers can be found again on a page."""

import pytest


def _spread(median):
    return {"median": median, "min": median / 2, "max": 2 * median, "repeats": [median]}


def _rate(key, median, num_envs=8):
    return {
        "key": key,
        "name": f"way {key}",
        "device": "cpu",
        "num_envs": num_envs,
        "steps_per_second": _spread(median),
    }


def _quality_row(key, seconds, times):
    reached = seconds is not None
    run = {
        "seed": 0,
        "reached": reached,
        "seconds": seconds or 60.0,
        "steps": 5_000,
        "trajectory": [
            {"steps": 2_500, "seconds": 1.0, "rank": 40.0},
            {"steps": 5_000, "seconds": seconds or 60.0, "rank": 9.0 if reached else 30.0},
            {"steps": 7_500, "seconds": 2 * (seconds or 60.0), "rank": 5.0 if reached else 30.0},
        ],
    }
    return {
        "key": key,
        "name": f"learner {key}",
        "runs": [run],
        "reached": int(reached),
        "seconds": {"median": seconds, "min": seconds, "max": seconds},
        "seconds_at_least": seconds or 60.0,
        "steps": {"median": 5_000.0 if reached else None, "min": None, "max": None},
        "times_faster": times,
    }


@pytest.fixture
def small_result():
    """A result of two measurements: environment steps and time to quality."""
    return {
        "suite": "synthetic-micro",
        "task": "synthetic-micro/synthetic-0",
        "machine": {
            "processor": "Abacus | 9",
            "cores": 3,
            "memory_gib": 16.0,
            "torch_threads": 1,
            "cuda": None,
            "system": "Linux",
            "versions": {"python": "3.11", "torch": "2.9"},
        },
        "settings": {
            "quick": False,
            "device": "cpu",
            "num_envs": 1024,
            "seconds": 1.0,
            "repeats": 3,
            "loads": 5,
            "seeds": 1,
            "curve_seeds": 2,
            "seed": 0,
        },
        "took": {"envs": 2.0, "quality": 3.0},
        "envs": {
            "rows": [_rate("tensor", 800_000.0, 1024), _rate("dummy", 4_000.0, 1024)],
            "times_faster": {"dummy": 200.0},
        },
        "quality": {
            "rank": 10.0,
            "queries": 50,
            "searches": 20,
            "seeds": 1,
            "max_steps": 300_000,
            "max_seconds": 60.0,
            "device": "cpu",
            "rows": [
                _quality_row("sb3-default", None, {"device": None}),
                _quality_row("sb3-tuned", 3.0, {"device": {"ratio": 0.05, "at_least": False}}),
                _quality_row(
                    "device",
                    0.15,
                    {
                        "sb3-default": {"ratio": 400.0, "at_least": True},
                        "sb3-tuned": {"ratio": 20.0, "at_least": False},
                    },
                ),
            ],
        },
    }


@pytest.fixture
def spread():
    """Return a maker of how a measurement spread, by its median."""
    return _spread


@pytest.fixture
def quality_row():
    """Return a maker of a learner's row, by its seconds to quality, None where it gave up."""
    return _quality_row
