"""How the best network does on each class of the test images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rlnas.reporting.html_parts import TableCell, folded, heading, note, table
from rlnas.reporting.proportions import proportion_interval

if TYPE_CHECKING:
    from rlnas.reporting.training_run import TrainingSearchRun

_FULL_MATRIX = 30  # classes up to which the whole matrix is shown


def classes_section(run: TrainingSearchRun) -> str:
    """Return the accuracy of each class and what it was taken for; empty without classes."""
    if not run.best.get("confusion"):
        return ""
    counts = np.array(run.best["confusion"], dtype=np.int64)
    names = run.best["classes"] or [str(number) for number in range(len(counts))]
    head = ["class", "images", "right", "accuracy", "[95 %]", "most often taken for"]
    lines: list[list[str | TableCell]] = []
    for number, row in enumerate(counts):
        total, right = int(row.sum()), int(row[number])
        found = proportion_interval(right, total)
        wrong = row.copy()
        wrong[number] = 0
        mistaken = ""
        if wrong.any():
            mistaken = f"{names[int(wrong.argmax())]} ({int(wrong.max())})"
        lines.append(
            [
                str(names[number]),
                str(total),
                str(right),
                f"{100 * found.estimate:.1f} %" if total else "–",
                f"[{100 * found.low:.1f}, {100 * found.high:.1f}]" if total else "",
                TableCell(mistaken, "text"),
            ]
        )
    parts = [heading("Classes"), table(head, lines)]
    parts.append(note("On the test images, by the best network. Wilson's intervals."))
    if len(counts) <= _FULL_MATRIX:
        cells: list[list[str | TableCell]] = [
            [
                str(names[i]),
                *(
                    TableCell(str(n) if n else "·", "better" if i == j else "")
                    for j, n in enumerate(row)
                ),
            ]
            for i, row in enumerate(counts.tolist())
        ]
        about = note("A row for each true class, a column for what it was taken for.")
        parts.append(folded("Confusion matrix", table(["", *map(str, names)], cells) + about))
    return "\n".join(parts)
