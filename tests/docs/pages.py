"""Pages of documentation as a reader works through them: their blocks, run in order.

A block is told by the language behind its fence:

- ``python`` blocks run in one namespace a page, ``bash`` blocks in a shell, all of a page in one
  folder;
- a block without a language is what the block before it prints;
- ``console`` blocks have commands behind ``$`` and what they print below;
- lines that only call ``rlnas`` run in copies of one process, see `Commands`; the shell gets all
  others;
- ``text``, ``toml`` and the like are only shown.

``<!-- not run: why -->`` before a block leaves it out, ``<!-- needs the public tables -->`` does so
where there are none. A reader sees neither.

Printed lines have to come back one after the other, blank lines aside. ``…`` stands for anything:
as a line for lines, in a line for the rest of a word. Numbers may differ by `TOLERANCE` or one in
their last digit, and durations and rates by anything.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import json
import multiprocessing
import os
import re
import shlex
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TOLERANCE = 0.05
"""Relative difference of a number; results come from seeds, but processors round differently."""

LIBRARIES = ("torch", "pandas", "scipy.stats", "matplotlib.figure")
COMMAND_LINE = ("rlnas.cli.main", "rlnas.reporting")
"""What is imported once a page instead of once a command."""

RUN = ("python", "bash", "console")
SHOWN = ("text", "toml", "html")

_BLOCK = re.compile(
    r"(?P<marks>(?:^<!--[^\n]*-->\n)*)^```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.M | re.S
)
_NUMBER = r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
# Units of time are no part of a result: `12 s`, `0.5 ms`, `1,234 steps/s`, `2 min`.
_TIME = re.compile(rf"(?:{_NUMBER})\s*(?:steps/s|ms|µs|s|min|h)\b")
_TOKEN = re.compile(rf"({_NUMBER})")
_OF_THE_SHELL = set("|&;<>$`*?~{}()[]!")


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        line: Number of its first line in the page, from 1.
        language: What stands behind the fence.
        text: What it holds.
        not_run: Why it is left out; empty for no reason.
        needs_tables: Whether it needs the public tables.
        printed: What it prints, as the page says; None where the page does not.
    """

    line: int
    language: str
    text: str
    not_run: str = ""
    needs_tables: bool = False
    printed: str | None = None


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page, each with what it prints.

    Raises:
        ValueError: If a block is of an unknown kind.
    """
    found: list[Block] = []
    for match in _BLOCK.finditer(page):
        language, marks = match["language"], match["marks"]
        line = page.count("\n", 0, match.start("text")) + 1
        if language == "":
            if not found or found[-1].language not in RUN or found[-1].printed is not None:
                raise ValueError(f"line {line}: the block has no language and follows no code.")
            found[-1] = Block(**{**asdict(found[-1]), "printed": match["text"]})
            continue
        if language not in (*RUN, *SHOWN):
            raise ValueError(f"line {line}: {language!r} is none of {(*RUN, *SHOWN)}.")
        why = re.search(r"<!-- not run: (.*?) -->", marks)
        found.append(
            Block(
                line=line,
                language=language,
                text=match["text"],
                not_run=why[1] if why else "",
                needs_tables="<!-- needs the public tables -->" in marks,
            )
        )
    return found


def commands_of(console: str) -> list[tuple[str, str]]:
    """Return each command of a console block with what it prints."""
    found: list[tuple[str, str]] = []
    lines = iter(console.splitlines(keepends=True))
    for line in lines:
        if not line.startswith("$ "):
            command, printed = found[-1]
            found[-1] = (command, printed + line)
            continue
        command = line[2:]
        while command.endswith("\\\n"):
            command += next(lines)
        found.append((command, ""))
    return found


def difference(printed: str, actual: str) -> str:
    """Return how what a page prints differs from what came; empty if it does not."""
    lines = [line for line in actual.splitlines() if line.strip()]
    at = 0
    for part in re.split(r"^\s*…\s*$", printed, flags=re.M):
        expected = [line for line in part.splitlines() if line.strip()]
        if not expected:
            continue
        for start in range(at, len(lines) - len(expected) + 1):
            if all(map(_alike, expected, lines[start:])):
                at = start + len(expected)
                break
        else:
            missing = next((e for e in expected if not any(_alike(e, x) for x in lines)), None)
            what = f"No line like\n  {missing}" if missing else "The lines come otherwise than"
            return f"{what}\nPrinted in the page:\n{part}\nWhat came:\n{actual}"
    return ""


def brought_up_to_date(printed: str, actual: str) -> str:
    """Return what a page prints with the lines that came in place of those that say the same.

    Lines between two of ``…`` are looked for as a whole first: of many that say the same but for
    numbers it is these that the page shows. Lines with ``…`` in them, and those of which no line
    came with other numbers, are left as they are.
    """
    came = [line.rstrip() for line in actual.splitlines() if line.strip()]
    found, at = [], 0
    for lines in _runs(printed.splitlines()):
        whole = [line for line in lines if line.strip()]
        starts = (
            start
            for start in range(at, len(came) - len(whole) + 1)
            if all(_alike(*pair, numbers=False) for pair in zip(whole, came[start:], strict=False))
        )
        at = next(starts, at)
        for line in lines:
            here = (n for n in range(at, len(came)) if _alike(line, came[n], numbers=False))
            place = next(here, None) if line.strip() and line.strip() != "…" else None
            at = at if place is None else place + 1
            found.append(line if place is None or "…" in line else came[place])
    return "".join(f"{line}\n" for line in found)


def _runs(lines: list[str]) -> list[list[str]]:
    """Return lines in pieces, each ``…`` between them a piece of its own."""
    return [list(run) for _, run in itertools.groupby(lines, lambda line: line.strip() == "…")]


def _alike(expected: str, actual: str, *, numbers: bool = True) -> bool:
    """Return whether two lines say the same, but for blanks, lines of boxes and durations."""
    ours, theirs = (_plain(line) for line in (expected, actual))
    ours_numbers, theirs_numbers = _TOKEN.findall(ours), _TOKEN.findall(theirs)
    pattern = r"\s*".join(
        ".*".join(re.escape(part) for part in word.split("…"))
        for word in _TOKEN.sub(" # ", ours).split()
    )
    if not re.fullmatch(pattern, " ".join(_TOKEN.sub(" # ", theirs).split())):
        return False
    if "…" in ours or not numbers:  # numbers may be among what is left out
        return True
    return len(ours_numbers) == len(theirs_numbers) and all(
        map(_close, ours_numbers, theirs_numbers)
    )


def _plain(line: str) -> str:
    return re.sub("[─━]+", "─", _TIME.sub("TIME", line)).strip()


def _close(ours: str, theirs: str) -> bool:
    if ours == theirs:
        return True
    texts = [text.replace(",", "").replace("−", "-") for text in (ours, theirs)]
    a, b = map(float, texts)
    digits = max(len(text.partition(".")[2]) for text in texts) if "e" not in "".join(texts) else 0
    return abs(a - b) <= max(TOLERANCE * max(abs(a), abs(b)), 1.01 * 10.0**-digits)


class Commands:
    """Runs ``rlnas`` commands without importing PyTorch, pandas and Matplotlib again for each.

    To import them is most of what a small command does. It is done here, before anything is
    computed: threads do not survive a fork. A process that stays as it is then, with the command
    line imported too, is forked for every command. In this one, where the page's Python runs, the
    package stays to be imported by the page.

    Attributes:
        seconds: Processor seconds of the commands so far.
    """

    def __init__(self) -> None:
        for name in LIBRARIES:
            importlib.import_module(name)
        context = multiprocessing.get_context("fork")
        self.seconds = 0.0
        self._ours, theirs = context.Pipe()
        self._server = context.Process(target=self._serve, args=(theirs,))
        self._server.start()
        theirs.close()

    def run(self, arguments: list[str]) -> tuple[int, str]:
        """Return the exit status of a command and what it printed."""
        output = Path("output-of-a-command").absolute()
        self._ours.send((arguments, output))
        status, seconds = self._ours.recv()
        self.seconds += seconds
        text = output.read_text(encoding="utf-8", errors="replace")
        output.unlink()
        return status, text

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._server.join()

    def _serve(self, requests: Any) -> None:
        self._ours.close()  # or the end of the page would not be seen
        for name in COMMAND_LINE:
            importlib.import_module(name)
        context = multiprocessing.get_context("fork")
        before = 0.0
        with contextlib.suppress(EOFError):
            while True:
                command = context.Process(target=_command, args=requests.recv())
                command.start()
                command.join()
                after = _processor_seconds()
                requests.send((command.exitcode, after - before))
                before = after


def _command(arguments: list[str], output: Path) -> None:
    """Run a command as a process of its own would."""
    from rlnas.cli.main import main

    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["rlnas", *arguments]
    sys.exit(main(arguments))


def rlnas_commands(script: str) -> list[list[str]] | None:
    """Return the arguments of each ``rlnas`` command of a script; None if it does anything else."""
    lines = script.replace("\\\n", " ").splitlines()
    try:
        commands = [words for line in lines if (words := shlex.split(line, comments=True))]
    except ValueError:  # a text in quotation marks over several lines
        return None
    if any(words[0] != "rlnas" or _OF_THE_SHELL & set("".join(words)) for words in commands):
        return None
    return [words[1:] for words in commands]


def run_page(page: Path, results: Path, *, tables: bool) -> None:
    """Run the blocks of a page in the folder one is in, and keep how each went.

    Args:
        page: The page.
        results: JSON file: for each block ``line``, ``seconds`` (of processors, those of the
            processes it started included) and ``trouble``; a list.
        tables: Whether the public tables are there.

    With ``RLNAS_PAGES_GO_ON`` set it goes on after a block that prints something else, with
    ``RLNAS_PAGES_WRITE`` it writes the numbers that came into the page.
    """
    import __main__

    outputs: dict[str, str] = {}
    kept: list[dict[str, object]] = []
    blocks = [
        block
        for block in blocks_of(page.read_text(encoding="utf-8"))
        if block.language in RUN and not block.not_run and (tables or not block.needs_tables)
    ]
    shell = any(block.language != "python" for block in blocks)
    commands = Commands() if shell else None  # before a block of Python computes
    # As in an interactive session: functions and classes of the page belong to the main module.
    namespace = __main__.__dict__
    seconds = _processor_seconds(commands)
    for block in blocks:
        if block.language == "python":
            trouble = _run_python(block, page.name, namespace, outputs)
        else:
            parts = [(block.text, block.printed)]
            if block.language == "console":
                parts = commands_of(block.text)
            ran = [_run_shell(*part, commands, outputs) for part in parts]
            trouble = next(filter(None, ran), "")
        before, seconds = seconds, _processor_seconds(commands)
        kept.append({"line": block.line, "seconds": seconds - before, "trouble": trouble})
        results.write_text(json.dumps(kept), encoding="utf-8")
        if trouble and not os.environ.get("RLNAS_PAGES_GO_ON"):
            break
    if commands:
        commands.close()
    if os.environ.get("RLNAS_PAGES_WRITE"):
        text = page.read_text(encoding="utf-8")
        for printed, actual in outputs.items():
            text = text.replace(f"\n{printed}", f"\n{brought_up_to_date(printed, actual)}")
        page.write_text(text, encoding="utf-8")


def _processor_seconds(commands: Commands | None = None) -> float:
    return sum(os.times()[:4]) + (commands.seconds if commands else 0.0)


def _run_python(
    block: Block, name: str, namespace: dict[str, object], outputs: dict[str, str]
) -> str:
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            source = "\n" * (block.line - 1) + block.text  # tracebacks name the page's lines
            exec(compile(source, name, "exec"), namespace)  # noqa: S102
    except BaseException:
        return f"{output.getvalue()}{traceback.format_exc()}"
    return _compared(block.printed, output.getvalue(), outputs)


def _run_shell(
    script: str, printed: str | None, commands: Commands | None, outputs: dict[str, str]
) -> str:
    output, status, alone = "", 0, rlnas_commands(script)
    if commands and alone:
        for arguments in alone:
            if not status:
                status, text = commands.run(arguments)
                output += text
    else:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        status, output = ran.returncode, ran.stdout.decode("utf-8", "replace")
    if status:
        return f"status {status} of\n{script}\n{output}"
    return _compared(printed, output, outputs)


def _compared(printed: str | None, actual: str, outputs: dict[str, str]) -> str:
    if not printed:
        return ""
    outputs[printed] = actual
    return difference(printed, actual)


if __name__ == "__main__":
    sys.path[0] = ""
    run_page(Path(sys.argv[1]), Path(sys.argv[2]), tables=sys.argv[3] == "tables")
