"""The section of a matrix's page on the harm of its methods on hostile targets."""

from __future__ import annotations

from typing import Any

from rlnas.reporting.matrix.harm import ALL_KINDS
from rlnas.reporting.matrix.methods import Entrant
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.pages.parts import TableCell, heading, note, table
from rlnas.reporting.terminal.harm import NOTE, signed, signed_range


def harm_section(results: MatrixNumbers) -> str:
    """Return the section; empty where the targets are not hostile.

    Args:
        results: The matrix.
    """
    found = results.harm()
    if found is None:
        return ""
    kinds = [kind for kind in dict.fromkeys(found["hostile"]) if kind != ALL_KINDS]
    head = ["method", "from", "behind random", "95 %", "behind local", "95 %", *kinds]
    lines: list[list[str | TableCell]] = []
    groups: Any = found.groupby(["method", "sources"], sort=False)
    for (method, sources), part in groups:
        by_kind = part.set_index("hostile")
        over, entrant = by_kind.loc[ALL_KINDS], Entrant(str(method), sources)
        line: list[str | TableCell] = [entrant.method, TableCell(entrant.starts_from, "text")]
        for name in ("behind_random", "behind_local"):
            line += [signed(over[name]), signed_range(over, name)]
        behind = by_kind["behind_random"]
        line += [signed(float(behind.get(kind, float("nan")))) for kind in kinds]
        lines.append(line)
    return "\n".join([heading("Harm on hostile targets"), table(head, lines), note(NOTE + _KINDS)])


_KINDS = " The last columns are the harm behind random by kind of hostile target."
