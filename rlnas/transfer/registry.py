"""Transfer methods by name, for the matrix and the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rlnas.agents import ControllerConfig, FineTuningConfig
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search import Searcher

if TYPE_CHECKING:
    from rlnas.agents import PPOController

SourceMethod = Callable[["PPOController", FineTuningConfig], Searcher]


# The methods are imported when they are made: a plan needs only their names, and no PyTorch.


def _scratch(config: ControllerConfig | None, fine_tuning: FineTuningConfig) -> Searcher:
    from rlnas.transfer.methods import Scratch

    return Scratch(config, fine_tuning)


def _zero_shot(controller: PPOController, fine_tuning: FineTuningConfig) -> Searcher:
    from rlnas.transfer.methods import ZeroShot

    return ZeroShot(controller)


def _weight_init(controller: PPOController, fine_tuning: FineTuningConfig) -> Searcher:
    from rlnas.transfer.methods import WeightInitialization

    return WeightInitialization(controller, fine_tuning=fine_tuning)


_sourceless = {"scratch": _scratch}
_methods: dict[str, SourceMethod] = {"zero-shot": _zero_shot, "weight-init": _weight_init}


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
