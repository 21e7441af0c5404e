"""The options of a searcher: the fields of a frozen dataclass, from keywords or from text.

A searcher is such a dataclass itself, or has one beside it, its ``Config``. Its docstring says in
the section ``Attributes`` what each field means and its range.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rlnas.errors import InvalidArgumentError, did_you_mean, nearest_names

C = TypeVar("C")

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_FIELD = re.compile(r"^    (\w+): (.*)$")


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        name: Its name.
        kind: Its type.
        default: What it is unless it is given.
        meaning: What it means, in a sentence or more.
    """

    name: str
    kind: Any
    default: object
    meaning: str

    def parse(self, text: str) -> object:
        """Return a value as the command line writes it.

        ``none`` is None; true, yes, 1, false, no and 0 are truth values; lists have commas.

        Raises:
            InvalidArgumentError: If the text is no such value.
        """
        values = [value for kind in _alternatives(self.kind) for value in _parsed(text, kind)]
        if not values:
            raise InvalidArgumentError(
                f"{self.name} is {text!r}; expected {' or '.join(self.expected())}."
            )
        return values[0]

    def expected(self) -> list[str]:
        """Return what a value may be on the command line, in words."""
        return [_described(kind) for kind in _alternatives(self.kind)]


def options_of(factory: object) -> dict[str, Option]:
    """Return the options of a searcher, by name, in order.

    Args:
        factory: Its class; or a function, whose keyword arguments are then its options.
    """
    config = getattr(factory, "Config", factory)
    if isinstance(config, type) and dataclasses.is_dataclass(config):
        kinds, meanings = get_type_hints(config), _meanings(config)
        return {
            field.name: Option(
                field.name, kinds[field.name], field.default, meanings.get(field.name, "")
            )
            for field in dataclasses.fields(config)
        }
    made: Any = factory
    try:
        signature = inspect.signature(made, eval_str=True)
    except NameError:  # a type that is imported for type checkers only; then text is what there is
        signature = inspect.signature(made)
    return {
        name: Option(name, parameter.annotation, parameter.default, "")
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }


def make_config(kind: type[C], given: C | None, options: Mapping[str, object], owner: str) -> C:
    """Return a configuration: the given one or the default, with some fields replaced.

    Args:
        kind: Its dataclass.
        given: A configuration, or None for the default one.
        options: Fields to replace.
        owner: Name of the searcher, for messages.

    Raises:
        InvalidArgumentError: If there is no such field, or a value is out of range.
    """
    check_options(options, options_of(kind), owner)
    base: Any = kind() if given is None else given
    changed: C = dataclasses.replace(base, **options)
    return changed


def check_options(given: Iterable[str], known: Iterable[str], owner: str) -> None:
    """Refuse options that a searcher does not have.

    Raises:
        InvalidArgumentError: If there is one; the nearest are listed.
    """
    known = tuple(known)
    if unknown := [name for name in given if name not in known]:
        hint = did_you_mean(nearest_names(unknown[0], known))
        raise InvalidArgumentError(
            f"The searcher {owner!r} has no option {', '.join(unknown)}; "
            f"it has {', '.join(known) or 'none'}.{hint}"
        )


def parse_options(
    known: Mapping[str, Option], texts: Mapping[str, str], owner: str
) -> dict[str, object]:
    """Return options as the command line writes them, with the values of their types.

    Raises:
        InvalidArgumentError: If there is no such option, or a text is no value of it.
    """
    check_options(texts, known, owner)
    return {name: known[name].parse(text) for name, text in texts.items()}


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the members of a union that text can give, None first."""
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    writable = (m for m in members if get_origin(m) not in (Mapping, types.UnionType, dict))
    return tuple(sorted(writable, key=lambda member: _PRECEDENCE.get(member, len(_PRECEDENCE))))


_PRECEDENCE = {type(None): 0, bool: 1, int: 2, float: 3}  # 3 is an int where a float would do too


def _parsed(text: str, kind: Any) -> list[object]:
    """Return the value of a text as one type, or nothing if it is none."""
    text = text.strip()
    values: list[object] = [text]
    if kind is type(None):
        values = [None] if text.lower() == "none" else []
    elif kind is bool:
        values = [text.lower() in _TRUE] if text.lower() in (*_TRUE, *_FALSE) else []
    elif get_origin(kind) is Literal:
        values = [value for value in get_args(kind) if str(value) == text]
    elif get_origin(kind) is tuple:
        parsed = [_parsed(part, get_args(kind)[0]) for part in text.split(",") if part.strip()]
        values = [tuple(value[0] for value in parsed)] if all(parsed) else []
    elif kind in (int, float):
        try:
            values = [kind(text)]
        except ValueError:
            values = []
    return values


def _described(kind: Any) -> str:
    if kind is type(None):
        return "none"
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return " or ".join(str(value) for value in get_args(kind))
    if get_origin(kind) is tuple:
        return f"{_described(get_args(kind)[0])}s with commas"
    return {int: "a whole number", float: "a number"}.get(kind, "text")


def _meanings(config: type) -> dict[str, str]:
    """Return what the docstrings of a dataclass and of those it derives from say of each field."""
    found: dict[str, list[str]] = {}
    for kind in reversed(config.__mro__):
        _, _, section = inspect.cleandoc(vars(kind).get("__doc__") or "").partition("Attributes:\n")
        name = ""
        for line in section.splitlines():
            if line and not line.startswith("    "):
                break  # the next section
            if match := _FIELD.match(line):
                name = match[1]
                found[name] = [match[2]]
            elif name and line.strip():
                found[name].append(line.strip())
    return {name: " ".join(lines) for name, lines in found.items()}
