"""What executors cost: ``python experiments/executors/measure.py`` writes costs.md. Needs Ray.

The demo matrix on processes of this machine and on Ray in turns, whether their rows are equal, what
Ray takes to start, and what a call that does nothing takes in a pool of each. Two workers.

What handing out costs is told by how long workers had nothing to do: wall clock times workers, less
the seconds inside what they called. Unlike wall clocks that stands on a busy machine too, which may
give more of its processors to the one than to the other.
"""

import argparse
import concurrent.futures
import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd

from rlnas.processes import make_executor
from rlnas.transfer import MatrixConfig, run_matrix

DEMO = MatrixConfig(
    suite="rooms-micro",
    tasks=("class_scene", "class_object", "segmentsemantic", "autoencoder"),
    seeds=3,
    free_seeds=3,
)
WORKERS = 2
EXECUTORS = ("processes", "ray")


def timed(function, arguments):
    """Return what a function returns, its seconds and those of the processor."""
    begun, used = time.perf_counter(), time.process_time()
    value = function(*arguments)
    return value, time.perf_counter() - begun, time.process_time() - used


class Watched(concurrent.futures.Executor):
    """A pool that adds up the seconds inside what is called."""

    def __init__(self, pool):
        self.pool, self.inside, self.used = pool, 0.0, 0.0

    def submit(self, function, *arguments):
        outer = concurrent.futures.Future()

        def done(inner):
            if error := inner.exception():
                outer.set_exception(error)
                return
            value, seconds, used = inner.result()
            self.inside += seconds
            self.used += used
            outer.set_result(value)

        self.pool.submit(timed, function, arguments).add_done_callback(done)
        return outer

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.pool.shutdown(wait, cancel_futures=cancel_futures)


def matrix(name, folder):
    """Return seconds to start, of the matrix, idle in it, of processors, and its rows."""
    begun = time.perf_counter()
    with make_executor(name) as executor:
        pool = Watched(executor.pool(WORKERS, ["rlnas.transfer.matrix.preload"]))
        for future in [pool.submit(time.sleep, 0.5) for _ in range(WORKERS)]:  # all of them
            future.result()
        started, pool.inside, pool.used = time.perf_counter(), 0.0, 0.0
        executor.pool = lambda workers, modules=(): pool
        run = run_matrix(DEMO, folder, workers=WORKERS, device="cpu", executor=executor)
        seconds = time.perf_counter() - started
    idle = WORKERS * seconds - pool.inside
    return started - begun, seconds, idle, pool.used, run.rows().drop(columns="seconds")


def calls(name, count):
    """Return milliseconds of a call that does nothing."""
    with make_executor(name) as executor:
        pool = executor.pool(WORKERS)
        for future in [pool.submit(abs, -1) for _ in range(20)]:
            future.result()
        begun = time.perf_counter()
        for future in [pool.submit(abs, -1) for _ in range(count)]:
            future.result()
        return (time.perf_counter() - begun) / count * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    home = Path(tempfile.mkdtemp())
    start, whole, idle, used, rows = ({name: [] for name in EXECUTORS} for _ in range(5))
    for n in range(repeats):
        for name in EXECUTORS:
            parts = matrix(name, home / f"{name}-{n}")
            for kept, part in zip((start, whole, idle, used, rows), parts, strict=True):
                kept[name].append(part)
            print(name, *parts[:4], flush=True)
    cells = len(rows["ray"][0])
    for frame in [*rows["processes"], *rows["ray"]]:
        pd.testing.assert_frame_equal(frame, rows["processes"][0])
    call = {name: [calls(name, 1000) for _ in range(repeats)] for name in EXECUTORS}
    free = {n: [seconds / cells * 1000 for seconds in idle[n]] for n in EXECUTORS}

    def row(what, values, digits):
        cells = (
            f"{statistics.median(v):.{digits}f} ({min(v):.{digits}f} to {max(v):.{digits}f})"
            for v in (values[name] for name in EXECUTORS)
        )
        return f"| {what} | {' | '.join(cells)} |"

    text = "\n".join(
        [
            f"Median, least and most of {repeats}; the rows of all {2 * repeats} matrices of "
            f"{cells} cells are equal.",
            "",
            "| | processes | Ray |",
            "|---|---:|---:|",
            row("s to start two workers", start, 1),
            row("s of the demo matrix after that", whole, 1),
            row("s of processors in it, inside what workers call", used, 1),
            row("ms a cell that a worker had nothing to do", free, 0),
            row("ms of a call that does nothing", call, 2),
            "",
        ]
    )
    Path(__file__).with_name("costs.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
