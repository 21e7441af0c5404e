"""Fetching one file: every place it may come from, and everything that may go wrong on the way."""

import contextlib
import hashlib
import multiprocessing
import os
import socket
import threading
import time

import pytest

from rlnas.benchmarks import CatalogueFile, download, fetch_file
from rlnas.errors import ChecksumError, DataError, DownloadError

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


SIZE = len(CONTENT)
BLOCK = 1 << 16


def file(*addresses, size=SIZE, name="data.zip"):
    return CatalogueFile(name=name, addresses=addresses, sha256=SHA256, size=size)


def good(site):
    site.files["/data.zip"] = CONTENT
    return f"{site.address}/data.zip"


def partial(cache):
    return cache / "files" / "data.zip.part"


# -- where it comes from -----------------------------------------------------------------------


def test_an_address(cache, site):
    progress = []
    path = fetch_file(file(good(site)), on_progress=lambda *state: progress.append(state))
    assert path == cache / "files" / "data.zip"
    assert path.read_bytes() == CONTENT
    assert progress[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert not partial(cache).exists()


def test_the_cache_comes_first(cache, site):
    url = good(site)
    fetch_file(file(url))
    site.files.clear()
    assert fetch_file(file(url)).read_bytes() == CONTENT
    assert len(site.asked) == 1
    with pytest.raises(DownloadError, match="HTTP status 404"):
        fetch_file(file(url), force=True)
    assert fetch_file(file(url)).read_bytes() == CONTENT


@pytest.mark.parametrize("folder", ["", "naslib"])
@pytest.mark.parametrize("form", ["path", "uri"])
def test_a_mirror_folder_comes_before_the_address(cache, site, tmp_path, monkeypatch, folder, form):
    mirror = tmp_path / "mirror with blank"
    (mirror / folder).mkdir(parents=True, exist_ok=True)
    (mirror / folder / "data.zip").write_bytes(CONTENT)
    monkeypatch.setenv("RLNAS_DATA_MIRROR", str(mirror) if form == "path" else mirror.as_uri())
    assert fetch_file(file(good(site))).read_bytes() == CONTENT
    assert site.asked == []


@pytest.mark.parametrize("folder", ["", "naslib/"])
def test_a_mirror_address_comes_before_the_address(cache, site, monkeypatch, folder):
    site.files[f"/mirror/{folder}data.zip"] = CONTENT
    monkeypatch.setenv("RLNAS_DATA_MIRROR", f"{site.address}/mirror/")
    assert fetch_file(file(good(site))).read_bytes() == CONTENT
    assert site.asked[-1][0] == f"/mirror/{folder}data.zip"
    assert "/data.zip" not in [path for path, _ in site.asked]


def test_a_damaged_mirror_is_passed_over(cache, site, tmp_path, monkeypatch):
    (tmp_path / "data.zip").write_bytes(CONTENT[:-1] + b"x")
    monkeypatch.setenv("RLNAS_DATA_MIRROR", str(tmp_path))
    assert fetch_file(file(good(site))).read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_fetched_again(cache, site):
    target = fetch_file(file(good(site)))
    target.write_bytes(CONTENT[:1000])
    assert fetch_file(file(good(site))).read_bytes() == CONTENT


def test_offline_uses_folders_and_no_network(cache, site, tmp_path, monkeypatch):
    url = good(site)
    monkeypatch.setenv("RLNAS_OFFLINE", "1")
    with pytest.raises(DownloadError, match="RLNAS_OFFLINE is set") as caught:
        fetch_file(file(url))
    assert url in str(caught.value)
    monkeypatch.setenv("RLNAS_DATA_MIRROR", site.address)
    with pytest.raises(DownloadError):
        fetch_file(file(url))
    assert site.asked == []
    (tmp_path / "data.zip").write_bytes(CONTENT)
    monkeypatch.setenv("RLNAS_DATA_MIRROR", str(tmp_path))
    assert fetch_file(file(url)).read_bytes() == CONTENT


# -- interruptions -----------------------------------------------------------------------------


def test_a_broken_connection_is_continued_in_the_same_call(cache, site):
    url = good(site)
    site.cuts = [6 * BLOCK, 5 * BLOCK]
    assert fetch_file(file(url)).read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == [
        None,
        f"bytes={6 * BLOCK}-",
        f"bytes={11 * BLOCK}-",
    ]


def test_an_interrupted_download_is_continued_by_a_later_call(cache, site):
    url = good(site)
    site.cuts = [6 * BLOCK, BLOCK, 100]
    with pytest.raises(DownloadError, match="gave up after 3 connections"):
        fetch_file(file(url))
    assert not (cache / "files" / "data.zip").exists()
    kept = partial(cache).read_bytes()
    assert CONTENT.startswith(kept)
    assert len(kept) >= 7 * BLOCK
    assert fetch_file(file(url)).read_bytes() == CONTENT
    assert site.asked[-1][1] == f"bytes={len(kept)}-"
    assert not partial(cache).exists()


def test_a_server_without_ranges_sends_everything_again(cache, site):
    url = good(site)
    site.ranges = False
    site.cuts = [6 * BLOCK]
    assert fetch_file(file(url)).read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == [None, f"bytes={6 * BLOCK}-"]


def test_a_leftover_of_another_file_is_thrown_away(cache, site):
    url = good(site)
    partial(cache).parent.mkdir(parents=True)
    partial(cache).write_bytes(b"y" * 1000)
    assert fetch_file(file(url)).read_bytes() == CONTENT
    partial(cache).write_bytes(b"y" * (len(CONTENT) + 5))
    assert fetch_file(file(url, size=None), force=True).read_bytes() == CONTENT


def test_a_leftover_that_is_whole_needs_no_download(cache, site):
    url = good(site)
    partial(cache).parent.mkdir(parents=True)
    partial(cache).write_bytes(CONTENT)
    assert fetch_file(file(url)).read_bytes() == CONTENT
    assert site.asked == []


def test_a_size_that_is_not_published_is_not_needed(cache, site):
    url = good(site)
    site.cuts = [6 * BLOCK]
    assert fetch_file(file(url, size=None)).read_bytes() == CONTENT


# -- wrong content -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [CONTENT[:-1] + b"x", CONTENT[:500_000], CONTENT + b"x", b""],
    ids=["changed", "truncated", "longer", "empty"],
)
@pytest.mark.parametrize("held", [False, True], ids=["fresh", "held"])
def test_wrong_content_never_takes_the_name(cache, site, snapshot, content, held):
    url = good(site)
    if held:
        fetch_file(file(url))
    before = snapshot()
    site.files["/data.zip"] = content
    with pytest.raises(DataError, match=r"data\.zip .* could not be had") as caught:
        fetch_file(file(url), force=True)
    if content != CONTENT[:500_000]:
        assert not partial(cache).exists()
    after = {name: digest for name, digest in snapshot().items() if not name.endswith(".part")}
    assert after == before
    assert url in str(caught.value)


def test_a_changed_file_is_a_checksum_error_with_both_checksums(cache, site):
    wrong = CONTENT[:-1] + b"x"
    site.files["/data.zip"] = wrong
    with pytest.raises(ChecksumError) as caught:
        fetch_file(file(f"{site.address}/data.zip"))
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(wrong).hexdigest() in str(caught.value)


def test_a_web_page_is_not_the_file(cache, site):
    url = good(site)
    site.content_type = "text/html; charset=utf-8"
    with pytest.raises(DownloadError, match="web page"):
        fetch_file(file(url))
    assert not partial(cache).exists()


def test_an_endless_answer_is_cut_off(cache, site):
    site.files["/data.zip"] = CONTENT * 8
    with pytest.raises(DownloadError, match="more than the 1048576 bytes"):
        fetch_file(file(f"{site.address}/data.zip"))
    assert not partial(cache).exists()


def test_the_error_lists_every_place(cache, site, tmp_path, monkeypatch):
    (tmp_path / "data.zip").write_bytes(b"x")
    monkeypatch.setenv("RLNAS_DATA_MIRROR", str(tmp_path))
    with pytest.raises(ChecksumError) as caught:
        fetch_file(file(f"{site.address}/data.zip", "http://127.0.0.1:9/data.zip"))
    text = str(caught.value)
    for part in (
        f"{tmp_path / 'data.zip'}: its SHA-256 is",
        f"{tmp_path / 'naslib' / 'data.zip'}: no such file",
        f"{site.address}/data.zip: HTTP status 404",
        "http://127.0.0.1:9/data.zip: gave up",
        "RLNAS_DATA_MIRROR",
    ):
        assert part in text


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataError, match="Set RLNAS_CACHE"):
        fetch_file(file())


# -- two at once -------------------------------------------------------------------------------


def _fetch(url, ready, go, results):
    ready.put(os.getpid())
    go.wait(30)
    try:
        results.put(fetch_file(file(url)).read_bytes() == CONTENT)
    except Exception as error:  # shown by the assertion in the parent
        results.put(repr(error))


def test_processes_that_want_the_same_file_do_not_disturb_each_other(cache, site):
    url = good(site)
    site.cuts = [6 * BLOCK]
    context = multiprocessing.get_context("fork")
    ready, results, go = context.Queue(), context.Queue(), context.Event()
    workers = [context.Process(target=_fetch, args=(url, ready, go, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.get(timeout=30)
    go.set()
    assert [results.get(timeout=60) for _ in workers] == [True] * 4
    for worker in workers:
        worker.join()
    # One of them fetched it, with one continuation; the others found it in the cache.
    assert [asked for _, asked in site.asked] == [None, f"bytes={6 * BLOCK}-"]


# -- servers and settings that are wrong ---------------------------------------------------------


@pytest.fixture
def raw_site(monkeypatch):
    """Return a function that serves bytes as they are, then drips; it returns the address."""
    monkeypatch.setenv("RLNAS_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = socket.create_server(("127.0.0.1", 0))

    def serve(head, drip=b""):
        def answer():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(65536)
                        connection.sendall(head)
                        for byte in drip:
                            connection.sendall(bytes([byte]))
                            time.sleep(0.02)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/data.zip"

    yield serve
    server.close()


def test_a_server_that_hardly_sends_is_given_up(cache, raw_site, monkeypatch):
    monkeypatch.setattr(download, "SLOW_SECONDS", 0.3)
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"
    begun = time.monotonic()
    with pytest.raises(DownloadError, match=r"the server sent \d+ bytes in"):
        fetch_file(file(raw_site(head, drip=b"x" * 100)))
    assert time.monotonic() - begun < 60
    assert partial(cache).exists()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://a..b/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/9 x\r\n\r\n",
        b"\0" * 100,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    ],
)
def test_answers_that_are_wrong(cache, raw_site, head):
    with pytest.raises((DownloadError, ChecksumError)) as caught:
        fetch_file(file(raw_site(head)))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("address", ["http://[::1", "http://a..b/", "http://a:99999/", "x://", ""])
def test_addresses_that_are_wrong(cache, monkeypatch, address):
    monkeypatch.setenv("RLNAS_OFFLINE", "0")
    with pytest.raises(DownloadError):
        fetch_file(file(address))
    monkeypatch.setenv("RLNAS_DATA_MIRROR", address or "http://")
    with pytest.raises(DataError):
        fetch_file(file())


def test_a_partial_file_that_is_a_link_is_not_followed(cache, site, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("precious")
    partial(cache).parent.mkdir(parents=True)
    partial(cache).symlink_to(mine)
    with pytest.raises(DataError, match="is a link"):
        fetch_file(file(good(site)))
    assert mine.read_text() == "precious"
