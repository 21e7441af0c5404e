"""Figures without global state: made, saved and turned into text for a page."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.atomic import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150


def new_figure(width: float, height: float) -> Figure:
    """Return an empty white figure on the Agg canvas.

    Args:
        width: Inches.
        height: Inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: str | Path) -> list[Path]:
    """Write a figure as PNG and as SVG, atomically.

    Args:
        figure: The figure.
        path: Path without suffix.

    Returns:
        The two paths, PNG first.
    """
    path = Path(path)
    png, svg = path.with_name(f"{path.name}.png"), path.with_name(f"{path.name}.svg")
    with atomic_file(png) as partial:
        figure.savefig(partial, format="png", dpi=_DPI)
    with atomic_file(svg) as partial:
        partial.write_text(_svg(figure, path.name), encoding="utf-8")
    return [png, svg]


def inline_svg(figure: Figure, name: str, label: str) -> str:
    """Return a figure as an ``<svg>`` element for a page.

    Args:
        figure: The figure.
        name: Distinct on the page, so that two figures share no identifiers.
        label: What a screen reader says.
    """
    import html

    svg = _svg(figure, name)
    element = svg[svg.index("<svg") :]
    # A size in the style sheet needs the element's own size gone; its viewBox keeps the shape.
    head, body = element.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    # Glyphs have the same identifiers in every figure, so each one's own name goes in front.
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    width = figure.get_figwidth()
    style = f'style="max-width:{width:.1f}in"'
    return f'{head} role="img" aria-label="{html.escape(label, quote=True)}" {style}>{body}'


def _svg(figure: Figure, salt: str) -> str:
    import matplotlib as mpl

    buffer = io.StringIO()
    # The salt makes identifiers, and so the file, the same each time; there is no argument for it.
    with mpl.rc_context({"svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
