"""A cache of its own for each test, a local HTTP server, and the folder of real files."""

import contextlib
import hashlib
import http.server
import importlib
import io
import itertools
import json
import threading
import zipfile

import numpy as np
import pytest

from rlnas.benchmarks import BenchmarkTable, CatalogueEntry, CatalogueFile, Column, Provenance
from rlnas.spaces import get_space
from rlnas.tasks import Metric


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, no network."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("RLNAS_CACHE", str(folder))
    monkeypatch.setenv("RLNAS_OFFLINE", "1")
    monkeypatch.delenv("RLNAS_DATA_MIRROR", raising=False)
    return folder


@pytest.fixture
def snapshot(cache):
    """Return a function that gives every file of the cache with its content, locks left out."""

    def take():
        return {
            str(path.relative_to(cache)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in cache.rglob("*")
            if path.is_file() and path.parent.name != "locks"
        }

    return take


class Site:
    """What a local server answers, and what it was asked."""

    def __init__(self):
        self.files = {}
        self.ranges = True
        self.cuts = []  # bytes after which each of the next answers breaks off
        self.content_type = "application/zip"
        self.asked = []  # (path, Range header) of every request


@pytest.fixture
def site(monkeypatch):
    """Serve ``site.files`` on ``site.address``; the network is allowed in this test."""
    monkeypatch.setenv("RLNAS_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            state.asked.append((self.path, wanted))
            body = state.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            if wanted and state.ranges and start >= len(body):
                self.send_error(416)
                return
            if wanted and state.ranges:
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                body = body[start:]
            else:
                self.send_response(200)
            self.send_header("Content-Type", state.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = state.cuts.pop(0) if state.cuts else None
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body[:cut])
            self.close_connection = True

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def naslib_zip(records, folder="zen"):
    """Return the bytes of a zip in NASLib's layout: ``{(space, task): [record, …]}``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}/", "")
        for (space, task), rows in records.items():
            for offset in range(0, len(rows), 1000):
                name = f"{folder}/benchmark--{space}--{task}--{offset}.json"
                archive.writestr(name, json.dumps(rows[offset : offset + 1000]))
    return buffer.getvalue()


def micro_records(values, proxy="zen"):
    """Return a record for each of the 4096 micro cells, in a shuffled order."""
    tuples = list(itertools.product(range(4), repeat=6))
    order = np.random.default_rng(3).permutation(len(tuples))
    return [
        {
            "idx": str(i),
            "arch": str(tuples[row]),
            proxy: {"score": float(row), "time": 0.5},
            "val_accuracy": float(values[row]),
        }
        for i, row in enumerate(order)
    ]


@pytest.fixture(scope="session")
def make_zip():
    """Return the maker of zips in NASLib's layout."""
    return naslib_zip


@pytest.fixture(scope="session")
def make_records():
    """Return the maker of a task's records on the micro space."""
    return micro_records


@pytest.fixture(scope="session")
def small_zip():
    """The bytes of a full micro zip with made-up numbers: ``(content, class_scene, jigsaw)``."""
    rng = np.random.default_rng(0)
    scene, jigsaw = rng.normal(size=(2, 4096))
    records = {
        ("transbench101_micro", "jigsaw"): micro_records(jigsaw),
        ("transbench101_micro", "class_scene"): micro_records(scene),
    }
    return naslib_zip(records), scene, jigsaw


@pytest.fixture
def entry(small_zip, monkeypatch):
    """A catalogue that holds one made-up data set, ``made-up``, without a public address."""
    content = small_zip[0]
    file = CatalogueFile(
        name="made-up.zip",
        addresses=(),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    made = CatalogueEntry(
        name="made-up",
        title="Made-up numbers",
        files=(file,),
        importer="naslib-zip",
        tables={"transnas-micro": "made-up-table"},
        licence="none",
        citation="nobody",
        url="",
    )
    module = importlib.import_module("rlnas.benchmarks.catalogue")
    monkeypatch.setattr(module, "_ENTRIES", (made,))
    monkeypatch.setattr(module, "_BY_NAME", {"made-up": made})
    return made


@pytest.fixture(scope="session")
def made_table():
    """Return a maker of tables of canonical forms: a number says which form, seed and epoch."""
    micro = get_space("transnas-micro")
    curves = Metric(name="valid_top1", unit="%", epoch_policy="all")
    test = Metric(name="test_top1", unit="%", split="test", epoch_policy="final")
    seconds = Metric(
        name="cpu_seconds", unit="s", direction="min", split="none", epoch_policy="all"
    )

    def make(forms=None, name="rooms-micro"):
        forms = np.unique(micro.canonical_index) if forms is None else forms
        number = np.arange(len(forms), dtype=np.float32)
        curve = number[:, None, None] + np.float32([[[0, 0.25]], [[0.5, 0.75]]]).reshape(1, 2, 2)
        time = np.stack([number, 2 * number], 1)
        return BenchmarkTable(
            name,
            micro,
            [
                Column("jigsaw", curves, curve, ("architecture", "seed", "epoch"), (0, 1)),
                Column("jigsaw", test, number + 1000),
                Column("jigsaw", Metric(name="synflow", split="none"), -number),
                Column("jigsaw", seconds, time, ("architecture", "epoch")),
            ],
            primary={"jigsaw": "valid_top1"},
            tests={"jigsaw": "test_top1"},
            costs={"jigsaw": "cpu_seconds"},
            source=Provenance(title="made up"),
            architectures=micro.from_index(forms),
        )

    return make


@pytest.fixture(scope="session")
def own_table():
    """Return a maker of a user's own tables: every architecture has the same score."""

    def make(name="mine", space=None, value=0.0):
        space = space or get_space("transnas-macro")
        column = Column("t", Metric(name="acc"), np.full(space.size, value))
        return BenchmarkTable(
            name, space, [column], primary={"t": "acc"}, source=Provenance(title="own")
        )

    return make
