"""Transfer methods by name, for the matrix and the command line."""

from __future__ import annotations

from collections.abc import Callable

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search import Searcher
from rlnas.transfer.methods import Scratch, WeightInitialization, ZeroShot

SourceMethod = Callable[[PPOController, FineTuningConfig], Searcher]

_sourceless = {"scratch": Scratch}
_methods: dict[str, SourceMethod] = {
    "zero-shot": lambda controller, fine_tuning: ZeroShot(controller),
    "weight-init": lambda controller, fine_tuning: WeightInitialization(
        controller, fine_tuning=fine_tuning
    ),
}


def method_names() -> tuple[str, ...]:
    """Return the names of the transfer methods, the bounds first."""
    return (*_sourceless, *_methods)


def check_method(name: str) -> str:
    """Return the name of a method.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    if name not in method_names():
        raise UnknownNameError("transfer method", name, method_names())
    return name


def needs_source(name: str) -> bool:
    """Return whether a method starts from a source controller."""
    return check_method(name) not in _sourceless


def register_method(name: str, factory: SourceMethod) -> None:
    """Make a transfer method known to the matrix and the command line.

    Args:
        name: Its name.
        factory: Makes the searcher of a source controller.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    if name in method_names():
        raise InvalidArgumentError(f"The transfer method {name!r} is registered already.")
    _methods[name] = factory


def make_method(
    name: str,
    controller: PPOController | None,
    config: ControllerConfig | None = None,
    fine_tuning: FineTuningConfig | None = None,
) -> Searcher:
    """Return the searcher of a transfer method.

    Args:
        name: One of `method_names`.
        controller: The source controller; None for a method without a source.
        config: Configuration of a controller trained from scratch.
        fine_tuning: How a controller learns on the target.

    Raises:
        UnknownNameError: If there is no such method.
        InvalidArgumentError: If the method needs a source and there is none.
    """
    fine_tuning = fine_tuning or FineTuningConfig()
    if not needs_source(name):
        return _sourceless[name](config, fine_tuning)
    if controller is None:
        raise InvalidArgumentError(f"The method {name!r} needs a source controller.")
    return _methods[name](controller, fine_tuning)
