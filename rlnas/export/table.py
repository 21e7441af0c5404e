"""A network for the rows of a table as one Python file, into which raw rows go."""

from __future__ import annotations

import inspect
import json
import textwrap
from pathlib import Path
from pprint import pformat

from rlnas.atomic import atomic_directory
from rlnas.checkpoints import stored, write_tensors
from rlnas.datasets.tables.columns import LARGEST, MISSING
from rlnas.datasets.tables.preparation import FARTHEST, TablePreparation
from rlnas.export import rows
from rlnas.networks.dense import DenseNetwork, Moves, skip_name

_ACTIVATIONS = {
    "relu": "functional.relu",
    "tanh": "torch.tanh",
    "sigmoid": "torch.sigmoid",
    "silu": "functional.silu",
    "gelu": "functional.gelu",
}

_HEAD = """from __future__ import annotations

import csv
import gzip
import io
import math
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional"""

_MOVED = '''
def moved(values: Tensor, moves: list[list[int]], width: int) -> Tensor:
    """Return units (B, width) at other places, 0 where none comes."""
    columns = torch.tensor(moves, dtype=torch.int64, device=values.device).reshape(-1, 2)
    found = values.new_zeros(len(values), width)
    return found.index_copy(1, columns[:, 1], values.index_select(1, columns[:, 0]))
'''

_LOADING = '''
def load(folder: str | Path = Path(__file__).parent, device: str = "cpu") -> Network:
    """Return the network with its trained weights, ready to predict."""
    network = Network()
    network.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    return network.eval().to(device)
'''

_CLASSES = '''

@torch.no_grad()
def predict(
    rows: Iterable[Mapping[str, object]], network: Network | None = None
) -> tuple[list[str], Tensor]:
    """Return the class of each raw row, and the probability of every class, float32 (B, classes).

    Without a network, the trained one is loaded.
    """
    network = load() if network is None else network
    shares = network(prepare(rows)).softmax(dim=1)
    return [CLASSES[index] for index in shares.argmax(dim=1)], shares


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            predicted = predict(read(name))
        except (OSError, ValueError) as error:
            sys.exit(f"{name}: {error}")
        for found, shares in zip(*predicted, strict=True):
            print(f"{found}\\t{shares.max():.3f}")
'''

_NUMBERS = '''

@torch.no_grad()
def predict(rows: Iterable[Mapping[str, object]], network: Network | None = None) -> Tensor:
    """Return the predicted numbers of raw rows, float64 (B, targets), in their own units.

    Without a network, the trained one is loaded.
    """
    network = load() if network is None else network
    scale = torch.tensor(TARGET_SCALE, dtype=torch.float64)
    return network(prepare(rows)).double() * scale + torch.tensor(TARGET_MEAN, dtype=torch.float64)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            predicted = predict(read(name))
        except (OSError, ValueError) as error:
            sys.exit(f"{name}: {error}")
        for values in predicted.tolist():
            print("\\t".join(f"{value:.6g}" for value in values))
'''


def export_table_model(
    network: DenseNetwork, folder: str | Path, preparation: TablePreparation, *, about: str = ""
) -> Path:
    """Write a trained network as a folder that needs only PyTorch and safetensors.

    Raw rows go in: ``model.py`` fills, standardises and encodes them as the training did.

    Args:
        network: The trained network.
        folder: Where to; one that exists is replaced as a whole.
        preparation: How a row becomes its input; `TaskData` has it.
        about: Plain lines on what it is and how it was made.

    Returns:
        The folder.

    Raises:
        RunError: If the folder holds anything else than a model, or cannot be written.
    """
    source = table_model_source(network, preparation, about=about)
    with atomic_directory(folder, ("model.py", "model.safetensors", "README.txt")) as partial:
        (partial / "model.py").write_text(source, encoding="utf-8")
        write_tensors(partial / "model.safetensors", stored(network.state_dict()))
        (partial / "README.txt").write_text(_readme(preparation, about), encoding="utf-8")
    return Path(folder)


def table_model_source(
    network: DenseNetwork, preparation: TablePreparation, *, about: str = ""
) -> str:
    """Return a Python file that defines a network and how raw rows go into it.

    The file has the class ``Network`` and the functions ``load``, ``read``, ``prepare`` and
    ``predict``.

    Args:
        network: From `rlnas.networks.build_dense_network`.
        preparation: How a row becomes its input.
        about: Plain lines for the head of the file.
    """
    functions = [
        inspect.getsource(getattr(rows, name)).rstrip()
        for name in ("read", "cell_number", "cell_word", "prepare")
    ]
    first = f"{network.architecture}: a network of {network.space.name}."
    lines = [line for part in about.splitlines() for line in textwrap.wrap(part, 96) or [""]]
    said = "\n".join([first, "", *lines, ""]).replace("\\", "\\\\").replace('"""', "'''")
    end = _LOADING + (_CLASSES if preparation.classes else _NUMBERS)
    body = "\n".join(_network(network))
    if "moved(" in body:
        functions.append(_MOVED)
    parts = [_constants(network, preparation), *functions, body]
    text = "\n\n\n".join(part.strip("\n") for part in [*parts, end])
    return f'"""{said}"""\n\n{_HEAD}\n\n{text}\n'


def _constants(network: DenseNetwork, preparation: TablePreparation) -> str:
    tree = preparation.to_dict()
    values: dict[str, object] = {
        "ARCHITECTURE": network.architecture,
        "TARGETS": preparation.targets,
        "NUMBERS": list(tree["numbers"]),
        "WORDS": list(tree["words"]),
        "MISSING": MISSING,
        "LARGEST": LARGEST,
        "FARTHEST": FARTHEST,
    }
    if preparation.classes:
        values["CLASSES"] = preparation.classes
    else:
        values["TARGET_MEAN"] = preparation.target_mean
        values["TARGET_SCALE"] = preparation.target_scale
    return "\n".join(f"{name} = {_literal(value)}" for name, value in values.items())


def _literal(value: object) -> str:
    """Return a value as Python has it, a column to a line."""
    if isinstance(value, list):
        lines = [pformat(v, width=10**6, sort_dicts=False) for v in value]
        return "\n".join(["[", *(f"    {line}," for line in lines), "]"]) if value else "[]"
    return pformat(value, width=96, sort_dicts=False)


def _network(network: DenseNetwork) -> list[str]:
    spec = network.spec
    what = f"logits (B, {spec.outputs})" if spec.classes else f"numbers (B, {spec.outputs})"
    layers, calls, last = [], [], "x"
    for step in network.steps:
        source = _value(step.source)
        if step.dense:
            layers.append(f"self.dense_{step.value} = nn.Linear({step.width_in}, {step.width})")
            source = f"self.dense_{step.value}({source})"
        elif step.moves is not None:
            source = _moved(source, step.moves, step.width)
        if step.activation != "linear":
            source = f"{_ACTIVATIONS[step.activation]}({source})"
        last = _value(step.value)
        calls.append(f"{last} = {source}")
        for place, skip in enumerate(step.skips):
            added = _value(skip.value)
            if skip.projected:
                name = skip_name(step, place)
                layers.append(f"self.{name} = nn.Linear({skip.width}, {step.width}, bias=False)")
                added = f"self.{name}({added})"
            elif skip.moves is not None:
                added = _moved(added, skip.moves, step.width)
            calls.append(f"{last} = {last} + {added}")
        if step.shifted:
            layers.append(f"self.shift_{step.value} = nn.Parameter(torch.zeros({step.width}))")
            calls.append(f"{last} = {last} + self.shift_{step.value}")
        if step.skips:
            calls.append(f"{last} = functional.relu({last})")
    layers.append(f"self.head = nn.Linear({network.head.in_features}, {spec.outputs})")
    calls.append(f"return self.head({last})")
    return [
        "class Network(nn.Module):",
        f'    """Gives {what} of prepared rows (B, {spec.features})."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(f"        {layer}" for layer in layers),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {call}" for call in calls),
    ]


def _moved(value: str, moves: Moves, width: int) -> str:
    """Return the call that puts units at other places."""
    pairs = [list(pair) for pair in moves]
    return f"moved({value}, {pairs}, {width})"


def _value(number: int) -> str:
    return f"value_{number}" if number else "x"


def _readme(preparation: TablePreparation, about: str) -> str:
    call = "classes, probabilities" if preparation.classes else "numbers"
    columns = ", ".join(json.dumps(name, ensure_ascii=False) for name in preparation.columns[:4])
    more = ", …" if len(preparation.columns) > 4 else ""
    lines = [
        about,
        "",
        "model.py           the network and how rows get in; needs torch and safetensors only",
        "model.safetensors  its trained weights; nothing in the file can run code",
        "",
        "On the command line:",
        "",
        "    python model.py rows.csv",
        "",
        "In Python:",
        "",
        "    import model",
        '    rows = model.read("rows.csv")      # or dictionaries of your own',
        f"    {call} = model.predict(rows)",
        "",
        f"Rows are raw: {len(preparation.columns)} columns ({columns}{more}), as they stood in the",
        "table; empty cells are filled. To train further, network(model.prepare(rows)) gives the",
        "raw output of network = model.load().",
        "",
    ]
    return "\n".join(lines)
