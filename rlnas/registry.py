"""Things by name: spaces, searchers, estimators and the rest, and what other packages add to them.

An entry is a thing itself or an import path ``module:attribute``, imported when it is asked for, so
that a long list of names costs nothing. An installed package adds entries by its entry points:

    [project.entry-points."rlnas.searchers"]
    annealing = "my_package.annealing:Annealing"

They are looked for only when a name is not known otherwise, or all names are wanted.
"""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from importlib import metadata
from typing import Any, Generic, TypeVar

from rlnas.errors import InvalidArgumentError, PluginError, UnknownNameError

T = TypeVar("T")

_NAME = re.compile(r"\w[\w.+-]*")
_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plugin:
    """An entry that an installed package announces.

    Attributes:
        name: The name.
        path: Where it is, ``module:attribute``.
        package: The package that announces it.
    """

    name: str
    path: str
    package: str

    def load(self) -> Any:
        """Import it.

        Raises:
            PluginError: If that fails, in whatever way.
        """
        try:
            return load(self.path)
        except Exception as error:  # it is another's code: anything may happen in it
            raise self.broken(f"{type(error).__name__}: {error}") from error

    def broken(self, why: object) -> PluginError:
        """Return an error that names the package."""
        return PluginError(
            f"{self.name!r} of the installed package {self.package!r} ({self.path}) cannot be "
            f"used: {why}. Update or uninstall {self.package}."
        )


class Registry(Generic[T]):
    """Things of one kind by name.

    Args:
        kind: What they are called in messages, e.g. ``search space``.
        entries: The names that are there from the beginning, each with a thing or the import path
            of one.
        group: Name of the entry points by which installed packages add theirs.
        adapt: Makes the thing of a name and what an import path led to, and raises what is wrong
            with it; by default it is that itself.

    Example:
        >>> numbers = Registry("number", {"pi": "math:pi"}, group="rlnas.numbers")
        >>> numbers.register("three", 3.0)
        >>> numbers.names(), round(numbers.get("pi"), 2)
        (('pi', 'three'), 3.14)
    """

    def __init__(
        self,
        kind: str,
        entries: Mapping[str, T | str],
        *,
        group: str,
        adapt: Callable[[str, Any], T] | None = None,
    ) -> None:
        self.kind = kind
        self.group = group
        self._adapt = adapt
        self._entries: dict[str, T | str] = {}
        self._loaded: dict[str, T] = {}
        for name, entry in entries.items():
            self.register(name, entry)

    def register(self, name: str, entry: T | str) -> None:
        """Make ``get(name)`` return a thing.

        Args:
            name: Letters, digits and ``_ . + -``, a letter or a digit first: it may become a
                folder, and stands in lists with commas.
            entry: The thing, or its import path ``module:attribute``.

        Raises:
            InvalidArgumentError: If the name is taken or no name, or the path no path.
        """
        if not _NAME.fullmatch(name):
            raise InvalidArgumentError(
                f"{name!r} cannot name a {self.kind}; expected letters, digits and '_.+-', a "
                "letter or a digit first."
            )
        if isinstance(entry, str) and not _PATH.fullmatch(entry):
            raise InvalidArgumentError(
                f"The {self.kind} {name!r} is said to be at {entry!r}; expected 'module:attribute'."
            )
        if name in self._entries or name in self.__dict__.get("_plugins", ()):
            raise InvalidArgumentError(f"The {self.kind} {name!r} is registered already.")
        self._entries[name] = entry

    def get(self, name: str) -> T:
        """Return the thing of a name.

        Raises:
            UnknownNameError: If there is none; it lists the nearest.
            PluginError: If it is an installed package's and cannot be used.
        """
        if name in self._loaded:
            return self._loaded[name]
        if name in self._entries:
            entry = self._entries[name]
            if not isinstance(entry, str):
                return entry
            self._loaded[name] = self._adapted(name, load(entry))
        elif name in self._plugins:
            plugin = self._plugins[name]
            loaded = plugin.load()
            try:
                self._loaded[name] = self._adapted(name, loaded)
            except (TypeError, ValueError) as error:
                raise plugin.broken(error) from error
        else:
            raise UnknownNameError(self.kind, name, self.names())
        return self._loaded[name]

    def names(self) -> tuple[str, ...]:
        """Return every name that can be had, those of installed packages last.

        A package's entry that cannot be used is left out, with a warning that names the package.
        """
        return (*self._entries, *(name for name in self._plugins if self._works(name)))

    def _works(self, name: str) -> bool:
        try:
            self.get(name)
        except PluginError as error:
            _log.warning("%s", error)
            return False
        return True

    def _adapted(self, name: str, loaded: Any) -> T:
        thing: T = loaded if self._adapt is None else self._adapt(name, loaded)
        return thing

    @cached_property
    def _plugins(self) -> dict[str, Plugin]:
        return plugins(self.group, taken=self._entries)


def plugins(group: str, *, taken: Iterable[str] = ()) -> dict[str, Plugin]:
    """Return what installed packages announce, by name.

    A name that is taken, that another package has announced already (by the packages' order in the
    alphabet), or that is none is left out, with a warning.

    Args:
        group: Name of the entry points.
        taken: Names that no package may take.
    """
    found: dict[str, Plugin] = {}
    reserved = dict.fromkeys(taken, "rlnas")
    announced = [
        Plugin(point.name, point.value, point.dist.name if point.dist else "?")
        for point in metadata.entry_points(group=group)
    ]
    for plugin in sorted(announced, key=lambda plugin: (plugin.package, plugin.name)):
        name, owner = plugin.name, reserved.get(plugin.name)
        if owner is not None:
            _log.warning("%s", plugin.broken(f"the name is taken by {owner}"))
        elif not _NAME.fullmatch(name) or not _PATH.fullmatch(plugin.path):
            _log.warning("%s", plugin.broken("expected NAME = module:attribute"))
        else:
            found[name], reserved[name] = plugin, plugin.package
    return found


def load(path: str) -> Any:
    """Return what an import path ``module:attribute`` leads to.

    Raises:
        ImportError: If there is no such module.
        AttributeError: If there is no such attribute in it.
    """
    module, _, attribute = path.partition(":")
    return reduce(getattr, attribute.split("."), importlib.import_module(module))
