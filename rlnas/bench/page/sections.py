"""What was measured, as tables and sentences: the same on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rlnas.bench.page.machine_sections import growth_sections, memory_sections, roofline_sections
from rlnas.bench.page.quality_sections import curve_sections, quality_sections
from rlnas.bench.page.section import Section, times
from rlnas.formats import MISSING, format_bytes, format_number

Result = Mapping[str, Any]


def sections(result: Result) -> list[Section]:
    """Return the sections of the parts that a result has, in the order of a report.

    Args:
        result: What `rlnas.bench.measure_speed` returned, or its JSON read back.
    """
    found: list[Section] = []
    for part, build in _BUILDERS.items():
        if part in result:
            found += build(result[part])
    return found


def _spread(measured: Result, scale: float = 1.0) -> list[str]:
    """Return median, minimum and maximum, each times ``scale``."""
    found = [measured[key] for key in ("median", "min", "max")]
    return [format_number(None if value is None else value * scale) for value in found]


def _rates(title: str, about: str, part: Result, claims: tuple[str, ...]) -> Section:
    rows = [
        [
            row["name"] if row["device"] == "cpu" else f"{row['name']}, {row['device']}",
            f"{row['num_envs']:,}",
            *_spread(row["steps_per_second"]),
        ]
        for row in part["rows"]
    ]
    headers = ["", "environments", "steps/s, median", "min", "max"]
    return Section(title, about, headers, rows, claims)


def _envs(part: Result) -> list[Section]:
    first, names = part["rows"][0], {row["key"]: row for row in part["rows"]}
    claims = tuple(
        f"{first['name']} is {times(part['times_faster'][key])} as fast as {row['name']}."
        for key, row in names.items()
        if key in ("dummy", "dummy-8")
    )
    about = (
        "Steps of all environments together, with random actions, observations after each step and "
        "new episodes where one ended; no learner."
    )
    return [_rates("Environment steps", about, part, claims)]


def _ppo(part: Result) -> list[Section]:
    titles = {"mlp": "PPO steps", "transformer": "PPO steps of the transformer network"}
    about = "Steps of all controllers together; a rollout is charged with the learning from it."
    found = []
    for group, title in titles.items():
        if group not in part:
            continue
        first, names = part[group]["rows"][0], {r["key"]: r["name"] for r in part[group]["rows"]}
        claims = tuple(
            f"{title}: {first['name']}, makes "
            f"{times(part[group]['times_faster'][key])} as many as {names[key]}."
            for key in ("sb3", "reference")
            if key in names
        )
        found.append(_rates(title, about, part[group], claims))
    return found


def _seeds(part: Result) -> list[Section]:
    count = part["count"]
    titles = {"one": "1 controller", "batch": f"{count} in one batch", "serial": f"{count} in turn"}
    rows = [
        [titles[way], str(row["threads"]), *_spread(row[way])]
        for way in titles
        for row in part["threads"]
        if row[way]["median"] is not None
    ]
    claims = (
        f"{count} seeds in one batch take {times(part['ratio'])} as long as one, and are "
        f"ready {times(part['speedup'])} as soon as one after the other (each with the "
        "number of threads that suits it best).",
    )
    about = f"Training to the end, {part['steps']:,} steps a controller, on {part['device']}."
    headers = ["", "threads", "seconds, median", "min", "max"]
    return [Section(f"{count} seeds at once", about, headers, rows, claims)]


def _table(part: Result) -> list[Section]:
    ours = {
        "load_suite": part["seconds"],
        "load_suite, every score read": part["seconds_with_scores"],
    }
    rows = [
        [name, format_bytes(part["bytes"]), *_spread(spread, 1e3), MISSING]
        for name, spread in ours.items()
    ]
    about, claims = ["All files are in memory already, so this is reading and not the disk."], []
    for variant, file in (part["official"] or {}).items():
        for how, kept in (("weights_only", True), ("any_pickle", False)):
            row = file[how]
            name = f"torch.load(…, weights_only={kept}), {variant}"
            size, longer = format_bytes(file["bytes"]), times(row["times_faster"])
            rows.append([name, size, *_spread(row["seconds"], 1e3), longer])
            claims.append(f"{name}, takes {longer} as long as load_suite.")
        held, filled = file["held"], file["filled"]
        about.append(f"The {variant} file holds of the table {held}; besides that, {filled}.")
    headers = ["", "file", "ms, median", "min", "max", "as long as load_suite"]
    return [Section("Loading a table", " ".join(about), headers, rows, tuple(claims))]


_BUILDERS: dict[str, Callable[[Result], list[Section]]] = {
    "quality": quality_sections,
    "curves": curve_sections,
    "envs": _envs,
    "ppo": _ppo,
    "seeds": _seeds,
    "memory": memory_sections,
    "growth": growth_sections,
    "roofline": roofline_sections,
    "table": _table,
}
