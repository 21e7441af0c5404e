"""What asking and telling costs: ``python experiments/ask-and-tell/measure.py`` writes costs.md.

First 1,000 queries of evolution in one process; then, for several searchers, what the last of 50
queries costs whoever asks in a process of its own, which repeats the search in memory. Seconds are
of the wall clock, the least of three, on one thread.
"""

import tempfile
import time
from pathlib import Path

import torch

import rlnas

SEARCHERS = ("random", "regularised-evolution", "bo-forest", "bo-gp", "proxy-rank-sum", "scratch")


def score(architecture):
    return architecture.count("3") + architecture.count("1") / 10


def thousand(folder):
    """Return the seconds of 1,000 asks, and of 1,000 tells."""
    study = rlnas.open_study(folder, "transnas-micro", "regularised-evolution", 1000)
    asks = tells = 0.0
    while True:
        start = time.perf_counter()
        asked = study.ask()
        asks += time.perf_counter() - start
        if not asked:
            return asks, tells
        start = time.perf_counter()
        study.tell(asked[0], score(asked[0]), cost=1.0)
        tells += time.perf_counter() - start


def last_of(queries, searcher, folder):
    """Return the seconds of the last ask to a study that nobody has in memory."""
    study = rlnas.open_study(folder, "transnas-micro", searcher, queries)
    for _ in range(queries - 1):
        (asked,) = study.ask()
        study.tell(asked, score(asked), cost=1.0)
    start = time.perf_counter()
    rlnas.open_study(folder).ask()
    return time.perf_counter() - start


def main():
    torch.set_num_threads(1)
    home = Path(tempfile.mkdtemp())
    runs = [thousand(home / f"many-{n}") for n in range(3)]
    lines = [
        "| 1,000 queries of evolution in one process | seconds |",
        "|---|---|",
        f"| 1,000 asks | {min(asks for asks, _ in runs):.2f} |",
        f"| 1,000 tells | {min(tells for _, tells in runs):.2f} |",
        "",
        "| the last of 50 queries, asked for in a new process | seconds |",
        "|---|---|",
    ]
    for name in SEARCHERS:
        seconds = min(last_of(50, name, home / f"{name}-{n}") for n in range(3))
        lines.append(f"| `{name}` | {seconds:.2f} |")
    text = "\n".join(lines) + "\n"
    Path(__file__).with_name("costs.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
