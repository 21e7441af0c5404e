"""A trained network as a folder that works without this package."""

from __future__ import annotations

from pathlib import Path

from rlnas.atomic import atomic_directory
from rlnas.checkpoints import write_tensors
from rlnas.export.source import model_source
from rlnas.export.usage import readme
from rlnas.export.weights import exported_weights
from rlnas.networks import SearchedNetwork

# Python leaves the last one where a model was imported.
_OWN = ("model.py", "model.safetensors", "README.txt", "__pycache__")


def export_model(
    network: SearchedNetwork,
    folder: str | Path,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    about: str = "",
) -> Path:
    """Write a trained network as a folder that needs only PyTorch and safetensors.

    The folder has ``model.py`` (see `model_source`), ``model.safetensors`` and ``README.txt``; one
    that exists is replaced as a whole.

    Args:
        network: The trained network.
        folder: Where to.
        mean: Mean of each input channel, with pixels in [0, 1]; `TaskData` has it.
        std: Standard deviation of each input channel, likewise.
        about: Plain lines on what it is and how it was made.

    Returns:
        The folder.

    Raises:
        InvalidArgumentError: If the network cannot be exported, see `model_source`.
        RunError: If the folder holds anything else than a model, or cannot be written.
    """
    source = model_source(network, mean, std, about=about)
    with atomic_directory(folder, _OWN) as partial:
        (partial / "model.py").write_text(source, encoding="utf-8")
        write_tensors(partial / "model.safetensors", exported_weights(network))
        (partial / "README.txt").write_text(readme(network.spec, about), encoding="utf-8")
    return Path(folder)
