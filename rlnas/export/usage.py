"""How an exported model is used: the end of its file, and its README."""

from __future__ import annotations

from rlnas.datasets.spec import Kind, TaskSpec

_LOADING = '''
def load(folder: str | Path = Path(__file__).parent, device: str = "cpu") -> Network:
    """Return the network with its trained weights, ready to predict."""
    network = Network()
    network.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    return network.eval().to(device)


def prepare(images: Tensor) -> Tensor:
    """Return the network's input of {inputs}, uint8: normalised as in training."""
    mean = torch.tensor(MEAN, dtype=torch.float64)[:, None, None]
    std = torch.tensor(STD, dtype=torch.float64)[:, None, None]
    scale, shift = (1 / (255 * std)).float(), (-mean / std).float()
    return images.float() * scale.to(images.device) + shift.to(images.device)


@torch.no_grad()
def predict(images: Tensor, network: Network | None = None) -> {returns}:
    """Return {what}.

    Takes {inputs}, uint8, on the network's device.
    Without a network, the trained one is loaded.
    """
    network = load() if network is None else network
{body}
'''

_READING = '''

def read(path: str | Path) -> Tensor:
    """Return an image file as uint8 ({channels}, {size}, {size}); needs Pillow.

    As in training: turned upright, the shorter side resized, the middle taken.
    """
    from PIL import Image, ImageOps

    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
        if image.mode.startswith("I;16"):  # greys of 16 bits
            image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        image = ImageOps.fit(
            image.convert("RGB"), (IMAGE_SIZE, IMAGE_SIZE), method=Image.Resampling.BILINEAR
        )
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(IMAGE_SIZE, IMAGE_SIZE, {channels}).permute(2, 0, 1)
'''

_MAIN = """

if __name__ == "__main__":
    for name in sys.argv[1:]:
        (index,), (probability,) = predict(read(name)[None])
        print(f"{name}\\t{CLASSES[index]}\\t{probability:.3f}")
"""

_CLASSES = (
    "tuple[Tensor, Tensor]",
    "for each example the number of its class, int64 (B,), and its probability (B,)",
    "    probability, index = network(prepare(images)).softmax(dim=1).max(dim=1)\n"
    "    return index, probability",
)
_PREDICTIONS: dict[Kind, tuple[str, str, str]] = {
    "class": _CLASSES,
    "jigsaw": _CLASSES,
    "vector": (
        "Tensor",
        "the predicted numbers, float32 (B, {outputs})",
        "    return network(prepare(images))",
    ),
    "pixels": (
        "Tensor",
        "the class of each pixel, int64 (B, {size}, {size})",
        "    return network(prepare(images)).argmax(dim=1)",
    ),
    "image": (
        "Tensor",
        "the predicted image within [-1, 1], float32 (B, {outputs}, {size}, {size})",
        "    return network(prepare(images))",
    ),
}


def usage_source(spec: TaskSpec) -> str:
    """Return the functions that load the model and predict with it, as Python source."""
    facts = {"outputs": spec.outputs, "size": spec.image_size, "channels": spec.channels}
    returns, what, body = _PREDICTIONS[spec.kind]
    text = _LOADING.format(
        inputs=_inputs(spec), returns=returns, what=what.format(**facts), body=body
    )
    if reads_files(spec):
        text += _READING.format(**facts)
        if spec.kind == "class" and spec.classes:
            text += _MAIN
    return text


def reads_files(spec: TaskSpec) -> bool:
    """Return whether an image file is an input of the task."""
    return spec.kind != "jigsaw" and spec.channels == 3


def _inputs(spec: TaskSpec) -> str:
    shape = f"{spec.channels}, {spec.image_size}, {spec.image_size}"
    if spec.tiles > 1:
        return f"puzzles (B, {spec.tiles}, {shape})"
    return f"images (B, {shape})"


def readme(spec: TaskSpec, about: str) -> str:
    """Return the README of an exported model.

    Args:
        spec: The task.
        about: What the model is, plain lines.
    """
    lines = [
        about,
        "",
        "model.py           the network, in plain PyTorch; needs torch and safetensors only",
        "model.safetensors  its trained weights; nothing in the file can run code",
        "",
    ]
    if spec.kind == "class" and reads_files(spec) and spec.classes:
        lines += [
            "On the command line (needs Pillow too):",
            "",
            "    python model.py image.png",
            "",
        ]
    lines += ["In Python:", "", "    import model"]
    if reads_files(spec):
        lines += [
            '    images = model.read("image.png")[None]        # or uint8 tensors of your own'
        ]
    else:
        lines += [f"    images = …                                    # {_inputs(spec)}, uint8"]
    if spec.kind in ("class", "jigsaw"):
        lines += ["    index, probability = model.predict(images)"]
        if spec.classes:
            lines += ["    model.CLASSES[index[0]]"]
    else:
        lines += ["    outputs = model.predict(images)"]
    lines += [
        "",
        "For many images load the network once: network = model.load(device=…), then",
        "model.predict(images, network). To train further, network(model.prepare(images)) gives",
        "the raw output.",
        "",
    ]
    return "\n".join(lines)
