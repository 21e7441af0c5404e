"""What a user's code gave of an architecture, made an evaluation that can be ranked and saved."""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import numpy as np

from rlnas.errors import InvalidArgumentError, bounded, in_words
from rlnas.tasks.objective import Evaluation

_LONGEST_NAME = 200
_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 100


def number(value: object, what: str) -> float:
    """Return a number as a float: Python's, NumPy's, a `Decimal`, an array or tensor without axes.

    Args:
        value: What was given.
        what: Its name, for the error.

    Raises:
        InvalidArgumentError: If it is none; a truth value or a text is none either.
    """
    if type(value) is float:
        return value
    try:
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        if type(value) is not bool and isinstance(value, numbers.Real | Decimal):
            return float(value)
    except OverflowError:
        raise InvalidArgumentError(f"{what} is too large for a float") from None
    except Exception as error:
        raise InvalidArgumentError(f"{what} is no number: {in_words(error)}") from error
    raise InvalidArgumentError(f"{what} is {shown(value)}; expected a number")


def shown(value: object) -> str:
    """Return a value and its type in a few words, whatever it is."""
    kind = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    try:
        text = _shown.repr(value)
    except Exception:  # its own __repr__ raises
        return f"something of type {kind}"
    return bounded(text if kind in text else f"{text} ({kind})")


def checked(given: object, seconds: Callable[[], float]) -> Evaluation:
    """Return what an objective gave as an evaluation of floats and texts.

    One whose score is no finite number, whose cost is no finite number of 0 or more, or that has a
    metric that is no number or has no name, has failed: its score is NaN, and its error says what
    was wrong.

    Args:
        given: What the objective gave.
        seconds: How long it took: the cost where the evaluation's own is of no use, since that
            would make a budget in cost endless.
    """
    try:
        if not isinstance(given, Evaluation):
            raise InvalidArgumentError(f"the result is {shown(given)}; expected an Evaluation")
        score, cost, error, metrics = given.score, given.cost, given.error, given.metrics
        if error is not None:
            error, score = _said(error), math.nan
    except Exception as wrong:
        return Evaluation(math.nan, seconds(), _said(wrong))
    plain = error is None and type(score) is type(cost) is float and type(metrics) is dict
    if plain and math.isfinite(score) and 0 <= cost < math.inf and _all_floats(metrics):
        return given  # nearly always, and at once
    faults = [] if error is None else [error]
    if error is None:
        try:
            score = number(score, "score")
            if not math.isfinite(score):
                faults.append(f"score is {score}")
        except InvalidArgumentError as wrong:
            faults.append(str(wrong))
    try:
        cost = number(cost, "cost")
        if not 0 <= cost < math.inf:
            faults.append(f"cost is {cost}; expected finite seconds of 0 or more")
    except InvalidArgumentError as wrong:
        faults.append(str(wrong))
        cost = math.nan
    kept: dict[str, float] = {}
    faults.extend(_keep(metrics, kept))
    if not 0 <= cost < math.inf:
        cost = seconds()
    if faults:
        return Evaluation(math.nan, cost, bounded("; ".join(faults[:5])), kept)
    return Evaluation(score, cost, None, kept)


def _all_floats(metrics: Mapping[str, float]) -> bool:
    return all(
        type(value) is float and type(name) is str and len(name) < 50 and name.isidentifier()
        for name, value in metrics.items()
    )


def _said(error: object) -> str:
    """Return an error as text, bounded; an objective may give an exception in place of one."""
    if isinstance(error, InvalidArgumentError):
        return bounded(str(error))
    if isinstance(error, BaseException):
        return in_words(error)
    return bounded(error) if isinstance(error, str) else shown(error)


def _keep(metrics: object, kept: dict[str, float]) -> Iterator[str]:
    """Put the metrics that are numbers with a name into ``kept``; yield what is wrong of others."""
    try:
        items = list(dict(metrics).items()) if isinstance(metrics, Mapping) else None
    except Exception as error:
        yield f"metrics cannot be read: {in_words(error)}"
        return
    if items is None:
        yield f"metrics are {shown(metrics)}; expected a mapping of names to numbers"
        return
    for name, value in items:
        if not (isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()):
            yield f"a metric is called {shown(name)}; expected a printable text"
            continue
        try:
            kept[str(name)] = number(value, f"metric {name!r}")
        except InvalidArgumentError as wrong:
            yield str(wrong)
