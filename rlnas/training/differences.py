"""Say in words where two descriptions of a run differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def differences(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield what differs between two trees of JSON values.

    Args:
        old: What a folder says.
        new: What is asked for.
        path: What stands before the names.

    Example:
        >>> list(differences({"recipe": {"epochs": 12}}, {"recipe": {"epochs": 24}}))
        ['recipe.epochs is 12 there, not 24']
    """
    for name in {**old, **new}:
        before, now = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            yield from differences(before, now, f"{path}{name}.")
        elif before != now:
            yield f"{path}{name} is {json.dumps(before)} there, not {json.dumps(now)}"
