"""Gymnasium ids: two generic ones and one pair for each benchmark suite."""

from __future__ import annotations

import gymnasium

_SUITES = {
    "": "rooms-micro",
    "RoomsMicro": "rooms-micro",
    "RoomsMacro": "rooms-macro",
    "TransNASMicro": "transnas-micro",
    "TransNASMacro": "transnas-macro",
    "NASBench201": "nasbench-201",
}


def environment_ids() -> tuple[str, ...]:
    """Return every id that rlnas registers with Gymnasium."""
    return tuple(
        f"rlnas/{prefix}{kind}-v0" for prefix in _SUITES for kind in ("Improvement", "Construction")
    )


def register_environments() -> None:
    """Register the ids; asking twice does nothing.

    ``rlnas/Improvement-v0`` and ``rlnas/Construction-v0`` take ``suite`` and ``task`` and run on
    the built-in ``rooms-micro`` by default; the others, such as
    ``rlnas/TransNASMicroImprovement-v0``, name their suite and need its table.
    """
    for prefix, suite in _SUITES.items():
        for kind in ("Improvement", "Construction"):
            name = f"rlnas/{prefix}{kind}-v0"
            if name not in gymnasium.registry:
                gymnasium.register(
                    name,
                    entry_point=f"rlnas.envs.single:{kind}Env",
                    vector_entry_point=f"rlnas.envs.vector:{kind}VectorEnv",
                    kwargs={"suite": suite},
                )
