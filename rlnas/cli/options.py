"""Options that every command shares, how they are written, and what messages call them.

The library writes an argument as Python does: ``seeds is 0``, ``resume=True``,
``sources=['runs/a']``. Whoever typed a command knows it by its flag: ``--seeds is 0``,
``--resume``, ``--source runs/a``. `with_flags` turns messages, as they are printed.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args, get_origin, get_type_hints

import tyro

from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.processes import Executor

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


TableSeed = Annotated[
    int | Literal["first", "mean"] | None,
    tyro.conf.arg(metavar="first|mean|INT", help_behavior_hint=""),
]
"""Which seed of a table searches see; the help text says the default."""

MethodOptions = Annotated[
    tuple[str, ...], tyro.conf.arg(metavar="[METHOD.]NAME=VALUE", help_behavior_hint="")
]
"""Options of methods, for `rlnas.cli.methods.method_options`."""

_CALLED = {
    "sources": "source",
    "searcher": "algorithm",
    "columns": "column",
    "kind": "network",  # of a `PolicyConfig`
}
"""Arguments whose flag has another name."""

_ALONE = {"ray": "local"}
"""Options that take one value or none, and what they mean without one."""

_PLACE = r"(?<![-\w/.'\"])"
_NAME = r"([a-z]\w*)"
_VALUE = r"(…|True|False|None|'[^']*'|-?\d[\d.e-]*(?<!\.)|\[[^\]]*\]|{.*?}})"
_GIVEN = re.compile(rf"{_PLACE}(?:[A-Z]\w+\({_NAME}={_VALUE}\)|{_NAME}={_VALUE})")
_SAID = re.compile(rf"{_PLACE}{_NAME}(?= is (?:['\"\d-]|(?:None|True|False|missing)\b))")


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """Options of every command."""

    json: Flag = False
    """Print one JSON object on standard output; everything else goes to standard error."""

    debug: Flag = False
    """Show the traceback of an error (also: RLNAS_DEBUG=1)."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the work is done."""

    executor: Literal["processes", "in-process", "ray"] = "processes"
    """Where: processes of this machine, this process alone (in-process, for debugging), or ray."""

    ray: Annotated[str | None, tyro.conf.arg(metavar="[ADDRESS]", help_behavior_hint="")] = None
    """Work on a Ray cluster: the one at ADDRESS, or, without one, a cluster on this machine for
    the time of the run. Needs the extra `ray`."""

    gpus: Annotated[float, tyro.conf.arg(metavar="N", help_behavior_hint="")] = 0.0
    """On Ray: GPUs of each worker, also a share; by default none."""

    @property
    def on_ray(self) -> bool:
        """Whether it is Ray."""
        return self.executor == "ray" or self.ray is not None

    def open(self) -> Executor:
        """Return the executor, to be closed.

        Raises:
            MissingDependencyError: If it is Ray, which is not installed.
        """
        from rlnas.processes import make_executor

        name = "ray" if self.on_ray else self.executor
        return make_executor(name, address=self.ray, gpus=self.gpus)


def split_names(values: Iterable[str]) -> tuple[str, ...]:
    """Return names given with commas, with spaces, or both.

    Raises:
        InvalidArgumentError: If a name is given twice, or there are but commas.

    Example:
        >>> split_names(["a,b", "c"])
        ('a', 'b', 'c')
    """
    values = tuple(values)
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    if values and not names:
        raise InvalidArgumentError(f"{' '.join(values)!r} names nothing; give a name at least.")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidArgumentError(f"Given twice: {', '.join(repeated)}. Give each name once.")
    return names


def gather_repeated(arguments: Sequence[str], options: type) -> list[str]:
    """Return arguments in which no option is given twice: all values stand where its first do.

    Of an option that is given again an `argparse` keeps the last and forgets the others silently.

    Args:
        arguments: The arguments of a command.
        options: The dataclass of its options.

    Raises:
        InvalidArgumentError: If an option that takes one value is given two, or one that takes
            several is given none.

    Example:
        >>> from rlnas.cli.search_options import SearchOptions
        >>> gather_repeated(["--task", "a", "--seed", "1", "--task=b", "c"], SearchOptions)
        ['--task', 'a', 'b', 'c', '--seed', '1']
    """
    kinds = option_kinds(options)
    parts: list[list[str]] = [[]]  # what stands before the first option, then an option each
    first: dict[str, list[str]] = {}
    for position, argument in enumerate(arguments):
        if argument == "--":
            return [*_joined(parts, kinds), *arguments[position:]]
        if not argument.startswith("--"):
            parts[-1].append(argument)
            continue
        flag, equals, value = argument.partition("=")
        name = _name(flag)
        if name in first and name in kinds:
            if kinds[name] == "one":
                raise InvalidArgumentError(f"{flag} is given twice; it takes one value.")
            parts.append(first[name])  # goes on there
            parts[-1].extend([value] if equals and kinds[name] == "several" else [])
            continue
        parts.append([flag, value] if equals and kinds.get(name) == "several" else [argument])
        first[name] = parts[-1]
    return _joined(parts, kinds)


def _joined(parts: Sequence[list[str]], kinds: Mapping[str, str]) -> list[str]:
    """Return all words of options, each of them once."""
    once = {id(part): part for part in parts}
    for part in once.values():
        # For an option without a value `argparse` makes an empty list, as nobody meant it.
        if len(part) == 1 and kinds.get(_name(part[0])) == "several":
            raise InvalidArgumentError(f"{part[0]} is given without a value; give one or more.")
        if len(part) == 1 and _name(part[0]) in _ALONE.keys() & kinds.keys():
            part.append(_ALONE[_name(part[0])])
    return [word for part in once.values() for word in part]


def _name(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_") if flag.startswith("--") else ""


def option_kinds(options: type) -> dict[str, Literal["switch", "one", "several"]]:
    """Return how many values each option takes, by its name; those of nested options too."""
    found: dict[str, Literal["switch", "one", "several"]] = {}
    for name, hint in get_type_hints(options).items():
        members = [hint, *get_args(hint)]
        nested = [m for m in members if isinstance(m, type) and dataclasses.is_dataclass(m)]
        for member in nested:
            found |= option_kinds(member)
        if nested:
            continue
        if any(get_origin(member) is tuple for member in members):
            found[name] = "several"
        else:
            found[name] = "switch" if hint is bool else "one"
    return found


def with_flags(message: str, kinds: Mapping[str, str]) -> str:
    """Return a message of the library with its arguments called as the flags of a command.

    Args:
        message: The message.
        kinds: How many values each option of the command takes, by its name as Python writes it;
            see `option_kinds`.

    Example:
        >>> with_flags("seeds is 0; go on by resume=True.", {"seeds": "one", "resume": "switch"})
        '--seeds is 0; go on by --resume.'
        >>> with_flags("Give sources=['runs/a', 'b'], not steps=3.", {"source": "several"})
        'Give --source runs/a b, not steps=3.'
    """

    def given(found: re.Match[str]) -> str:
        name, value = found[1] or found[3], found[2] or found[4]
        option = _option(name, kinds)
        if option is None or (kinds[option] == "switch" and value != "True"):
            return found[0]
        if kinds[option] == "switch":
            return _flag(option)
        return f"{_flag(option)} {_as_typed(value)}"

    def said(found: re.Match[str]) -> str:
        option = _option(found[1], kinds)
        return found[0] if option is None else _flag(option)

    return _SAID.sub(said, _GIVEN.sub(given, message))


def _option(name: str, kinds: Mapping[str, str]) -> str | None:
    """Return the option that an argument is, None where the command has none."""
    return next((n for n in (name, _CALLED.get(name, name)) if n in kinds), None)


def _as_typed(value: str) -> str:
    """Return a value as a command line has it: names behind one another, a column by its keys."""
    if value == "…":
        return value
    found = ast.literal_eval(value)
    if isinstance(found, dict):
        ((name, keys),) = found.items()
        return ",".join([name, *(f"{key}={entry}" for key, entry in keys.items())])
    return " ".join(map(str, found)) if isinstance(found, list) else str(found)


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")
