"""Every figure in README and docs stands in the file that its command wrote.

A comment before a table or a paragraph says where its figures are from; a reader does not see it:

- ``<!-- figures: FILE … -->``: kept files. All numbers of a row of the table have to stand on one
  line of each file, those of a cell in order; numbers of a paragraph anywhere in the files. The
  first column is a label. ``; not 10 20`` leaves out numbers that are no results, as budgets.
- ``<!-- figures, cell by cell: FILE … -->``: the same with each cell of the row on any line.
- ``<!-- once: how -->``: measured once, by what is named, and not kept. Only so many.
- ``<!-- settings: … -->``: settings, definitions, published numbers: nothing was measured.

A number agrees with one of a file that rounds to it. A page that a command writes whole is compared
with what the command writes.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from rlnas.bench.page.page import kept_notes, page_text

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "docs" / "performance.md"
PAGES = [
    path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path != WRITTEN
]
MOST_ONCE = 14

_MARK = re.compile(r"<!-- (figures|figures, cell by cell|once|settings): (.*?) -->$")
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")
# Code, addresses, and numbers that name: what is left says how much.
_NAMES = re.compile(
    r"`[^`]*`|\]\([^)]*\)|arXiv[: ]*\d{4}\.\d+|@\d+"
    r"|(?:section|Python|PyTorch|NumPy)\s+(?:≥ )?[\d.]+"
)


@dataclass(frozen=True)
class Passage:
    """A table or a paragraph of a page.

    Attributes:
        line: Number of its first line in the page, from 1.
        lines: Its lines, without code, addresses and names.
        kind: What the comment before it says of its figures; empty without one.
        files: The kept files it names.
        but: The numbers that are none of their results.
    """

    line: int
    lines: tuple[str, ...]
    kind: str = ""
    files: tuple[str, ...] = ()
    but: frozenset[str] = frozenset()

    @property
    def is_table(self):
        return self.lines[0].startswith("|")

    @property
    def rows(self):
        """The cells of each row of a table, without header and first column."""
        return [line.strip().strip("|").split("|")[1:] for line in self.lines[2:]]

    def numbers(self, text):
        return [number for number in _NUMBER.findall(text) if number not in self.but]

    @property
    def claims(self):
        """Whether it has figures: a fraction, or a table of numbers."""
        if self.is_table:
            found = [n for row in self.rows for cell in row for n in self.numbers(cell)]
            return len(found) > 4 or any("." in number for number in found)
        return any("." in number for line in self.lines for number in self.numbers(line))


def passages(page):
    """Return the tables and paragraphs of a page."""
    text = re.sub(r"^```.*?^```$", lambda m: "\n" * m[0].count("\n"), page, flags=re.M | re.S)
    found, mark, begun, lines = [], None, 0, []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        said = _MARK.match(line)
        other = lines and lines[0].startswith("|") != line.startswith("|")
        if lines and (not line.strip() or said or other or line.startswith("#")):
            kind, rest = mark.groups() if mark else ("", "")
            named, _, but = rest.partition("; not ")
            files = tuple(named.split()) if kind.startswith("figures") else ()
            plain = _NAMES.sub(lambda m: " " * m[0].count("`"), "\n".join(lines))
            of = frozenset(but.split())
            found.append(Passage(begun, tuple(plain.split("\n")), kind, files, of))
            mark, lines = None, []
        if said:
            mark = said
        elif line.strip() and not line.startswith(("#", "<!--")):
            begun = begun if lines else number
            lines.append(line)
    return found


@cache
def kept(path):
    """Return the numbers on each line of a kept file."""
    text = path.read_text(encoding="utf-8")
    text = text.replace(",", " ") if path.suffix == ".csv" else text  # no thousands
    return [[_value(number) for number in _NUMBER.findall(line)] for line in text.split("\n")]


def untrue(passage, root=ROOT):
    """Return the rows, or numbers, that are not in the files that a passage names."""
    files = [kept(root / name) for name in passage.files]
    if not passage.is_table:
        numbers = [number for line in passage.lines for number in passage.numbers(line)]
        every = [value for lines in files for line in lines for value in line]
        return [number for number in numbers if not _in_order([number], every)]
    wrong = []
    for row in passage.rows:
        cells = [numbers for numbers in map(passage.numbers, row) if numbers]
        if passage.kind == "figures":
            told = _on_a_line_each(cells, files)
        else:
            every = [line for lines in files for line in lines]
            told = all(any(_in_order(cell, line) for line in every) for cell in cells)
        if not told:
            wrong.append(" | ".join(" ".join(cell) for cell in cells))
    return wrong


def _on_a_line_each(cells, files):
    """Return whether one line of each file has the numbers of all cells between them."""
    left = {frozenset(range(len(cells)))}
    for lines in files:
        on = {
            frozenset(n for n, cell in enumerate(cells) if _in_order(cell, line)) for line in lines
        }
        left = {missing - had for missing in left for had in on | {frozenset()}}
    return frozenset() in left


def _in_order(numbers, values):
    at = iter(values)
    return all(any(_rounds_to(value, number) for value in at) for number in numbers)


def _rounds_to(value, number):
    digits = 0 if "e" in number else len(number.partition(".")[2])
    printed = _value(number)
    reach = 0.51 * 10.0**-digits
    if "e" in number:
        return abs(value - printed) <= 0.05 * abs(printed)
    return abs(value - printed) <= reach or abs(100 * value - printed) <= reach


def _value(number):
    return float(number.replace(",", "").replace("−", "-"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_figures_are_in_the_files_that_their_commands_wrote(page):
    troubles = []
    for passage in passages(page.read_text(encoding="utf-8")):
        at = f"{page.name}:{passage.line}"
        if passage.claims and not passage.kind:
            troubles.append(f"{at}: no comment says where these figures are from")
        for name in passage.files:
            folder = ROOT.joinpath(*Path(name).parts[:2])
            if not (ROOT / name).is_file() or not (folder / "run.sh").is_file():
                troubles.append(f"{at}: {name} is no kept file beside a run.sh")
                break
        else:
            troubles += [f"{at}: not there: {wrong}" for wrong in untrue(passage) if passage.files]
    assert not troubles, "\n".join(troubles)


def test_the_page_of_speed_is_what_its_command_writes():
    folder = ROOT / "experiments" / "speed"
    result = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    page = WRITTEN.read_text(encoding="utf-8")
    [command] = re.findall(r"^rlnas bench .*$", page, flags=re.M)
    again = page_text(result, command=command, figure="performance.png", notes=kept_notes(WRITTEN))
    assert again == page
    written = " ".join((folder / "run.sh").read_text(encoding="utf-8").split())
    assert command.partition(" --out")[0] in written.replace(" \\", "")


def test_few_figures_are_kept_nowhere():
    once = [
        f"{page.name}:{passage.line}"
        for page in PAGES
        for passage in passages(page.read_text(encoding="utf-8"))
        if passage.kind == "once"
    ]
    assert len(once) <= MOST_ONCE, "\n".join(once)


PAGE = """A sentence with 1.5 and `2.5`.

<!-- figures: kept.txt; not 50 -->
| method @20 | mean [95 %] | at 50 |
|---|---|---|
| random | 78.0 [60.6, 100] | 1,376 |
| local | {local} | 12 |

<!-- settings: how it was run -->
| a |  b |
|---|---|
| c | 0.5 |
"""


@pytest.mark.parametrize(
    ("local", "wrong"),
    [
        ("35.1 [26.8, 46.1]", []),
        ("35.2 [26.8, 46.1]", ["35.2 26.8 46.1 | 12"]),
        ("26.8 [35.1, 46.1]", ["26.8 35.1 46.1 | 12"]),
        ("78.0 [60.6, 100]", ["78.0 60.6 100 | 12"]),  # of another line
    ],
)
def test_a_wrong_figure_is_found(local, wrong, tmp_path):
    (tmp_path / "kept.txt").write_text(
        "random 77.96 [60.61, 99.7] 1376\nlocal,35.13,26.8,46.08,12\n", encoding="utf-8"
    )
    sentence, table, settings = passages(PAGE.format(local=local))
    assert (sentence.claims, sentence.kind) == (True, "")
    assert table.files == ("kept.txt",)
    assert untrue(table, tmp_path) == wrong
    assert (settings.claims, settings.kind) == (True, "settings")


def test_figures_without_a_source_are_found():
    bare = PAGE.replace("<!-- settings: how it was run -->\n", "")
    assert [p.line for p in passages(bare) if p.claims and not p.kind] == [1, 9]
