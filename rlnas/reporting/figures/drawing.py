"""Figures without global state: made, saved, and put on a page."""

from __future__ import annotations

import html
import io
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.atomic import atomic_file, write_text
from rlnas.events import EventFile
from rlnas.folders import remove

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150
_LEGIBLE = 0.75


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


class Drawing:
    """A figure as text: drawn once as SVG, for a file and for a page alike.

    Args:
        figure: The figure.
        name: Name of its files, and distinct on a page, so that two figures there share no
            identifiers.
    """

    def __init__(self, figure: Figure, name: str) -> None:
        _take_names_literally(figure)
        self.figure = figure
        self.name = name

    @property
    def least_width(self) -> float:
        """The least width in inches at which its text can be read on a screen."""
        return _LEGIBLE * self.figure.get_figwidth()

    @cached_property
    def svg(self) -> str:
        """The SVG document, the same each time."""
        import matplotlib as mpl

        buffer = io.StringIO()
        # The salt makes identifiers, and so the file, the same each time; there is no argument
        # for it.
        with mpl.rc_context({"svg.hashsalt": self.name}):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()

    def save(self, folder: str | Path) -> list[Path]:
        """Write the figure as PNG and as SVG, atomically.

        Args:
            folder: Where to.

        Returns:
            The two paths, PNG first.
        """
        png, svg = (Path(folder) / f"{self.name}.{suffix}" for suffix in ("png", "svg"))
        with atomic_file(png) as partial:
            self.figure.savefig(partial, format="png", dpi=_DPI)
        write_text(svg, self.svg)
        return [png, svg]

    def log(self, folder: str | Path, step: int) -> None:
        """Write the figure as an image of TensorBoard, in place of what the folder holds.

        Args:
            folder: A folder of its own in the run folder, one run of TensorBoard's.
            step: Step of the image; its tag is the figure's name.
        """
        folder = Path(folder)
        remove(folder, within=folder.parent)
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=_DPI)
        width, height = (round(_DPI * inches) for inches in self.figure.get_size_inches())
        with EventFile(folder) as events:
            events.add_image(step, self.name, buffer.getvalue(), (width, height))

    def inline(self, label: str) -> str:
        """Return the figure as an ``<svg>`` element for a page.

        Args:
            label: What a screen reader says.
        """
        element = self.svg[self.svg.index("<svg") :]
        # A size in the style sheet needs the element's own size gone; its viewBox keeps the shape.
        head, body = element.split(">", 1)
        head = re.sub(r'\s(width|height)="[^"]*"', "", head)
        # Glyphs have the same identifiers in every figure, so each one's own name goes in front.
        body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.name}-", body)
        style = f"max-width:{self.figure.get_figwidth():.1f}in;--least:{self.least_width:.1f}in"
        label = html.escape(label, quote=True)
        return f'{head} role="img" aria-label="{label}" style="{style}">{body}'


def _take_names_literally(figure: Figure) -> None:
    r"""Let ``$`` in the name of a task or method be a ``$``, not the beginning of a formula.

    Only a logarithmic axis writes formulas itself, in its ticks.
    """
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for formatter, minor in (
                (axis.get_major_formatter(), False),
                (axis.get_minor_formatter(), True),
            ):
                if isinstance(formatter, LogFormatter):
                    for tick in axis.get_minor_ticks() if minor else axis.get_major_ticks():
                        tick.label1.set_parse_math(True)
                        tick.label2.set_parse_math(True)


def save_figure(figure: Figure, path: str | Path) -> list[Path]:
    """Write a figure as PNG and as SVG, atomically.

    Args:
        figure: The figure.
        path: Path without suffix.

    Returns:
        The two paths, PNG first.
    """
    path = Path(path)
    return Drawing(figure, path.name).save(path.parent)
