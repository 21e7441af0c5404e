"""Mutated files into every reader: each is read or refused, in seconds, in bounded memory.

``python tests/robustness/files.py --count 10000 --seed 0`` makes small files of every kind, damages
them (bits, lengths, chunks, types, names, huge numbers) and has each read in a process of its own
with limited memory. A case is its seed and number, so that ``--first N --count 1`` repeats it.
"""

from __future__ import annotations

import argparse
import collections
import importlib
import io
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

SECONDS = 5.0
"""Longest a reader may take, of processor time; a machine may be shared."""
PATIENCE = 600.0
"""Longest it may take by the clock, should it wait for something."""
MEMORY = 4 << 30
"""Bytes of address space beyond what the process has before it reads."""
MESSAGE = 1000
"""Characters that a message stays below."""
_LOADED = ("matplotlib.pyplot", "pandas", "pyarrow.parquet", "rlnas.benchmarks", "rlnas.datasets")
"""What cases find imported: their time is that of a reader."""
_NAMES = (
    "../../victim",
    "a/b",
    "",
    ".",
    "..",
    "x" * 300,
    "a\0b",
    "a\nb",
    "\ud800",
    "$\\frac$",
    "nan",
)
_NUMBERS = (0, -1, 10**18, 10**400, -(2**63), 1e308, float("nan"), float("inf"), 2**31, 0.5, True)
_NESTED = [[[[[[[[1]]]]]]]]


class Hang(BaseException):
    """A reader took longer than it may."""


# -- files that are whole --------------------------------------------------------------------


def tuples(rng, count, operations=4):
    return [str(tuple(rng.integers(operations, size=6).tolist())) for _ in range(count)]


def naslib_records(rng):
    return [
        {"idx": str(i), "arch": text, "zen": {"score": 1.5, "time": 0.1}, "val_accuracy": 50.0 + i}
        for i, text in enumerate(dict.fromkeys(tuples(rng, 12)))
    ]


def suite_zero(rng):
    return {
        task: {
            text: {
                "idx": "0",
                "arch": text,
                "val_accuracy": 5.0,
                "snip": {"score": 1.0, "time": 2.0},
            }
            for text in tuples(rng, 8)
        }
        for task in ("jigsaw", "class_scene")
    }


def csv_text(rng, sign=","):
    lines = [sign.join(("architecture", "acc", "sec"))]
    for text in dict.fromkeys(tuples(rng, 12)):
        digits = "".join(text[1:-1].split(", "))
        lines.append(sign.join((digits, f"{rng.random():.4f}", "10")))
    return "\n".join(lines) + "\n"


def transnas(rng):
    def cell():
        return {
            "total_epochs": 3,
            "metrics": {"valid_top1": [1.0, 2.0, 3.0], "time_elapsed": [1.0, 2.0, 3.0]},
            "model_info": {"model_params": 3.5},
        }

    names = [f"64-41414-{a}_{b}{c}_{d}{e}{f}" for a, b, c, d, e, f in rng.integers(4, size=(5, 6))]
    data = {name: {task: cell() for task in ("jigsaw", "normal")} for name in names}
    return {"metrics_dict": {}, "info_names": [], "task_list": [], "data": {"micro": data}}


def nasbench_state(text):
    result = {
        "epochs": 2,
        "train_acc1es": {0: 10.0, 1: 20.0},
        "train_losses": {0: 2.0, 1: 1.0},
        "eval_names": ["x-valid"],
        "eval_acc1es": {"x-valid@0": 9.0, "x-valid@1": 19.0},
        "eval_losses": {"x-valid@1": 1.0},
        "latency": [0.01],
        "train_times": {0: 1.0, 1: 1.0},
        "params": 0.5,
        "flop": 80.0,
        "net_state_dict": None,
    }
    return {"arch_str": text, "all_results": {("cifar10-valid", 777): result}}


def nasbench(rng):
    names = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    strings = []
    for row in rng.integers(5, size=(4, 6)).tolist():
        a, b, c, d, e, f = (names[digit] for digit in row)
        strings.append(f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|")
    infos = {
        i: {"full": nasbench_state(s), "less": nasbench_state(s)} for i, s in enumerate(strings)
    }
    return {"meta_archs": strings, "arch2infos": infos}


def picture(rng, path):
    from PIL import Image

    bytes_ = rng.integers(256, size=(6, 6, 3), dtype=np.uint8)
    deep = rng.integers(1 << 16, size=(6, 6), dtype=np.uint16)
    made = {
        ".pgm": deep,
        ".tif": rng.random((6, 6), dtype=np.float32),
        ".tiff": deep.astype(np.int32) << 14,
    }.get(path.suffix, bytes_)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(made).save(path)


# -- damage ----------------------------------------------------------------------------------


def damaged_bytes(rng, data):
    """Return bytes with up to three kinds of damage."""
    data = bytearray(data)
    for _ in range(int(rng.integers(4))):
        if not data:
            break
        at, other = (int(place) for place in rng.integers(len(data), size=2))
        length = int(rng.integers(1, 33))
        kind = int(rng.integers(8))
        if kind == 0:
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            data[at : at + length], data[other : other + length] = (
                data[other : other + length],
                data[at : at + length],
            )
        elif kind == 3:
            data[at : at + length] = b"\xff" * length
        elif kind == 4:
            data[at : at + length] = b"\0" * length
        elif kind == 5:
            data[at:at] = data[other : other + length] * int(rng.integers(1, 50))
        elif kind == 6:
            data[at:at] = rng.bytes(length)
        else:
            data[at : at + 8] = int(rng.integers(1 << 62)).to_bytes(8, "little")
    return bytes(data)


def places(value, found):
    """Collect (container, key) of everything in nested containers."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, held in list(items):
        found.append((value, key))
        if isinstance(held, dict | list):
            places(held, found)
    return found


def damaged_values(rng, value, strange=()):
    """Change up to two things in nested containers: values, types, keys, lengths."""
    for _ in range(int(rng.integers(3))):
        found = places(value, [])
        if not found:
            break
        holder, key = found[int(rng.integers(len(found)))]
        pool = [*_NUMBERS, *_NAMES, None, [], {}, _NESTED, "x" * 5000, {"score": "x"}, *strange]
        kind = int(rng.integers(4))
        if kind <= 1:
            holder[key] = pool[int(rng.integers(len(pool)))]
        elif kind == 2 and isinstance(holder, dict):
            names = [*_NAMES, *_NUMBERS[:4]] if strange else _NAMES
            holder[names[int(rng.integers(len(names)))]] = holder.pop(key)
        elif kind == 2:
            holder *= 50
        else:
            del holder[key]
    return value


def write_json(rng, path, value):
    if rng.random() < 0.7:
        path.write_text(json.dumps(damaged_values(rng, value)))
    else:
        path.write_bytes(damaged_bytes(rng, json.dumps(value).encode()))


def write_torch(rng, path, value):
    import torch

    strange = (
        torch.zeros(3),
        torch.tensor(1.0),
        torch.zeros(1).expand(10**9),
        np.float64(2),
        (1, 2),
    )
    structural = rng.random() < 0.6
    zipped = rng.random() < 0.5
    buffer = io.BytesIO()
    made = damaged_values(rng, value, strange) if structural else value
    torch.save(made, buffer, _use_new_zipfile_serialization=bool(zipped))
    data = buffer.getvalue()
    path.write_bytes(data if structural else damaged_bytes(rng, data))


# -- one maker and reader for each kind --------------------------------------------------------


def use(tables, folder):
    """Do with tables what an import does next."""
    from rlnas.benchmarks import save_table, table_info

    for number, table in enumerate(tables):
        table_info(table)
        save_table(table, folder / "kept" / str(number))
        table.suite(allow_test=True)


def naslib_zip(rng, folder):
    from rlnas.benchmarks import import_table

    path = folder / "some.zip"
    buffer = io.BytesIO()
    level = zipfile.ZIP_DEFLATED if rng.random() < 0.8 else zipfile.ZIP_STORED
    structural = rng.random() < 0.6
    with zipfile.ZipFile(buffer, "w", level) as archive:
        for space in ("transbench101_micro", "nasbench201"):
            records = naslib_records(rng)
            if structural:
                records = damaged_values(rng, records)
            archive.writestr(f"zen/benchmark--{space}--jigsaw--0.json", json.dumps(records))
    data = buffer.getvalue()
    path.write_bytes(data if structural else damaged_bytes(rng, data))
    use(import_table(path, "naslib-zip" if rng.random() < 0.5 else None, complete=False), folder)


def zero_json(rng, folder):
    from rlnas.benchmarks import import_table

    path = folder / "zero.json"
    write_json(rng, path, suite_zero(rng))
    use(import_table(path, "suite-zero-json"), folder)


_COLUMNS = {"acc": {"task": "mine", "split": "valid"}, "sec": {"task": "mine", "cost": True}}


def csv_file(rng, folder):
    from rlnas.benchmarks import import_table

    path = folder / "scores.csv"
    text = csv_text(rng, ",;\t"[int(rng.integers(3))])
    path.write_bytes(damaged_bytes(rng, text.encode()))
    options = {"space": "transnas-micro", "encoding": "digits", "columns": _COLUMNS}
    use(import_table(path, "tabular", duplicates="mean", **options), folder)


def parquet_file(rng, folder):
    import pandas as pd

    from rlnas.benchmarks import import_table

    path = folder / "scores.parquet"
    frame = pd.read_csv(io.StringIO(csv_text(rng)), dtype={"architecture": str})
    strange = rng.random() < 0.3
    if strange:
        odd = (True, pd.Timestamp("2020-01-01"), "x", None, [1, 2], {"a": 1}, b"\xff", 1e400)
        frame["acc"] = [odd[int(rng.integers(len(odd)))]] * len(frame)
    frame.to_parquet(path)
    if not strange:
        path.write_bytes(damaged_bytes(rng, path.read_bytes()))
    options = {"space": "transnas-micro", "encoding": "digits", "columns": _COLUMNS}
    use(import_table(path, "tabular", **options), folder)


def transnas_file(rng, folder):
    from rlnas.benchmarks import import_table

    write_torch(rng, folder / "official.pth", transnas(rng))
    use(import_table(folder / "official.pth", "transnas-pth"), folder)


def nasbench_file(rng, folder):
    from rlnas.benchmarks import import_table

    write_torch(rng, folder / "official.pth", nasbench(rng))
    epochs = "all" if rng.random() < 0.5 else "final"
    use(import_table(folder / "official.pth", "nasbench201-pth", epochs=epochs), folder)


def nasbench_folder(rng, folder):
    from rlnas.benchmarks import import_table

    content = nasbench(rng)
    root = folder / "pth"
    root.mkdir()
    for index, info in list(content["arch2infos"].items())[:2]:
        number = index if rng.random() < 0.8 else int(rng.choice([999_999_999, 15_624, 7]))
        write_torch(rng, root / f"{number:06d}-FULL.pth", info)
    use(import_table(root, "nasbench201-pth"), folder)


def table_folder(rng, folder):
    from rlnas.benchmarks import BenchmarkTable, Column, Provenance, open_table, save_table
    from rlnas.spaces import get_space
    from rlnas.tasks import Metric

    space = get_space("transnas-micro")
    rows = space.from_index(np.arange(10))
    columns = [Column("t", Metric(name=name), rng.random(10)) for name in ("acc", "loss")]
    table = BenchmarkTable(
        "t", space, columns, primary={"t": "acc"}, source=Provenance(title=""), architectures=rows
    )
    root = save_table(table, folder / "table")
    target = sorted(root.iterdir())[int(rng.integers(4))]
    if target.name == "table.json":
        write_json(rng, target, json.loads(target.read_text()))
    else:
        target.write_bytes(damaged_bytes(rng, target.read_bytes()))
        index = json.loads((root / "table.json").read_text())
        for entry in (*index["columns"], index["architectures"]):
            entry["bytes"] = (root / entry["file"]).stat().st_size
        (root / "table.json").write_text(json.dumps(index))
    use([open_table(root)], folder)


_ENDINGS = (".png", ".jpg", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".webp")


def image_folder(rng, folder):
    import torch

    from rlnas.datasets import load_task_data

    root = folder / "images"
    for name in ("cat", "dog"):
        for number in range(4):
            ending = _ENDINGS[int(rng.integers(len(_ENDINGS)))]
            path = root / name / f"{number}{ending}"
            picture(rng, path)
            if rng.random() < 0.1:
                path.write_bytes(damaged_bytes(rng, path.read_bytes()))
    if rng.random() < 0.2:
        (root / "cat").rename(root / _NAMES[5][:200])
    if rng.random() < 0.2:
        (root / "dog").rename(Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")))
    limit = 0 if rng.random() < 0.3 else 2**30
    data = load_task_data(root, "class", image_size=8, memory_limit=limit)
    data.train.batch(torch.arange(len(data.train)))


def taskonomy_folder(rng, folder):
    import torch

    from rlnas.datasets import load_task_data

    root = folder / "taskonomy"
    for name in ("a", "b", "c"):
        picture(rng, root / name / "rgb" / "point_0_view_0_domain_rgb.png")
        path = root / name / "room_layout" / "point_0_view_0_domain_room_layout.npy"
        path.parent.mkdir()
        np.save(path, rng.random(9))
        if rng.random() < 0.2:
            path.write_bytes(damaged_bytes(rng, path.read_bytes()))
    if rng.random() < 0.4:
        views = {"train": "a", "val": "b", "test": "c"}
        for split, name in views.items():
            template = f"{name}/{{domain}}/point_0_view_0_domain_{{domain}}"
            write_json(rng, root / f"{split}.json", [template])
            listed = {"filename_list": [f"{split}.json"]}
            (root / f"{split}_filenames_final5k.json").write_text(json.dumps(listed))
    data = load_task_data(root, "room_layout", image_size=8)
    data.train.batch(torch.arange(len(data.train)))


KINDS = (
    naslib_zip,
    zero_json,
    csv_file,
    parquet_file,
    transnas_file,
    nasbench_file,
    nasbench_folder,
    table_folder,
    image_folder,
    taskonomy_folder,
)


# -- running -----------------------------------------------------------------------------------


def run_case(seed, number, folder, kinds=KINDS):
    """Return the kind and outcome of one case: ``read``, ``refused``, or what went wrong."""
    from rlnas.errors import RlnasError

    kind = kinds[number % len(kinds)]
    rng = np.random.default_rng([seed, number])
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        kind(rng, folder)
        outcome = "read"
    except RlnasError as error:
        text = str(error)
        fine = len(text) < MESSAGE and text.encode("utf-8", "replace") == text.encode()
        outcome = "refused" if fine else f"message of {len(text)} characters: {text[:300]!r}"
    except Hang:
        outcome = "hang"
    except BaseException as error:
        outcome = f"{type(error).__name__}: {str(error)[:900]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    if outcome in ("read", "refused") and time.process_time() - start > SECONDS:
        outcome = "hang"
    return outcome


def in_fork(seed, number, home, kinds):
    """Run a case in a fork, which writes what came of it beside its folder; return its number."""
    sys.stdout.flush()
    if child := os.fork():
        return child
    try:

        def on_alarm(*_):
            raise Hang

        for alarm in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(alarm, on_alarm)
        used, pages = (int(Path("/proc/self/statm").read_text().split()[n]) for n in (0, 1))
        limit = used * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        # What cannot be interrupted is ended.
        resource.setrlimit(resource.RLIMIT_CPU, (int(3 * SECONDS), int(3 * SECONDS)))
        folder = home / "some" / "case"
        folder.mkdir(parents=True)
        outcome = run_case(seed, number, folder, kinds)
        if strays := {*home.iterdir(), *folder.parent.iterdir()} - {folder.parent, folder}:
            outcome = f"wrote outside: {sorted(strays)}"
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        grown = most - pages * resource.getpagesize() // 1024
        home.with_suffix(".json").write_text(json.dumps([outcome, grown]))
    finally:
        os._exit(0)


def work(seed, first, count, kinds=KINDS, prepare=None, jobs=1, minutes=60.0):
    """Run cases in forks of this process and print a line of JSON after each."""
    end = time.monotonic() + 60 * minutes
    import torch

    for name in _LOADED:
        importlib.import_module(name)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="rlnas-files-") as outside:
        if prepare is not None:
            prepare()
        running, numbers = {}, iter(range(first, first + count))
        while True:
            room = jobs - len(running) if time.monotonic() < end else 0
            for number in itertools.islice(numbers, room):
                home = Path(outside, str(number))
                running[in_fork(seed, number, home, kinds)] = number, home
            if not running:
                return
            child, code = os.wait()
            if child not in running:
                continue  # a server of processes, which a call started
            number, home = running.pop(child)
            said = home.with_suffix(".json")
            outcome, grown = f"died of {os.waitstatus_to_exitcode(code)}", 0
            if said.exists():
                outcome, grown = json.loads(said.read_text())
                said.unlink()
            shutil.rmtree(home, ignore_errors=True)
            kind = kinds[number % len(kinds)].__name__
            said = {"number": number, "kind": kind, "outcome": outcome, "grown": grown}
            print(json.dumps(said), flush=True)


def run(seed, first, count, script=__file__, jobs=1, minutes=60.0):
    """Run cases in forks of one process, as many as there is time for.

    Returns:
        How often each kind had each outcome; the cases that went wrong, with what they did; and
        the most memory in MiB by which a process grew.

    Raises:
        RuntimeError: If the process ends before it should.
    """
    tally = collections.Counter()
    wrong, grown = [], 0
    command = [sys.executable, script, "--work", "--seed", str(seed), "--first", str(first)]
    command += ["--count", str(count), "--jobs", str(jobs), "--minutes", str(minutes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        for line in worker.stdout:
            if not line.startswith('{"number"'):
                continue  # of a library
            said = json.loads(line)
            grown = max(grown, said["grown"] // 1024)
            fine = said["outcome"] in ("read", "refused")
            tally[said["kind"], said["outcome"] if fine else "wrong"] += 1
            if not fine:
                print(f"case {said['number']}: {said['outcome']}", file=sys.stderr, flush=True)
                wrong.append((said["number"], said["kind"], said["outcome"]))
    if worker.returncode:
        raise RuntimeError(f"{script} ended with status {worker.returncode}")
    return tally, wrong, grown


def main(kinds=KINDS, script=__file__, count=10_000, prepare=None):
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=float, default=60.0, help="when to stop")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    case = options.seed, options.first, options.count
    if options.work:
        work(*case, kinds, prepare, options.jobs, options.minutes)
        return 0
    start = time.monotonic()
    tally, wrong, grown = run(*case, script, options.jobs, options.minutes)
    for kind in kinds:
        counts = {what: tally[kind.__name__, what] for what in ("read", "refused", "wrong")}
        print(f"{kind.__name__:24}" + "".join(f"{what} {n:6}  " for what, n in counts.items()))
    for number, kind, outcome in wrong[:50]:
        print(f"case {number} ({kind}): {outcome}")
    print(
        f"{sum(tally.values())} of {options.count} cases in {time.monotonic() - start:.0f} s, "
        f"{len(wrong)} wrong; a process grew by {grown} MiB at most."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
