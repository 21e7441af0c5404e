"""Fetching a public file: cache, then mirror, then public address; verified, atomic, resumable."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

import requests
import urllib3

from rlnas.benchmarks.cache import cache_lock, file_folder
from rlnas.benchmarks.catalogue import CatalogueFile
from rlnas.benchmarks.provenance import converter, file_sha256
from rlnas.errors import ChecksumError, DataError, DownloadError, bounded, in_words, shown

Progress = Callable[[int, int | None], None]
"""Called with the bytes had so far and the bytes in all (None while unknown)."""

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
SLOW_SECONDS = 60.0
SLOW_BYTES = 1 << 16
"""A connection that brings fewer bytes than these in so many seconds is given up."""
ATTEMPTS = 3
"""Connections tried for one address before it is given up; each resumes the one before."""

MAX_BYTES = 8 << 30
"""Most bytes taken of a file whose size is not published."""


class _UnavailableError(Exception):
    """A place does not have the file; the text says why."""


class _InterruptedError(Exception):
    """A connection ended early; what came is kept and can be continued."""


def offline() -> bool:
    """Return whether ``RLNAS_OFFLINE`` forbids the network."""
    return os.environ.get("RLNAS_OFFLINE", "").strip().lower() not in {"", "0", "false", "no"}


def fetch_file(
    file: CatalogueFile, *, force: bool = False, on_progress: Progress | None = None
) -> Path:
    """Return a verified copy of a public file in the cache, fetching it if need be.

    Places are tried in this order: the cache; the mirror that ``RLNAS_DATA_MIRROR`` names (a
    folder, or a ``file:``, ``http:`` or ``https:`` address), both as ``<mirror>/<name>`` and
    ``<mirror>/<folder>/<name>``; the public addresses. ``RLNAS_OFFLINE=1`` leaves out all that need
    the network. Whatever comes is checked against the published SHA-256 before it takes the
    file's name. An interrupted download is continued, also by a later call. Processes that want
    the same file wait for one another.

    Args:
        file: The file.
        force: Whether to fetch it even if the cache has it.
        on_progress: Called while bytes arrive.

    Raises:
        ChecksumError: If a place had the file with another checksum, and no place had it right.
        DownloadError: If no place had the file; the message lists each place and what was wrong.
        DataError: If the cache cannot be written.
    """
    target = file_folder() / file.name
    with cache_lock(file.name):
        failures: list[str] = []
        damaged = False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_file() and not force:
                if _matches(target, file):
                    return target
                damaged = True
                failures.append(f"{target}: its SHA-256 is not the published one")
            for place in _places(file):
                try:
                    partial = _obtain(
                        place, file, target.with_name(f"{file.name}.part"), on_progress
                    )
                except _UnavailableError as error:
                    failures.append(f"{place}: {error}")
                except ChecksumError as error:
                    damaged = True
                    failures.append(f"{place}: {error}")
                else:
                    _sync(partial)
                    partial.replace(target)
                    return target
        except OSError as error:
            raise DataError(
                f"{file.name} cannot be written to {target.parent}: {error}."
            ) from error
    tried = "\n".join(f"  - {failure}" for failure in failures) or "  - nothing"
    hint = (
        "RLNAS_OFFLINE is set, so no network was used; unset it, or set RLNAS_DATA_MIRROR to a "
        "folder that holds the file."
        if offline()
        else "Check the network, or set RLNAS_DATA_MIRROR to a folder or base address that holds "
        "the file."
    )
    kind = ChecksumError if damaged else DownloadError
    raise kind(f"{file.name} (SHA-256 {file.sha256}) could not be had. Tried:\n{tried}\n{hint}")


def _matches(path: Path, file: CatalogueFile) -> bool:
    right_size = file.size is None or path.stat().st_size == file.size
    return right_size and file_sha256(path) == file.sha256


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _places(file: CatalogueFile) -> Iterator[str | Path]:
    """Yield where the file may be: paths of a mirror folder, or addresses."""
    mirror = os.environ.get("RLNAS_DATA_MIRROR", "").strip()
    try:
        scheme = urlsplit(mirror).scheme.lower()
    except ValueError as error:
        raise DataError(
            f"RLNAS_DATA_MIRROR is {shown(mirror)}, neither a folder nor an address ({error})."
        ) from error
    if scheme in {"http", "https"}:
        for folder in ("", f"{file.folder}/"):
            yield f"{mirror.rstrip('/')}/{folder}{quote(file.name)}"
    yield from mirror_paths(f"{file.folder}/{file.name}")
    yield from file.addresses


def mirror_paths(path: str) -> tuple[Path, ...]:
    """Return where a published file may be in the folder that ``RLNAS_DATA_MIRROR`` names.

    Args:
        path: Its path in the folder of all published files, e.g. ``naslib/nb201_zen.zip``.

    Returns:
        That path and, first, its name alone, for a folder of some files; nothing where the mirror
        is no folder.
    """
    mirror = os.environ.get("RLNAS_DATA_MIRROR", "").strip()
    address = urlsplit(mirror)
    if not mirror or address.scheme.lower() in {"http", "https"}:
        return ()
    local = url2pathname(unquote(address.path)) if address.scheme.lower() == "file" else mirror
    root = Path(local).expanduser()
    return root / Path(path).name, root / path


def _obtain(
    place: str | Path, file: CatalogueFile, partial: Path, on_progress: Progress | None
) -> Path:
    """Bring the file from one place to ``partial`` and verify it there."""
    if isinstance(place, Path):
        _copy(place, partial, on_progress)
        _verify(partial, file)
        return partial
    if offline():
        raise _UnavailableError("not tried, RLNAS_OFFLINE is set")
    if partial.is_symlink() or (partial.exists() and not partial.is_file()):
        raise DataError(
            f"{partial} is a link or no plain file, which no download makes; remove it."
        )
    resumed = partial.is_file()
    _download(place, file, partial, on_progress)
    try:
        _verify(partial, file)
    except ChecksumError:
        if not resumed:
            raise
        # What an earlier call had left may have been of another file: once more from the start.
        _download(place, file, partial, on_progress)
        _verify(partial, file)
    return partial


def _verify(partial: Path, file: CatalogueFile) -> None:
    digest, size = file_sha256(partial), partial.stat().st_size
    if digest != file.sha256:
        partial.unlink()
        expected = "" if file.size is None else f"; {file.size} bytes were expected"
        raise ChecksumError(f"its SHA-256 is {digest} ({size} bytes{expected})")


def _copy(place: Path, partial: Path, on_progress: Progress | None) -> None:
    try:
        if not place.is_file():
            raise _UnavailableError("no such file")
        partial.unlink(missing_ok=True)
        shutil.copyfile(place, partial)
    except (OSError, ValueError) as error:  # a NUL in the name of a mirror
        partial.unlink(missing_ok=True)
        raise _UnavailableError(f"cannot be copied: {error}") from error
    if on_progress is not None:
        size = partial.stat().st_size
        on_progress(size, size)


def _download(url: str, file: CatalogueFile, partial: Path, on_progress: Progress | None) -> None:
    trouble = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.25 * attempt)
        if partial.is_file() and partial.stat().st_size == file.size:
            return  # an earlier call had all of it and was ended before it could verify it
        try:
            _stream(url, file, partial, on_progress)
        except (_InterruptedError, requests.Timeout, requests.ConnectionError) as error:
            trouble = bounded(str(error), 200)
        except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.HTTPError) as error:
            trouble = f"the connection broke: {bounded(str(error), 200)}"
        except (_UnavailableError, OSError) as error:
            if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
                raise  # the disk's
            said = str(error) if isinstance(error, _UnavailableError) else in_words(error, 200)
            raise _UnavailableError(said) from error
        except Exception as error:  # what an address or a header that is none makes urllib3 raise
            raise _UnavailableError(in_words(error, 200)) from error
        else:
            return
    raise _UnavailableError(f"gave up after {ATTEMPTS} connections; the last one: {trouble}")


def _stream(url: str, file: CatalogueFile, partial: Path, on_progress: Progress | None) -> None:
    """Continue ``partial`` from one connection."""
    start = partial.stat().st_size if partial.is_file() else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": converter().replace(" ", "/", 1)}
    if start:
        headers["Range"] = f"bytes={start}-"
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if start and response.status_code == requests.codes.requested_range_not_satisfiable:
            partial.unlink()
            raise _InterruptedError("the server cannot continue where the last download ended")
        if response.status_code not in {requests.codes.ok, requests.codes.partial_content}:
            raise _UnavailableError(f"HTTP status {response.status_code}")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise _UnavailableError("the server sent a web page (a quota or a consent page?)")
        here = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        if response.status_code == requests.codes.partial_content and not here:
            partial.unlink(missing_ok=True)
            raise _InterruptedError("the server sent another part than the one asked for")
        # A server that knows no ranges answers 200 and sends everything again.
        if response.status_code == requests.codes.ok:
            start = 0
        length = response.headers.get("Content-Length", "")
        plain = length.isascii() and length.isdigit() and len(length) < 16
        total = start + int(length) if plain else file.size

        def report(done: int) -> None:
            if on_progress is not None:
                on_progress(done, total)

        done = _receive(response, partial, start, file.size or MAX_BYTES, report=report)
    if done > (file.size or MAX_BYTES):
        partial.unlink()
        raise _UnavailableError(
            f"the server sent more than the {file.size or MAX_BYTES} bytes expected"
        )
    if total is not None and done < total:
        raise _InterruptedError(f"the connection ended after {done} of {total} bytes")


def _receive(
    response: requests.Response,
    partial: Path,
    done: int,
    most: int,
    *,
    report: Callable[[int], None],
) -> int:
    """Write what a connection sends after the first ``done`` bytes; return how many there are."""
    began, before = time.monotonic(), done
    with partial.open("ab" if done else "wb") as stream:
        # What there is, without waiting for a whole block: a slow server is to be seen as one.
        for block in iter(lambda: response.raw.read1(1 << 16), b""):
            stream.write(block)
            done += len(block)
            if done > most:
                break
            report(done)
            if (passed := time.monotonic() - began) > SLOW_SECONDS:
                if done - before < SLOW_BYTES:
                    raise _InterruptedError(
                        f"the server sent {done - before} bytes in {passed:.0f} s"
                    )
                began, before = time.monotonic(), done
    return done
