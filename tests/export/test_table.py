"""Exported networks of tables: a raw row goes in, in a process that has nothing of this package."""

import csv
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from rlnas.datasets.tables import load_table_data
from rlnas.export import export_table_model
from rlnas.networks import build_dense_network
from rlnas.networks.cutting import cut_network
from rlnas.spaces import DenseSpace, get_space

SPACE = DenseSpace(3, [8, 16], ["relu", "tanh", "sigmoid", "silu", "gelu"], skips=3)

# Runs a model where `import rlnas` fails.
ALONE = """
import json, sys
sys.modules["rlnas"] = None
sys.path.insert(0, sys.argv[1])
import model
found = model.predict(model.read(sys.argv[2]))
print(json.dumps([found[0], found[1].tolist()] if isinstance(found, tuple) else found.tolist()))
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return a CSV file of every kind of column, with holes."""
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "number, with comma": rng.normal(1e6, 1e3, n).round(3),
            "holes": np.where(rng.random(n) < 0.3, "NA", rng.integers(0, 9, n).astype(str)),
            "day": [f"20{10 + i % 15}-0{1 + i % 9}-1{i % 9}T0{i % 10}:30:00" for i in range(n)],
            "town": rng.choice(["Rome", 'the "Hague"', "", "Bonn"], n),
            "street": [f"s{int(v)}" for v in rng.exponential(14, n)],
        }
    )
    frame.loc[3, "number, with comma"] = np.inf
    frame["size"] = rng.normal(50, 9, n)
    frame["class"] = rng.choice(["no", "yes"], n)
    path = tmp_path_factory.mktemp("table") / "t.csv"
    frame.to_csv(path, index=False)
    return path


def predict_alone(folder, table):
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), str(table)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("target", ["class", "size"])
def test_raw_rows_give_what_the_network_gives(tmp_path, table, target):
    data = load_table_data(table, target, leave_out="size" if target == "class" else "class")
    network = build_dense_network(SPACE, "16-silu-s1_identity-s1-s2_8-gelu-s1-s2-s3", data.spec)
    export_table_model(network.eval(), tmp_path / "best", data.preparation, about='Say """hi""".')
    with table.open(newline="") as file:
        inputs = data.preparation.inputs(pd.DataFrame(csv.DictReader(file)))
    with torch.no_grad():
        outputs = network(torch.from_numpy(inputs))
    found = predict_alone(tmp_path / "best", table)
    if target == "class":
        names, shares = found
        np.testing.assert_allclose(shares, outputs.softmax(dim=1), atol=1e-6)
        assert names == [data.spec.classes[i] for i in outputs.argmax(dim=1)]
    else:
        mean, scale = data.preparation.target_mean[0], data.preparation.target_scale[0]
        np.testing.assert_allclose(found, outputs.double() * scale + mean, rtol=1e-6)


def test_the_parts_see_what_an_exported_file_sees(table):
    data = load_table_data(table, "class")
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    inputs = torch.from_numpy(data.preparation.inputs(frame))
    for row in data.test.inputs:
        assert (inputs - row).abs().amax(dim=1).min() < 1e-6


def test_any_architecture_can_be_exported(tmp_path, table):
    data = load_table_data(table, "class")
    x = torch.randn(3, data.spec.features)
    for space in (SPACE, get_space("attn")):
        for number, vector in enumerate(space.sample(6, np.random.default_rng(0))):
            network = build_dense_network(space, vector, data.spec).eval()
            folder = export_table_model(
                network, tmp_path / f"{space.name}{number}", data.preparation
            )
            found = {"__name__": "model", "__file__": str(folder / "model.py")}
            exec(compile((folder / "model.py").read_text(), "model.py", "exec"), found)  # noqa: S102
            torch.testing.assert_close(found["load"]()(x), network(x))


def test_cut_networks_can_be_exported(tmp_path, table):
    """Units go to other places and constants stay, whatever was cut."""
    data = load_table_data(table, "class")
    x = torch.randn(5, data.spec.features)
    kinds = set()
    for number, vector in enumerate(SPACE.sample(12, np.random.default_rng(1))):
        network = build_dense_network(SPACE, vector, data.spec).eval()
        stream = torch.Generator().manual_seed(number)
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if name.endswith("weight") and not name.startswith("head"):
                    weight[torch.rand(len(weight), generator=stream) < 0.6] = 0
        small = cut_network(network)
        kinds |= {step.shifted for step in small.steps}
        kinds |= {"moved" for step in small.steps if step.moves or any(s.moves for s in step.skips)}
        folder = export_table_model(small, tmp_path / str(number), data.preparation)
        found = {"__name__": "model", "__file__": str(folder / "model.py")}
        exec(compile((folder / "model.py").read_text(), "model.py", "exec"), found)  # noqa: S102
        torch.testing.assert_close(found["load"]()(x), network(x), atol=1e-5, rtol=1e-5)
    assert kinds == {True, False, "moved"}
