"""Every block of README and docs runs as printed and prints what the page says."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rlnas
from rlnas.spaces import get_space

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MOST_NOT_RUN = 8

_spec = importlib.util.spec_from_file_location("pages", Path(__file__).with_name("pages.py"))
pages = importlib.util.module_from_spec(_spec)
sys.modules["pages"] = pages  # dataclasses look their module up
_spec.loader.exec_module(pages)


@pytest.fixture
def readers_folder(tmp_path):
    """Return a folder with what a reader has: images, and the package's repository beside."""
    write_images(tmp_path / "flowers")
    write_scores(tmp_path / "results.csv")
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    (tmp_path / "docs").mkdir()
    command = tmp_path / "bin" / "rlnas"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rlnas "$@"\n')
    (command.parent / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for program in command.parent.iterdir():
        program.chmod(0o755)
    return tmp_path


def write_images(folder, classes=("daisy", "rose", "tulip"), each=10, side=16):
    """Write small images, each class of its own brightness."""
    rng = np.random.default_rng(0)
    for place, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            pixels = rng.integers(0, 120, (side, side, 3)) + 60 * place
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i:03}.png")


def write_scores(path):
    """Write a user's table of a few architectures of NAS-Bench-201."""
    space = get_space("nasbench-201")
    names = [space.format(vector) for vector in space.from_index(list(range(20)))]
    lines = [f"{name},{50 + i}" for i, name in enumerate(names)]
    path.write_text("\n".join(["architecture,accuracy", *lines]) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def tables(isolated_cache):
    """Whether the public tables are to be had."""
    from rlnas.benchmarks import load_suite
    from rlnas.errors import DownloadError

    try:
        for name in ("transnas-micro", "nasbench-201", "transnas-macro"):
            load_suite(name)
    except DownloadError:
        return False
    return True


def run_in(folder, page, results, tables):
    """Run a page in a folder, in a process of its own."""
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, Path(__file__).with_name("pages.py"), page, results, tables],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_run_and_print_what_the_page_says(page, readers_folder, tables, isolated_cache):
    blocks = pages.blocks_of(page.read_text(encoding="utf-8"))
    if not any(b.language in pages.RUN and not b.not_run for b in blocks):
        pytest.skip("nothing to run on this page")
    results = readers_folder / "results.json"
    results.write_text("[]")
    ran = run_in(readers_folder, page, results, "tables" if tables else "none")
    found = json.loads(results.read_text())
    for block in found:
        print(f"{page.name}:{block['line']} {block['seconds']:.1f} s of processors")
    troubles = [f"{page.name}:{b['line']}: {b['trouble']}" for b in found if b["trouble"]]
    assert not troubles, "\n\n".join(troubles)
    assert ran.returncode == 0, ran.stderr.decode()
    if not found:
        pytest.skip("this page needs the public tables: set RLNAS_DATA_MIRROR")


def test_few_blocks_are_not_run():
    left_out = [
        f"{page.name}:{block.line}: {block.not_run}"
        for page in PAGES
        for block in pages.blocks_of(page.read_text(encoding="utf-8"))
        if block.not_run
    ]
    assert len(left_out) <= MOST_NOT_RUN, "\n".join(left_out)


def test_what_is_printed_is_compared():
    assert not pages.difference("a  1.00 × 2 s\n…\nb [3, 4]\n", "x\na 1.01 × 7 s\n\nc\nb [3, 4]\n")
    assert pages.difference("a 1.0\n", "a 1.5\n")
    assert pages.difference("a 1.0\nb\n", "a 1.0\nc\nb\n")
    assert pages.difference("a b\n", "a c\n")


def test_numbers_are_brought_up_to_date():
    printed = "mean of 5 seeds\n\n a  1.0 [0.5, 2]\nb… 3\nother words 7\n"
    actual = "x\nmean of 6 seeds\n  a   2.25 [1, 3]   \nbc 4\nwords 8\n"
    assert pages.brought_up_to_date(printed, actual) == (
        "mean of 6 seeds\n\n  a   2.25 [1, 3]\nb… 3\nother words 7\n"
    )


def test_of_lines_alike_those_of_the_page_are_brought_up_to_date():
    printed = "1/20 a: 5\n2/20 b: 6\n…\n20/20 c: 7\nbest\n …\n c 7\n\nEnd\n"
    actual = "1/3 a: 1\n2/3 b: 2\n3/3 c: 3\nbest\n a 1\n b 2\n c 3\nEnd\n"
    assert pages.brought_up_to_date(printed, actual) == (
        "1/3 a: 1\n2/3 b: 2\n…\n3/3 c: 3\nbest\n …\n c 3\n\nEnd\n"
    )


def test_commands_of_a_script_are_told_from_what_the_shell_has_to_do():
    script = "# first\nrlnas a --b 'c d' \\\n  --e\n\nrlnas f   # last\n"
    assert pages.rlnas_commands(script) == [["a", "--b", "c d", "--e"], ["f"]]
    others = ("cd x\nrlnas a", "rlnas a | head", "X=1 rlnas a", "rlnas a $X", "rlnas a 'b\nc'")
    assert [pages.rlnas_commands(other) for other in others] == [None] * len(others)


def test_a_command_is_as_in_a_process_of_its_own(tmp_path, monkeypatch):
    page, results = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text(
        "```bash\nrlnas --version\n```\n```\nrlnas 0.0\n```\n"
        "```bash\nrlnas methods none-such\nrlnas --version\n```\n"
        "```python\nimport sys\nprint('rlnas' in sys.modules)\n```\n```\nFalse\n```\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("RLNAS_PAGES_GO_ON", "1")
    run_in(tmp_path, page, results, "none")
    version, refused, python = json.loads(results.read_text())
    assert version["trouble"].endswith(f"rlnas {rlnas.__version__}\n")
    assert refused["trouble"].startswith("status 2 of\nrlnas methods none-such")
    assert "none-such" in refused["trouble"].partition("--version")[2]
    assert "What came" not in refused["trouble"]
    assert not python["trouble"]
    assert version["seconds"] > 0
