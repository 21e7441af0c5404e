"""Whether a process that starts anew runs the user's script again."""

from __future__ import annotations

import ast
import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_alone = threading.Lock()


@contextlib.contextmanager
def hidden_main() -> Iterator[None]:
    """Start processes meanwhile that do not import ``__main__``.

    `multiprocessing` has a new process run the script by which this one was begun, for what it
    defines. A script without ``if __name__ == "__main__":`` then does all of its work again.
    """
    main = sys.modules["__main__"]
    with _alone:
        kept = {n: v for n, v in vars(main).items() if n in ("__spec__", "__file__")}
        try:
            main.__spec__ = None
            vars(main).pop("__file__", None)
            yield
        finally:
            vars(main).update(kept)


def main_is_guarded() -> bool:
    """Return whether the script that is being run can be imported without doing this again.

    It can where the statement that led here stands below ``if __name__ == "__main__":``, and where
    no statement of the script is being run: in a thread, or in a notebook.
    """
    found: FrameType | None = None
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
            found = frame
        frame = frame.f_back
    if found is None:
        return True
    try:
        tree = ast.parse(Path(found.f_code.co_filename).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):  # typed in, piped in, or gone: nothing is imported
        return True
    line = found.f_lineno
    return any(
        isinstance(node, ast.If)
        and node.lineno <= line <= (node.end_lineno or line)
        and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))
        for node in tree.body
    )
