"""The entry point of ``rlnas``: read the options, run the command, turn errors into statuses.

Exit status: 0 done, 1 failed, 2 bad arguments, 130 interrupted.
"""

from __future__ import annotations

import importlib
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Union

from rlnas.errors import InvalidArgumentError, RlnasError, UnknownNameError

_DONE, _FAILED, _BAD_ARGUMENTS, _INTERRUPTED = 0, 1, 2, 130

COMMANDS: dict[str, tuple[str, str]] = {
    "data": ("rlnas.cli.data", "DataOptions"),
    "train": ("rlnas.cli.train", "TrainOptions"),
    "transfer": ("rlnas.cli.transfer", "TransferOptions"),
    "similarity": ("rlnas.cli.similarity", "SimilarityOptions"),
    "matrix": ("rlnas.cli.matrix", "MatrixOptions"),
    "search": ("rlnas.cli.search", "SearchOptions"),
    "pareto": ("rlnas.cli.pareto.command", "ParetoOptions"),
    "methods": ("rlnas.cli.methods", "MethodsOptions"),
    "evaluate": ("rlnas.cli.evaluate", "EvaluateOptions"),
    "ask": ("rlnas.cli.study.ask", "AskOptions"),
    "tell": ("rlnas.cli.study.tell", "TellOptions"),
    "report": ("rlnas.cli.report", "ReportOptions"),
    "bench": ("rlnas.cli.bench", "BenchOptions"),
}
"""Each command with the module and the dataclass of its options."""

_DESCRIPTION = """Neural architecture search by reinforcement-learning agents that are trained once
and reused.

A first look: rlnas matrix --preset demo --out runs/demo. Each command explains itself: rlnas train
--help. rlnas --version prints the version."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; those of the process by default.

    Returns:
        The exit status.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _main(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, e.g. `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _DONE
    return status


def _main(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        print(f"rlnas {_version()}")
        return _DONE
    from rlnas.cli.screen import print_in_any_encoding

    print_in_any_encoding(sys.stdout, sys.stderr)
    command, debug = arguments[0] if arguments else "", "--debug" in arguments
    try:
        command, options = _parse(arguments or ["--help"])
        return _run(command, options, arguments)
    except SystemExit as stop:  # help was shown, or the arguments were wrong and it was said
        return stop.code if isinstance(stop.code, int) else _BAD_ARGUMENTS
    except KeyboardInterrupt:
        print(_interrupted(command, arguments), file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        raise
    except (RlnasError, OSError) as error:
        if debug or os.environ.get("RLNAS_DEBUG", "") not in ("", "0"):
            raise
        print(f"rlnas {command}: {_in_flags(error, command)}", file=sys.stderr)
        wrong = isinstance(error, UnknownNameError | InvalidArgumentError)
        return _BAD_ARGUMENTS if wrong else _FAILED


def _in_flags(error: Exception, command: str) -> str:
    """Return the message of an error with its arguments called as the command's options are."""
    from rlnas.cli.options import option_kinds, with_flags

    if command not in COMMANDS:
        return str(error)
    module, options = COMMANDS[command]
    kinds = option_kinds(getattr(importlib.import_module(module), options))
    # A report says of the run that it reads that it may be gone on with.
    return with_flags(str(error), {"resume": "switch", **kinds})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rlnas")
    except PackageNotFoundError:  # run from a source folder that was never installed
        return "unknown"


def _parse(arguments: list[str]) -> tuple[str, Any]:
    """Return the command's name and its options."""
    import tyro

    from rlnas.cli.options import gather_repeated

    classes = {}
    for name, (module, options) in COMMANDS.items():
        try:
            classes[name] = getattr(importlib.import_module(module), options)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
    if arguments[0] in classes:
        action = classes[arguments[0]]
        rest = arguments[1:]
        arguments = [arguments[0], *gather_repeated(rest, action)]
    kinds = tuple(
        Annotated[cls, tyro.conf.subcommand(name, prefix_name=False)]
        for name, cls in classes.items()
    )
    # The members are known at run time only, which the signature of `tyro.cli` cannot say.
    choice: Any = Union[kinds]  # noqa: UP007
    chosen = tyro.cli(
        choice,
        prog="rlnas",
        description=_DESCRIPTION,
        args=arguments,
        config=(
            tyro.conf.FlagCreatePairsOff,
            tyro.conf.OmitArgPrefixes,
            tyro.conf.OmitSubcommandPrefixes,
        ),
    )
    return next(name for name, cls in classes.items() if isinstance(chosen, cls)), chosen


def _run(command: str, options: Any, arguments: list[str]) -> int:
    from rlnas.cli.screen import Screen

    line = shlex.join(["rlnas", *arguments])
    screen = Screen(json_only=options.json, command=line)
    _log_to(screen)
    module = importlib.import_module(COMMANDS[command][0])
    result = module.run(options, screen)
    if options.json:
        screen.emit(result)
    return _DONE


def _log_to(screen: Any) -> None:
    """Show what the library logs, e.g. that it downloads a table, as notes."""

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            screen.note(record.getMessage())

    logger = logging.getLogger("rlnas")
    logger.handlers = [Notes()]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _interrupted(command: str, arguments: list[str]) -> str:
    if command not in ("train", "transfer", "matrix", "search", "evaluate"):
        return "Interrupted."
    again = arguments if "--resume" in arguments else [*arguments, "--resume"]
    return f"Interrupted; what is finished is kept. Go on with:\n  {shlex.join(['rlnas', *again])}"


if __name__ == "__main__":
    sys.exit(main())
