"""Gymnasium ids: two generic ones, one pair for each benchmark suite, and other packages' own."""

from __future__ import annotations

import logging
from functools import lru_cache

import gymnasium

from rlnas.registry import Plugin, plugins

_log = logging.getLogger(__name__)

_SUITES = {
    "": "rooms-micro",
    "RoomsMicro": "rooms-micro",
    "RoomsMacro": "rooms-macro",
    "TransNASMicro": "transnas-micro",
    "TransNASMacro": "transnas-macro",
    "NASBench201": "nasbench-201",
}


_KINDS = ("Improvement", "Construction")


def environment_ids() -> tuple[str, ...]:
    """Return every id that rlnas registers with Gymnasium, those of other packages last."""
    own = (f"rlnas/{prefix}{kind}-v0" for prefix in _SUITES for kind in _KINDS)
    return (*own, *(f"rlnas/{name}" for name in _plugins()))


def register_environments() -> None:
    """Register the ids; asking twice does nothing.

    ``rlnas/Improvement-v0`` and ``rlnas/Construction-v0`` take ``suite`` and ``task`` and run on
    the built-in ``rooms-micro`` by default; the others, such as
    ``rlnas/TransNASMicroImprovement-v0``, name their suite and need its table. An installed package
    adds ``rlnas/NAME`` by an entry point NAME in the group ``rlnas.environments``; its class is
    imported when the environment is made.
    """
    for prefix, suite in _SUITES.items():
        for kind in _KINDS:
            name = f"rlnas/{prefix}{kind}-v0"
            if name not in gymnasium.registry:
                gymnasium.register(
                    name,
                    entry_point=f"rlnas.envs.single:{kind}Env",
                    vector_entry_point=f"rlnas.envs.vector:{kind}VectorEnv",
                    kwargs={"suite": suite},
                )
    for plugin in _plugins().values():
        if f"rlnas/{plugin.name}" not in gymnasium.registry:
            try:
                gymnasium.register(f"rlnas/{plugin.name}", entry_point=plugin.path)
            except gymnasium.error.Error as error:  # e.g. it is no name of Gymnasium's
                _log.warning("%s", plugin.broken(error))


@lru_cache(maxsize=1)
def _plugins() -> dict[str, Plugin]:
    taken = [f"{prefix}{kind}-v0" for prefix in _SUITES for kind in _KINDS]
    return plugins("rlnas.environments", taken=taken)
