"""A folder imports only from those above it, and the lower layers need NumPy alone."""

import ast
import sys
from pathlib import Path

import pytest

import rlnas

ROOT = Path(rlnas.__file__).parent
# From the bottom up: each may import what stands before it.
ORDER = [
    "errors",
    "registry",
    "seeding",
    "lazy",
    "atomic",
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
    "runs",
    "transfer",
    "traces",
    "reporting",
    "bench",
    "testing",
    "cli",
    "__main__",
]
NUMPY_ONLY = ("errors", "atomic", "lazy", "spaces", "tasks")


def layer_of(module):
    """Return the layer of a dotted module name, or None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imports(source, module, is_package=False):
    """Yield (line, dotted name) of every import, at any depth, of type checkers' ones too."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                # "from rlnas import spaces" names a layer only with its alias.
                yield node.lineno, f"{base}.{alias.name}" if base == "rlnas" else base


def violations(source, module, is_package=False):
    """Return what a module imports although it may not."""
    own = layer_of(module)
    found = []
    for line, name in imports(source, module, is_package):
        if name.split(".")[0] != "rlnas":
            continue
        other = layer_of(name)
        if other not in ORDER:
            found.append(f"{module}:{line}: import {name} from its home, not from the root")
        elif ORDER.index(other) > ORDER.index(own):
            found.append(f"{module}:{line}: {own} imports {other}, which stands above it")
    return found


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        if module != "rlnas":
            yield module, path, is_package


def test_every_module_keeps_the_order():
    found = [
        problem
        for module, path, is_package in modules()
        for problem in violations(path.read_text(encoding="utf-8"), module, is_package)
    ]
    assert not found, "\n".join(found)


def test_every_folder_has_its_place_in_the_order():
    assert {layer_of(module) for module, _, _ in modules()} <= set(ORDER)


def test_the_lower_layers_need_numpy_alone():
    allowed = {*sys.stdlib_module_names, "numpy", "rlnas"}
    found = [
        f"{module}:{line}: {name}"
        for module, path, is_package in modules()
        if layer_of(module) in NUMPY_ONLY
        for line, name in imports(path.read_text(encoding="utf-8"), module, is_package)
        if name.split(".")[0] not in allowed
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from rlnas.agents import PPOController",
        "import rlnas.agents.sb3.policy",
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
