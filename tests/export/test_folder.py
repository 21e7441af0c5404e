"""An exported model computes what the network computes, and needs nothing of this package."""

import ast
import importlib.util
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from rlnas.datasets import load_task_data, task_spec
from rlnas.datasets.sources.image_files import read_image
from rlnas.errors import InvalidArgumentError, UnwritableError
from rlnas.export import export_model, model_source
from rlnas.networks import SkeletonConfig, build_network
from rlnas.spaces import CellSpace
from rlnas.training import Recipe, train_network

SMALL = SkeletonConfig(
    width=8, stem_strides=(2, 1), modules="414", cells_per_module=2, decoder="light"
)
STAGES = SkeletonConfig(
    width=8, skeleton="stages", stem_strides=(1,), cells_per_stage=1, decoder="light"
)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
OPERATIONS = ("none", "skip_connect", "nor_conv_5x5", "avg_pool_3x3", "max_pool_3x3")
POOLS = CellSpace(
    "pools",
    [(0, 1), (0, 2), (1, 2)],
    OPERATIONS,
    none="none",
    identity="skip_connect",
    strided_inputs=True,
)


def load(folder):
    """The module of an exported model, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"exported_{id(folder)}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exported(network, folder, **options):
    return load(export_model(network, folder, mean=MEAN, std=STD, **options))


@torch.no_grad()
def settle(network):
    """Give batch normalisation statistics and shifts that are not those of a new network."""
    generator = torch.Generator().manual_seed(1)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(generator=generator).mul_(0.3)
            layer.running_var.uniform_(0.5, 1.5, generator=generator)
            layer.bias.normal_(generator=generator)
    return network.eval()


CASES = {
    "cell": ("transnas-micro", "64-41414-3_12_132", SMALL, "class", {}),
    "dead edges": ("transnas-micro", "64-41414-3_03_200", SMALL, "class", {}),
    "no path": ("transnas-micro", "64-41414-3_30_000", SMALL, "class", {}),
    "identities": ("transnas-micro", "64-41414-1_11_111", SMALL, "class", {}),
    "stages": (
        "nasbench-201",
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|",
        STAGES,
        "class",
        {},
    ),
    "macro": ("transnas-macro", "64-1234-basic", SMALL, "class", {}),
    "published macro": (
        "transnas-macro", "64-1234-basic", replace(SMALL, published_shortcuts=True), "class", {},
    ),
    "vector": ("transnas-micro", "64-41414-3_12_132", SMALL, "room_layout", {}),
    "jigsaw": ("transnas-micro", "64-41414-3_12_132", SMALL, "jigsaw", {"image_size": 10}),
    "pixels": ("transnas-micro", "64-41414-3_12_132", SMALL, "segmentsemantic", {}),
    "image": ("transnas-micro", "64-41414-3_12_132", SMALL, "normal", {}),
    "odd image": (
        "transnas-micro", "64-41414-3_12_132", SMALL, "autoencoder", {"image_size": 27},
    ),
    "published decoder": (
        "transnas-micro",
        "64-41414-1_00_000",
        replace(SMALL, decoder="published", modules="41"),
        "segmentsemantic",
        {"image_size": 16},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_exported_network_is_the_network(case, tmp_path):
    space, architecture, config, task, options = CASES[case]
    outputs = {"room_layout": 9, "normal": 3, "autoencoder": 3}.get(task, 7)
    spec = task_spec(task, outputs=outputs, **{"image_size": 32, **options})
    network = settle(build_network(space, architecture, spec, config, seed=3))
    model = exported(network, tmp_path / "model")
    copy = model.load(tmp_path / "model")
    side = spec.image_size
    shape = (4, *((spec.tiles,) if spec.tiles > 1 else ()), 3, side, side)
    images = torch.randint(0, 256, shape, dtype=torch.uint8)
    inputs = model.prepare(images)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    assert torch.allclose(inputs, (images / 255 - mean) / std, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(copy(inputs), network(inputs), atol=1e-5)
    live = sum(p.numel() for p in copy.parameters())
    assert live <= sum(p.numel() for p in network.parameters())
    predicted = model.predict(images, copy)
    if spec.kind in ("class", "jigsaw"):
        assert torch.equal(predicted[0], network(inputs).argmax(dim=1))
        assert torch.all((predicted[1] > 1 / 7) & (predicted[1] <= 1))
    elif spec.kind == "pixels":
        assert predicted.shape == (4, side, side)
    else:
        assert predicted.shape == network(inputs).shape


def test_operations_of_other_cell_spaces(tmp_path):
    spec = task_spec("class", outputs=3, image_size=16)
    for cell in ([2, 3, 4], [4, 1, 3], [1, 4, 2]):
        network = settle(build_network(POOLS, np.array(cell), spec, SMALL))
        copy = exported(network, tmp_path / "model").load(tmp_path / "model")
        x = torch.randn(2, 3, 16, 16)
        with torch.no_grad():
            assert torch.allclose(copy(x), network(x), atol=1e-5)


def test_a_model_that_was_imported_can_be_replaced(tmp_path):
    spec = task_spec("class", outputs=3, image_size=16)
    network = build_network(POOLS, np.array([2, 3, 4]), spec, SMALL)
    folder = export_model(network, tmp_path / "model", mean=MEAN, std=STD)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "model.cpython-311.pyc").write_bytes(b"x")
    export_model(network, folder, mean=MEAN, std=STD)
    assert not (folder / "__pycache__").exists()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(UnwritableError, match=r"mine\.txt"):
        export_model(network, folder, mean=MEAN, std=STD)


def test_a_node_of_many_edges(tmp_path):
    edges = [(tail, head) for head in range(1, 7) for tail in range(head)]
    space = CellSpace("wide", edges, OPERATIONS, none="none", identity="skip_connect")
    spec = task_spec("class", outputs=3, image_size=16)
    network = settle(build_network(space, np.array([1, 4, 2] * 7), spec, STAGES))
    copy = exported(network, tmp_path / "model").load(tmp_path / "model")
    x = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(copy(x), network(x), atol=1e-4)
    lines = (tmp_path / "model" / "model.py").read_text().splitlines()
    assert max(len(line) for line in lines if "node_" in line) <= 100


def test_dead_edges_are_left_out(tmp_path):
    spec = task_spec("class", outputs=3, image_size=32)
    network = build_network("transnas-micro", "64-41414-3_03_200", spec, SMALL)
    source = model_source(network, MEAN, STD)
    assert "edge_0_1" not in source  # leads to a node that leads nowhere
    assert source.count("self.edge_0_3") == source.count("self.edge_") == 2
    assert "max_pool" not in source
    assert "ResidualBlock" not in source


def test_the_file_needs_only_torch_and_safetensors_and_is_tidy(tmp_path):
    classes = tuple(f'a "class" with \\ and {{braces}} number {n}' for n in range(12))
    spec = task_spec("class", outputs=12, image_size=32, classes=classes)
    network = build_network("transnas-micro", "64-41414-3_12_132", spec, SMALL)
    model = exported(network, tmp_path / "m", about='Has """quotes""" and \\n.\nSecond line.')
    assert classes == model.CLASSES
    assert (model.MEAN, model.STD, model.IMAGE_SIZE) == (MEAN, STD, 32)
    text = (tmp_path / "m" / "model.py").read_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "rlnas" not in text
    roots = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(node.module.split(".")[0])
    assert roots == {"__future__", "sys", "pathlib", "torch", "safetensors", "PIL"}
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "E,F,W", "--isolated",
         "--line-length", "100", tmp_path / "m" / "model.py"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_an_exported_model_replaces_the_one_before(tmp_path):
    spec = task_spec("class", outputs=3, image_size=32)
    for architecture in ("64-41414-3_33_333", "64-41414-1_11_111"):
        network = build_network("transnas-micro", architecture, spec, SMALL)
        export_model(network, tmp_path / "m", mean=MEAN, std=STD)
    names = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert names == ["README.txt", "model.py", "model.safetensors"]
    assert load(tmp_path / "m").ARCHITECTURE == "64-41414-1_11_111"
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


def test_unusual_normalisation_is_refused(tmp_path):
    spec = task_spec("class", outputs=3, image_size=32)
    for field in ("affine", "track_running_stats"):
        config = replace(SMALL, **{field: False})
        network = build_network("transnas-micro", "64-41414-3_33_333", spec, config)
        with pytest.raises(InvalidArgumentError, match="batch normalisation"):
            export_model(network, tmp_path / "m", mean=MEAN, std=STD)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("kind", ["grey", "colour", "sixteen bits", "palette", "turned"])
def test_files_are_read_as_in_training(kind, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "image.png"
    exif = Image.Exif()
    if kind == "sixteen bits":
        image = Image.fromarray(rng.integers(0, 2**16, (40, 50), dtype=np.uint16))
    else:
        shape = (40, 50) if kind == "grey" else (40, 50, 3)
        image = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
    if kind == "palette":
        image = image.quantize(16)
    if kind == "turned":
        exif[0x0112] = 6
    image.save(path, exif=exif)
    spec = task_spec("class", outputs=2, image_size=32, classes=("a", "b"))
    network = build_network("transnas-micro", "64-41414-3_33_333", spec, SMALL)
    model = exported(network, tmp_path / "m")
    assert np.array_equal(model.read(path).numpy(), read_image(path, 32))


FRESH = """
import sys
sys.modules["rlnas"] = None
sys.path.insert(0, sys.argv[1])
import model
from safetensors.torch import load_file
examples = load_file(sys.argv[2])
index, _ = model.predict(examples["images"])
print((index == examples["labels"]).sum().item())
"""


def test_a_trained_model_has_the_same_accuracy_in_a_process_without_this_package(tmp_path):
    data = load_task_data("digits", "class", image_size=8, train_size=300)
    config = SkeletonConfig(width=8, stem_strides=(1,), modules="4", cells_per_module=1)
    network = build_network("transnas-micro", "64-41414-3_12_132", data.spec, config)
    recipe = Recipe(epochs=3, batch_size=16, optimizer="adamw", learning_rate=0.02)
    result = train_network(network, data, recipe, device="cpu")
    export_model(network, tmp_path / "m", mean=data.mean, std=data.std)
    labels = data.test.batch(torch.arange(len(data.test)))[1]
    save_file({"images": data.test.pixels.images, "labels": labels}, tmp_path / "test.safetensors")
    done = subprocess.run(
        [sys.executable, "-I", "-c", FRESH, tmp_path / "m", tmp_path / "test.safetensors"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 100 * int(done.stdout) / len(data.test) == pytest.approx(result.test_score)
    assert result.test_score > 60
    named = subprocess.run(
        [sys.executable, "-c", "import model; print(model.CLASSES)"],
        cwd=tmp_path / "m",
        capture_output=True,
        text=True,
        check=False,
    )
    assert named.stdout.strip() == str(data.spec.classes)
    assert load_file(tmp_path / "m" / "model.safetensors")
