"""How a conformance check says that a contract is broken."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rlnas.errors import RlnasError


class ConformanceError(RlnasError, AssertionError):
    """A space, task, searcher or other part does not keep its contract."""


def require(condition: object, message: str) -> None:
    """Raise unless the condition holds.

    Raises:
        ConformanceError: With the message, which says what was wrong and what is expected.
    """
    if not condition:
        raise ConformanceError(message)


@contextlib.contextmanager
def must_raise(error: type[Exception], what: str) -> Iterator[None]:
    """Check that the block raises an error.

    Args:
        error: The error that is expected; subclasses pass.
        what: What the block does, as the subject of the message.

    Raises:
        ConformanceError: If nothing or another error is raised.
    """
    try:
        yield
    except error:
        return
    except Exception as other:
        raise ConformanceError(
            f"{what} raised {type(other).__name__}: {other}; expected {error.__name__}."
        ) from other
    raise ConformanceError(f"{what} raised nothing; expected {error.__name__}.")
