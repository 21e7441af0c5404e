"""The page of one search that left many networks: their front, what they cost, how they came."""

from __future__ import annotations

from pathlib import Path

from rlnas.formats import format_amount, format_score, format_seconds
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.pareto import draw_front, draw_shrinking
from rlnas.reporting.pages.page import write_page
from rlnas.reporting.pages.parts import TableCell, drawn_figure, heading, note, table
from rlnas.runs.pareto_run import BATCH, MODELS, PARETO, ParetoRun


def write_pareto_page(run: ParetoRun) -> Path:
    """Write the page and the figures of a finished run, and return the page's path."""
    trained = run.rows[run.rows["error"].isna()]
    parts = []
    if len(trained):
        parts += [
            heading("Accuracy against cost"),
            drawn_figure(
                Drawing(draw_front(run), "front"),
                run.folder,
                "Validation metric of every network against its multiply-accumulates",
                "Each point is a trained network; the line joins those that none beats in both.",
            ),
        ]
    parts += [_networks(run), heading("How the cell shrank")]
    parts.append(
        drawn_figure(
            Drawing(draw_shrinking(run), "shrinking"),
            run.folder,
            "The operations of the cell from the beginning of the search to its end",
            "A line for every operation that the super-network still had between two nodes.",
        )
    )
    parts.append(_shapes(run))
    data = f"{run.settings['dataset']}/{run.settings['task']}"
    return write_page(
        run.folder,
        PARETO,
        title=f"Front: {data}",
        subtitle=f"{len(run.rows)} networks of {run.settings['space']} from one search.",
        body="\n".join(parts),
        missing=0,
        seeds=(int(run.settings["seed"]),),
    )


def _networks(run: ParetoRun) -> str:
    """Return the table of all networks, cheapest first."""
    unit = run.metric.suffix.strip()
    head = [
        "architecture",
        f"validation{f' ({unit})' if unit else ''}",
        "test",
        "parameters",
        "MACs",
        "latency",
        f"batch of {BATCH}",
        "memory",
        "training",
        "teacher",
    ]
    lines: list[list[str | TableCell]] = []
    for row in run.rows.to_dict("records"):
        failed = row["error"] is not None and row["error"] == row["error"]
        score = "failed" if failed else format_score(float(row["valid"]))
        lines.append(
            [
                str(row["architecture"]),
                TableCell(score, "better" if row["on_front"] else ""),
                "–" if failed else format_score(float(row["test"])),
                format_amount(float(row["parameters"])),
                format_amount(float(row["macs"])),
                f"{row['latency_ms']:.2f} ms ± {row['latency_spread_ms']:.2f}",
                f"{row[f'latency_ms_at_{BATCH}']:.1f} ms",
                f"{row['peak_memory_mb']:.2f} MB",
                "–" if failed else format_seconds(float(row["seconds"])),
                "yes" if row["taught"] else "no",
            ]
        )
    said = note(
        "In bold: no other network has a better validation score and fewer multiply-accumulates. "
        "Latency is the median of 50 answers on this device, ± the distance of the quartiles; "
        "memory is the most that is held at once for one example. The test score is for the "
        f"network that you choose by the others. Models: {MODELS}/ARCHITECTURE."
    )
    return "\n".join([heading("Networks"), table(head, lines), said])


def _shapes(run: ParetoRun) -> str:
    """Return what the projection of the genotypes did."""
    several = [int(shape["several"]) for shape in run.shapes[1:]]
    needed = sum(count > 0 for count in several)
    return note(
        f"The super-network changed {len(several)} times, and in {needed} of these shapes it had "
        "several operations on some edge, where an architecture has one. The networks above are "
        "those that keep the most of the operations' mean weight for what they cost."
    )
