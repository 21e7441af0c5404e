"""The page of a bench: what was measured, on what, and what it says, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlnas.atomic import atomic_file, write_text
from rlnas.bench.page.figure import draw_speed, has_figure
from rlnas.bench.page.section import Section
from rlnas.bench.page.sections import sections
from rlnas.errors import DataError
from rlnas.formats import format_timing

NOTES = ("<!-- notes -->", "<!-- /notes -->")
"""What stands between these lines was written by hand and is kept."""

_DPI = 150
_EMPTY_NOTES = "\n## Notes\n\nWrite here what was tried and what did not pay; it is kept.\n"
_TITLES = {
    "num_envs": "environments of a batch",
    "seconds": "least seconds of a repeat",
    "repeats": "repeats of rates and durations",
    "loads": "repeats of table loading",
    "seeds": "training seeds of time to quality",
    "curve_seeds": "training seeds of the learning curves",
    "seed": "seed of everything else",
    "device": "device",
}


def write_page(result: Mapping[str, Any], path: str | Path, *, command: str = "") -> list[Path]:
    """Write the page and, beside it and with its name, the figure as PNG.

    Notes in a page that is there already are kept, see `NOTES`.

    Args:
        result: What `rlnas.bench.measure_speed` returned, or its JSON read back.
        path: The Markdown file.
        command: The command line to say on the page.

    Returns:
        The paths written, the page first.

    Raises:
        DataError: If the notes of the page that is there cannot be found or read.
    """
    path = Path(path)
    notes = kept_notes(path)
    figure = path.with_suffix(".png")
    drawn = has_figure(result)
    if drawn:
        with atomic_file(figure) as partial:
            draw_speed(result).savefig(partial, format="png", dpi=_DPI)
    address = figure.name if drawn else None
    write_text(path, page_text(result, command=command, figure=address, notes=notes))
    return [path, figure] if drawn else [path]


def page_text(
    result: Mapping[str, Any],
    *,
    command: str = "",
    figure: str | None = None,
    notes: str = _EMPTY_NOTES,
) -> str:
    """Return the page.

    Args:
        result: See `write_page`.
        command: The command line.
        figure: Address of the figure, or None.
        notes: What stands between the marks of the notes.
    """
    found = sections(result)
    lines = ["# Performance", "", _introduction(result), ""]
    claims = [claim for section in found for claim in section.claims]
    if claims:
        lines += ["## In short", "", *(f"- {_escaped(claim)}" for claim in claims), ""]
    if figure:
        lines += [f"![Speed, time to quality, growth and limits]({figure})", ""]
    lines += ["## How it was measured", "", *_settings(result, command), ""]
    for section in found:
        lines += [*_section(section), ""]
    return "\n".join(lines) + f"\n{NOTES[0]}{notes}{NOTES[1]}\n"


def _introduction(result: Mapping[str, Any]) -> str:
    text = (
        f"Made by `rlnas bench` on the task `{result['task']}`. All contenders ran in one go on "
        "one machine and took turns, after a warm-up; the tables give the median, the least and "
        "the most of the repeats. Ratios are of medians."
    )
    if result["settings"]["quick"]:
        text += " **This was a quick look with small sizes: rely on no number here.**"
    return text


def _settings(result: Mapping[str, Any], command: str) -> list[str]:
    machine, settings = result["machine"], result["settings"]
    memory = machine.get("memory_gib")
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    took = sum(result["took"].values())
    rows = [
        ("processor", f"{machine['processor']}, {machine['cores']} cores for this process"),
        *([("memory", f"{memory:.0f} GiB")] if memory else []),
        ("CUDA device", machine["cuda"] or "none"),
        ("PyTorch threads", machine["torch_threads"]),
        ("system", machine["system"]),
        ("versions", versions),
        *((title, f"{settings[key]:,}" if isinstance(settings[key], int) else settings[key])
          for key, title in _TITLES.items()),
        ("took in all", format_timing(took)),
    ]  # fmt: skip
    said = (
        ["<!-- not run: takes half an hour -->", "```bash", command, "```", ""] if command else []
    )
    return [*said, *_table(["", ""], [[str(name), str(value)] for name, value in rows], "ll")]


def _section(section: Section) -> list[str]:
    columns = "l" + "r" * (len(section.headers) - 1)
    said = [f"## {section.title}", ""]
    if section.about:
        said += [_escaped(section.about), ""]
    return [*said, *_table(section.headers, section.rows, columns)]


def _table(headers: list[str], rows: list[list[str]], columns: str) -> list[str]:
    marks = {"l": ":--", "r": "--:"}
    cells = [headers, [marks[column] for column in columns], *rows]
    return [f"| {' | '.join(map(_escaped, row))} |" for row in cells]


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*")


def kept_notes(path: Path) -> str:
    """Return what stands between the marks of a page, or an invitation where there is no page.

    Raises:
        DataError: If the page cannot be read or has no marks.
    """
    if not path.exists():
        return _EMPTY_NOTES
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}. Choose another page.") from error
    begin, end = (text.find(mark) for mark in NOTES)
    if begin < 0 or end < begin:
        raise DataError(
            f"{path} has no notes between {NOTES[0]} and {NOTES[1]}, so it was not made by this "
            "command and is not overwritten. Add the two marks, or choose another page."
        )
    return text[begin + len(NOTES[0]) : end]
