"""``rlnas methods``: what searches, what it starts from, and which options it has."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tyro

from rlnas.cli.options import CommonOptions
from rlnas.errors import InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rlnas.cli.screen import Screen
    from rlnas.search.options import Option
    from rlnas.search.registry import Method

_WIDTH = 80
_SOURCES = {"none": "nothing", "one": "one source", "several": "several sources"}


@dataclass(frozen=True, kw_only=True)
class MethodsOptions(CommonOptions):
    """List searchers and transfer methods, or the options of one.

    Set them with --option NAME=VALUE of `rlnas search`, `rlnas transfer` and `rlnas matrix`.
    """

    name: tyro.conf.Positional[str | None] = None
    """Name of a searcher or a transfer method; by default all are listed."""


def run(options: MethodsOptions, screen: Screen) -> dict[str, Any]:
    """Print the list, or the options of one."""
    from rlnas.search.registry import SEARCHERS

    if options.name is not None:
        described = _describe(SEARCHERS.get(options.name))
        _print_one(described, screen)
        return {"command": "methods", **described}
    found = [_describe(SEARCHERS.get(name)) for name in SEARCHERS.names()]
    _print_all(found, screen)
    return {"command": "methods", "methods": found}


def method_options(
    given: Sequence[str], methods: Sequence[str], usual: str | None = None
) -> dict[str, dict[str, object]]:
    """Return what ``--option`` was given, by method, as values of the options' types.

    Args:
        given: Texts ``NAME=VALUE`` or ``METHOD.NAME=VALUE``.
        methods: The methods of the command.
        usual: Whose option a name without a method is; by default that of the only one.

    Raises:
        InvalidArgumentError: If a text is no such thing, or a value is none of its option.
        UnknownNameError: If a method is not among those of the command.
    """
    from rlnas.search.registry import SEARCHERS

    if usual is None and len(methods) == 1:
        usual = methods[0]
    texts: dict[str, dict[str, str]] = {}
    for text in given:
        key, equals, value = text.partition("=")
        method, _, name = key.strip().rpartition(".")
        if not equals or not name:
            raise InvalidArgumentError(f"--option {text!r} is no NAME=VALUE.")
        if not method and usual is None:
            raise InvalidArgumentError(
                f"--option {text!r}: say of which method it is, as in {methods[0]}.{text}."
            )
        method = method or usual or ""
        if method not in methods:
            raise UnknownNameError("method of an --option", method, methods)
        own = texts.setdefault(method, {})
        if own.setdefault(name.replace("-", "_"), value) != value:
            raise InvalidArgumentError(f"--option gives {method}.{name} twice.")
    return {method: SEARCHERS.get(method).parse(own) for method, own in texts.items()}


def _describe(method: Method) -> dict[str, Any]:
    lines = (inspect.getdoc(method.load()) or "").splitlines()
    return {
        "name": method.name,
        "summary": _plain(lines[0]) if lines else "",
        "takes": sorted(method.takes),
        "compares_results": method.compares_results,
        "control": method.control,
        "options": [_describe_option(option) for option in method.options.values()],
    }


def _describe_option(option: Option) -> dict[str, Any]:
    required = option.default in (inspect.Parameter.empty, dataclasses.MISSING)
    return {
        "name": option.name,
        "default": None if required else option.default,
        "required": required,
        "values": " or ".join(option.expected()),
        "meaning": _plain(option.meaning),
    }


def _plain(text: str) -> str:
    return text.replace("``", "").replace("`", "")


def _starts_from(described: dict[str, Any]) -> str:
    takes = [words for name, words in _SOURCES.items() if name in described["takes"]]
    return " or ".join(takes) or _SOURCES["none"]


def _print_all(found: list[dict[str, Any]], screen: Screen) -> None:
    from rlnas.reporting.terminal.table import titled_table

    for title, control in (
        ("Searchers and transfer methods", False),
        ("What nobody learnt, and a method has to beat", True),
    ):
        table = titled_table(title)
        table.add_column("name", no_wrap=True)
        for column in ("starts from", "what it does"):
            table.add_column(column, overflow="fold")
        for described in found:
            if described["control"] == control:
                table.add_row(described["name"], _starts_from(described), described["summary"])
        screen.print(table)
    screen.line("Options of one: rlnas methods NAME")


def _print_one(described: dict[str, Any], screen: Screen) -> None:
    screen.line(textwrap.fill(f"{described['name']}: {described['summary']}", _WIDTH))
    results = ", whose results it compares" if described["compares_results"] else ""
    screen.line(f"Starts from {_starts_from(described)}{results}.")
    if not described["options"]:
        screen.line("It has no options.")
    for option in described["options"]:
        value = "VALUE" if option["required"] else _written(option["default"])
        screen.line(f"\n--option {option['name']}={value}")
        text = f"{option['meaning']} ({option['values']})".strip()
        screen.line(textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="    "))


def _written(value: object) -> str:
    """Return a value as ``--option`` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)
