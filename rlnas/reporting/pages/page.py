"""The page around a report: title, reproduction, versions, settings."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from rlnas.atomic import write_text
from rlnas.reporting.pages.parts import table
from rlnas.run_folder import read_command, read_settings, read_versions


def write_page(
    folder: Path,
    kind: str,
    *,
    title: str,
    subtitle: str,
    body: str,
    missing: int,
    seeds: Sequence[int],
) -> Path:
    """Write ``report.html`` of a run folder and return its path.

    Args:
        folder: The run folder, with its command, versions and settings.
        kind: What it holds, the key of its settings.
        title: Title of the page, plain text.
        subtitle: A line below it, plain text.
        body: Elements.
        missing: Searches without a result yet.
        seeds: Seeds of the run.
    """
    versions = read_versions(folder)
    notice = ""
    if missing:
        notice = (
            f'<p class="notice">Unfinished: {missing} searches have no result yet. '
            "Go on with <code>--resume</code>, in Python <code>resume=True</code>.</p>"
        )
    template = Template(files("rlnas.reporting.pages").joinpath("report.html").read_text("utf-8"))
    page = template.substitute(
        title=html.escape(title),
        subtitle=html.escape(subtitle),
        notice=notice,
        version=html.escape(versions.get("rlnas", "")),
        body=body,
        command=html.escape(read_command(folder) or "(made from Python)"),
        versions=table(["", ""], [list(item) for item in versions.items()]),
        seeds=", ".join(map(str, seeds)),
        settings=html.escape(json.dumps(read_settings(folder, kind), indent=2)),
    )
    path = folder / "report.html"
    write_text(path, page)
    return path
