"""The layout of the house: direction of imports, no circles, rooms of a size, tests as a mirror."""

import ast
import collections
import graphlib
import sys
from pathlib import Path

import pytest

import rlnas

ROOT = Path(rlnas.__file__).parent
TESTS = Path(__file__).parent
# From the bottom up: each may import what stands before it.
ORDER = [
    "errors",
    "damage",
    "names",
    "registry",
    "plain",
    "seeding",
    "lazy",
    "folders",
    "atomic",
    "seal",
    "parquet",
    "sealed_json",
    "lock",
    "formats",
    "events",
    "devices",
    "run_folder",
    "checkpoints",
    "processes",
    "spaces",
    "tasks",
    "statistics",
    "benchmarks",
    "search",
    "datasets",
    "networks",
    "envs",
    "agents",
    "training",
    "export",
    "proxies",
    "one_shot",
    "runs",
    "transfer",
    "studies",
    "traces",
    "reporting",
    "bench",
    "testing",
    "cli",
    "__main__",
]
NUMPY_ONLY = (
    "errors",
    "damage",
    "names",
    "registry",
    "lazy",
    "folders",
    "atomic",
    "formats",
    "spaces",
    "tasks",
)
MOST_FILES = 21
"""Files of a flat folder, its ``__init__.py`` among them; more want rooms."""
OF_THE_WHOLE = {"test_doctests.py", "test_imports.py", "test_layering.py"}
"""Tests of the package as a whole, which mirror no file."""


def layer_of(module):
    """Return the layer of a dotted module name, or None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imports(source, module, is_package=False):
    """Yield (line, module, name) of every import, at any depth, of type checkers' ones too."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, base, alias.name


def violations(source, module, is_package=False):
    """Return what a module imports although it may not."""
    own = layer_of(module)
    found = []
    for line, base, name in imports(source, module, is_package):
        # "from rlnas import spaces" names a layer only with its alias.
        full = f"{base}.{name}" if base == "rlnas" and name else base
        if full.split(".")[0] != "rlnas":
            continue
        other = layer_of(full)
        if other not in ORDER:
            found.append(f"{module}:{line}: import {full} from its home, not from the root")
        elif ORDER.index(other) > ORDER.index(own):
            found.append(f"{module}:{line}: {own} imports {other}, which stands above it")
    return found


def circles(sources):
    """Return the circles among modules, each as the names on the way round.

    Args:
        sources: Source by dotted module name.
    """
    graph = {
        module: {
            target
            for _, base, name in imports(source, module)
            for target in (f"{base}.{name}" if f"{base}.{name}" in sources else base,)
            if target in sources and target != module
        }
        for module, source in sources.items()
    }
    found = []
    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            way = error.args[1]
            found.append(" → ".join(way))
            graph[way[1]] = graph[way[1]] - {way[0]}
        else:
            return found


def private_names(source, module):
    """Return the private names that a module takes from others."""
    return [
        f"{module}:{line}: {name} of {base}"
        for line, base, name in imports(source, module)
        if base.split(".")[0] == "rlnas" and name and name.startswith("_") and name[1] != "_"
    ]


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        if module != "rlnas":
            yield module, path, is_package


@pytest.fixture(scope="module")
def sources():
    """Source by dotted module name, packages' faces among them."""
    return {module: path.read_text(encoding="utf-8") for module, path, _ in modules()}


def test_every_module_keeps_the_order():
    found = [
        problem
        for module, path, is_package in modules()
        for problem in violations(path.read_text(encoding="utf-8"), module, is_package)
    ]
    assert not found, "\n".join(found)


def test_every_folder_has_its_place_in_the_order():
    assert {layer_of(module) for module, _, _ in modules()} <= set(ORDER)


def test_no_imports_go_in_a_circle(sources):
    found = circles(sources)
    assert not found, "\n".join(found)


def test_no_file_takes_a_private_name_of_another(sources):
    found = [problem for m, source in sources.items() for problem in private_names(source, m)]
    assert not found, "\n".join(found)


def test_no_folder_is_too_full():
    count = collections.Counter(path.parent for _, path, _ in modules())
    full = {str(folder): n for folder, n in count.items() if n > MOST_FILES}
    assert not full


def test_the_lower_layers_need_numpy_alone():
    allowed = {*sys.stdlib_module_names, "numpy", "rlnas"}
    found = [
        f"{module}:{line}: {name}"
        for module, path, is_package in modules()
        if layer_of(module) in NUMPY_ONLY
        for line, name, _ in imports(path.read_text(encoding="utf-8"), module, is_package)
        if name.split(".")[0] not in allowed
    ]
    assert not found, "\n".join(found)


def mirrored(test):
    """Return the file or folder that a test is about, by its place and name; None if there is none.

    ``tests/a/test_b_of_something.py`` is about ``rlnas/a/b.py``, or the folder ``rlnas/a/b``.
    """
    words = test.stem.removeprefix("test_").split("_")
    room = ROOT / test.parent.relative_to(TESTS)
    for length in range(len(words), 0, -1):
        place = room / "_".join(words[:length])
        if place.with_suffix(".py").is_file() or place.is_dir():
            return place
    return None


def test_tests_mirror_the_package():
    elsewhere = {
        TESTS / name for name in ("docs", "experiments", "robustness")
    }  # of no single file
    lost = [
        str(test.relative_to(TESTS))
        for test in sorted(TESTS.rglob("test_*.py"))
        if elsewhere.isdisjoint(test.parents)
        and test.name not in OF_THE_WHOLE
        and not mirrored(test)
    ]
    assert not lost, "\n".join(lost)


@pytest.mark.parametrize(
    "source",
    [
        "from rlnas.agents import PPOController",
        "import rlnas.agents.policy",
        "from rlnas import agents",
        "from rlnas import PPOController",
        "import rlnas",
        "from ..agents import policy",
        "def late():\n    from rlnas.cli.main import main",
        "if TYPE_CHECKING:\n    from rlnas.transfer import matrix",
    ],
)
def test_the_check_finds_what_is_forbidden(source):
    assert violations(source, "rlnas.envs.core")


@pytest.mark.parametrize(
    "source",
    ["from rlnas.spaces import get_space", "from . import scoring", "import torch", "import os"],
)
def test_the_check_lets_pass_what_is_allowed(source):
    assert not violations(source, "rlnas.envs.core")


@pytest.mark.parametrize(
    "back",
    [
        "from rlnas.a.one import f",
        "from rlnas.a import one",
        "import rlnas.a.one",
        "def late():\n    from rlnas.a.one import f",
        "if TYPE_CHECKING:\n    from rlnas.a.one import f",
    ],
)
def test_a_circle_is_found(back):
    sources = {"rlnas.a.one": "from rlnas.a.two import g", "rlnas.a.two": back}
    assert len(circles(sources)) == 1
    assert not circles({**sources, "rlnas.a.two": "import os"})


def test_every_circle_is_found():
    ring = {f"rlnas.{a}": f"from rlnas.{b} import f" for a, b in ("ab", "ba", "cd", "de", "ec")}
    assert len(circles(ring)) == 2


def test_a_private_name_is_found():
    assert private_names("from rlnas.a.one import _f", "rlnas.a.two")
    assert not private_names("from rlnas.a.one import f, __version__", "rlnas.a.two")


def test_a_test_of_nothing_is_found():
    assert mirrored(TESTS / "tasks" / "test_ledger_in_flight.py") == ROOT / "tasks" / "ledger"
    assert mirrored(TESTS / "tasks" / "test_nothing.py") is None
