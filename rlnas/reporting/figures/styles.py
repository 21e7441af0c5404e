"""A colour and a line for each method, the same in every figure of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlnas.runs.cell import BASELINE, NO_SOURCE

if TYPE_CHECKING:
    import pandas as pd

# Okabe & Ito's palette, then Tol's muted one: distinct for all common kinds of colour blindness.
# With a dash pattern each, so that a grey print is readable too; lists of coprime lengths, so that
# no pair comes twice.
_COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    *("#882255", "#332288", "#999933"),
)
_DASHES: tuple[Any, ...] = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)))
_GREYS = ("0.45", "0.6", "0.3", "0.7")
_DOTS: tuple[Any, ...] = (":", (0, (3, 1, 1, 1)), (0, (1, 3)), (0, (6, 2)))


@dataclass(frozen=True)
class LineStyle:
    """How a method is drawn.

    Attributes:
        colour: A colour that Matplotlib knows.
        dash: A dash pattern that Matplotlib knows.
    """

    colour: str
    dash: Any


def method_styles(frame: pd.DataFrame) -> dict[str, LineStyle]:
    """Return the style of every method, scratch first.

    Scratch is dark and, beside methods that transfer, whatever has no source is grey and dotted:
    colour means transfer. Where nothing has a source, all but scratch have colours.

    Args:
        frame: source and method; one row a search, or several.
    """
    methods = sorted(frame["method"].unique(), key=lambda m: m != BASELINE)
    sourced = set(frame.loc[frame["source"] != NO_SOURCE, "method"].unique())
    plain = [m for m in methods if sourced and m not in sourced and m != BASELINE]
    coloured = [m for m in methods if m != BASELINE and m not in plain]
    styles = {BASELINE: LineStyle("0.15", "-")} if BASELINE in methods else {}
    for number, method in enumerate(coloured, start=1):
        colour, dash = _COLOURS[(number - 1) % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        styles[method] = LineStyle(colour, dash)
    for number, method in enumerate(plain):
        styles[method] = LineStyle(_GREYS[number % len(_GREYS)], _DOTS[number % len(_DOTS)])
    return styles
