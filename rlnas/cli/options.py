"""Options that every command shares, and how lists of names are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from rlnas.errors import InvalidArgumentError

Flag = Annotated[bool, tyro.conf.arg(help_behavior_hint="")]
"""A switch that is off unless given; its help repeats no default."""

Folder = Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="")]
"""A folder whose default the help text says."""

Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME[,NAME…]")]
"""A list of names, for `split_names`."""

OptionalNames = Annotated[
    tuple[str, ...] | None, tyro.conf.arg(metavar="NAME[,NAME…]", help_behavior_hint="")
]
"""A list of names whose default the help text says."""

Text = Annotated[str | None, tyro.conf.arg(metavar="STR", help_behavior_hint="")]
"""A text whose default the help text says."""

Number = Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="")]
"""A number whose default the help text says."""


MethodOptions = Annotated[
    tuple[str, ...],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(metavar="[METHOD.]NAME=VALUE", help_behavior_hint=""),
]
"""Options of methods, one each time it is given, for `rlnas.cli.methods.method_options`."""


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """Options of every command."""

    json: Flag = False
    """Print one JSON object on standard output; everything else goes to standard error."""

    debug: Flag = False
    """Show the traceback of an error (also: RLNAS_DEBUG=1)."""


def split_names(values: Iterable[str]) -> tuple[str, ...]:
    """Return names given with commas, with spaces, or both.

    Raises:
        InvalidArgumentError: If a name is given twice.

    Example:
        >>> split_names(["a,b", "c"])
        ('a', 'b', 'c')
    """
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidArgumentError(f"Given twice: {', '.join(repeated)}. Give each name once.")
    return names
