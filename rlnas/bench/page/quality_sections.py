"""Tables and sentences of time to quality and of the learning curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlnas.bench.measures.curves import MEASURES
from rlnas.bench.page.section import Section, times
from rlnas.formats import MISSING, format_number, format_timing

_REFERENCES = ("sb3-default", "sb3-tuned", "sb3")


def quality_sections(part: Mapping[str, Any]) -> list[Section]:
    """Return the table of time to quality.

    Args:
        part: What `rlnas.bench.measures.quality.measure_quality` returned.
    """
    rows = []
    for row in part["rows"]:
        seconds, steps = row["seconds"], row["steps"]
        median = format_timing(seconds["median"])
        if seconds["median"] is None:
            median = f"> {format_timing(row['seconds_at_least'])}"
        rows.append(
            [
                row["name"],
                f"{row['reached']} of {len(row['runs'])}",
                median,
                format_timing(seconds["min"]),
                format_timing(seconds["max"]),
                MISSING if steps["median"] is None else f"{steps['median']:,.0f}",
            ]
        )
    rank, seeds = f"{part['rank']:g}", part["seeds"]
    about = (
        f"Seconds of training until a controller finds architectures of mean rank {rank} or "
        f"better with {part['queries']} queries on its own task. After every rollout that ends "
        f"2,500 steps or more after the last look, the clock stops and the controller is judged by "
        f"{part['searches']} searches; two good judgements in a row are needed, and the time "
        f"of the first counts. {seeds} training seed{'s' if seeds > 1 else ''}; given up after "
        f"{part['max_steps']:,} steps or {format_number(part['max_seconds'])} s; medians are "
        "Kaplan-Meier's, so that runs given up count for what is known of them."
    )
    headers = ["", "reached", "median", "min", "max", "steps, median"]
    return [Section("Time to quality", about, headers, rows, _quality_claims(part))]


def _quality_claims(part: Mapping[str, Any]) -> tuple[str, ...]:
    rows = {row["key"]: row for row in part["rows"]}
    device = rows.get("device")
    if device is None:
        return ()
    if device["seconds"]["median"] is None:
        return ("The device engine did not reach it in half of its runs.",)
    claims = []
    for key in _REFERENCES:
        found = device["times_faster"].get(key)
        if found is not None:
            least = "at least " if found["at_least"] else ""
            claims.append(
                f"{rows[key]['name']}: {least}{times(found['ratio'])} as long as "
                "the device engine until the controller is good."
            )
    return tuple(claims)


def curve_sections(part: Mapping[str, Any]) -> list[Section]:
    """Return a table of both engines' curves for each measure.

    Args:
        part: What `rlnas.bench.measures.curves.measure_curves` returned.
    """
    rows, claims = [], []
    for key, measure in part["measures"].items():
        for point, steps in enumerate(part["steps"]):
            rows.append(
                [
                    key,
                    f"{steps:,}",
                    *(_interval(measure["engines"][e], point) for e in ("device", "sb3")),
                    "yes" if all(measure["inside"][point].values()) else "no",
                ]
            )
        claims.append(_curve_claim(MEASURES[key], measure))
    about = (
        f"{part['count']} controllers of each engine with the default configuration; interquartile "
        "mean with 95 % bootstrap interval. Inside: whether each engine's interquartile mean lies "
        "in the other's interval. "
        + "; ".join(f"{_capital(key)}: {text}" for key, text in MEASURES.items())
        + "."
    )
    headers = ["", "steps", "device", "sb3", "inside"]
    return [Section("Learning curves of both engines", about, headers, rows, tuple(claims))]


def _interval(curve: Mapping[str, Any], point: int) -> str:
    estimate, low, high = (format_number(curve[key][point]) for key in ("iqm", "low", "high"))
    return f"{estimate} [{low}, {high}]"


def _curve_claim(name: str, measure: Mapping[str, Any]) -> str:
    apart = measure["whole"]["difference"]
    inside = sum(all(point.values()) for point in measure["inside"])
    low, high = format_number(apart["low"]), format_number(apart["high"])
    verdict = "no difference shown" if not apart["excludes_zero"] else "a difference"
    return (
        f"{_capital(name)}: both engines are within each other's interval at {inside} "
        f"of {len(measure['inside'])} checkpoints; over the whole curve the device engine less "
        f"sb3 is {format_number(apart['iqm'])} [{low}, {high}], so {verdict}."
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
