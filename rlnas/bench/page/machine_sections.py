"""Tables and sentences of memory, growth and the machine's limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlnas.bench.page.section import Section
from rlnas.formats import format_bytes, format_number, format_timing

_PARTS = {
    "step": "environment step",
    "observe": "observation",
    "forward": "network and choice",
    "update": "update",
    "all": "a whole rollout and its update",
}
_BRIEF = (0, 1, 8, 9, 10)
_BOUND = {"arithmetic": "arithmetic", "memory": "memory", "calls": "PyTorch calls"}


def memory_sections(part: Mapping[str, Any]) -> list[Section]:
    """Return the table of peak memory.

    Args:
        part: What `rlnas.bench.measures.memory.measure_memory` returned.
    """
    cuda = part["device"] != "cpu"
    rows = [
        [
            row["name"],
            format_number(row["peak_mib"]),
            format_number(row["base_mib"]),
            *([format_number(row["cuda_peak_mib"])] if cuda else []),
        ]
        for row in part["rows"]
    ]
    about = (
        "Peak resident memory of a short run in a process of its own, in MiB above what the "
        "process held before (libraries, task and tables of the space). Differences of a few MiB "
        "mean nothing."
    )
    headers = ["", "peak, MiB", "held before, MiB", *(["on the GPU, MiB"] if cuda else [])]
    return [Section("Memory", about, headers, rows)]


def growth_sections(part: Mapping[str, Any]) -> list[Section]:
    """Return the tables of speed against environments, network and space.

    Args:
        part: What `rlnas.bench.measures.growth.measure_growth` returned.
    """
    by_envs = [
        [f"{row['num_envs']:,}", _median(row["env"]), _median(row["ppo"])]
        for row in part["num_envs"]
    ]
    networks = [
        [f"{row['kind']}, width {row['width']}", f"{row['parameters']:,}", _median(row["ppo"])]
        for row in part["network"]
    ]
    spaces = [
        [
            row["space"],
            f"{row['size']:,}",
            _median(row["env"]),
            _median(row["ppo"]),
            format_timing(row["space_seconds"]),
            format_bytes(row["space_bytes"]),
            format_timing(row["table_seconds"]),
            format_bytes(row["table_bytes"]),
            format_bytes(row["visited_bytes"]),
        ]
        for row in part["space"]
    ]
    engine = f"Device engine, 1 controller, on {part['device']}; median steps per second."
    return [
        Section(
            "Growth with the number of environments",
            f"{engine} A rollout has 20 steps of each environment and four minibatches.",
            ["environments", "environment steps/s", "PPO steps/s"],
            by_envs,
        ),
        Section(
            "Growth with the network", engine, ["network", "parameters", "PPO steps/s"], networks
        ),
        Section(
            "Growth with the search space",
            f"{engine} Building the space is done once a process; the tables of a task on the "
            "device once a training; visited architectures are kept for each episode.",
            [
                "space",
                "architectures",
                "environment steps/s",
                "PPO steps/s",
                "space built in",
                "space",
                "tables made in",
                "tables",
                "visited, an episode",
            ],
            spaces,
            brief=(0, 1, 2, 3, 7),
        ),
    ]


def _median(spread: Mapping[str, Any]) -> str:
    return format_number(spread["median"])


def roofline_sections(part: Mapping[str, Any]) -> list[Section]:
    """Return the table of measured times beside what the machine's limits allow.

    Args:
        part: What `rlnas.bench.measures.roofline.measure_roofline` returned.
    """
    rows = []
    for row in part["rows"]:
        limits = [format_number(row["limit_us"][kind]) for kind in _BOUND]
        rows.append(
            [
                _PARTS.get(row["part"], row["part"]),
                str(row["controllers"]),
                *(format_number(row[key]) for key in ("flops", "bytes")),
                f"{row['calls']:,}",
                *limits,
                format_number(row["measured_us"]),
                _BOUND[row["bound"]],
                f"{100 * row['fraction_of_limit']:.0f} %",
            ]
        )
    peaks = part["peaks"]
    about = (
        f"This machine, with the threads used: {format_number(peaks['gflops'])} GFLOP/s in a large "
        f"float32 product, {format_number(peaks['gb_per_second'])} GB/s in a large copy, "
        f"{format_number(peaks['call_us'])} µs for one tiny PyTorch call. Operations, bytes and "
        "the four times are of one environment step, in µs; calls are of a whole rollout of all "
        "controllers. The least time is the largest of the three limits; a part can only get "
        "faster by needing less of what binds it. More than 100 % is possible where data fit into "
        "a cache, and where calls are made in C++ at less than the price of one from Python."
    )
    headers = [
        "part",
        "controllers",
        "operations",
        "bytes",
        "calls a rollout",
        "least by arithmetic",
        "by memory",
        "by calls",
        "measured",
        "bound by",
        "of the limit",
    ]
    claims = tuple(
        f"{_PARTS['all'].capitalize()} with {row['controllers']} "
        f"controller{'s' if row['controllers'] > 1 else ''}: the limit is set by "
        f"{_BOUND[row['bound']]}, and {100 * row['fraction_of_limit']:.0f} % of it is reached."
        for row in part["rows"]
        if row["part"] == "all"
    )
    return [Section("How near the machine's limits", about, headers, rows, claims, _BRIEF)]
