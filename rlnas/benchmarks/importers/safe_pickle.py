"""PyTorch files without running their pickled code."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

from rlnas.damage import guarded
from rlnas.errors import DataError


def load_plain(path: Path) -> object:
    """Return the content of a PyTorch file: plain containers, numbers, strings and tensors.

    It is read by PyTorch's allow-list unpickler, ``torch.load(weights_only=True)``. Beyond what
    that allows, NumPy scalars are, which the NAS-Bench-201 file holds; nothing else is constructed
    and no function of the file's choice is called. The allow list is extended for this call only.

    Raises:
        DataError: If the file is damaged, is no PyTorch file, or asks for anything else.
    """
    import numpy as np
    import torch

    function = np.float64(0).__reduce__()[0]

    def scalar(dtype: np.dtype, data: bytes) -> object:
        if not isinstance(dtype, np.dtype) or dtype.kind not in "fiub":
            raise pickle.UnpicklingError(f"a NumPy scalar of type {dtype!r}")
        return function(dtype, data)

    allowed: list[Any] = [
        # Files written with NumPy 1 name the function by its old module.
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *{type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "?")},
    ]
    # Leaving the context forgets what it added, so it must not add what was there before.
    added = [entry for entry in allowed if entry not in torch.serialization.get_safe_globals()]
    with guarded(path, "PyTorch file of plain data, without objects that could run code"):
        _check_unpacked(path)
        with torch.serialization.safe_globals(added), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols, which are checked anyway
            content: object = torch.load(path, map_location="cpu", weights_only=True)
    return content


def _check_unpacked(path: Path) -> None:
    """Refuse a zip that unpacks to more than it has: PyTorch stores without compression."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > path.stat().st_size:
            raise DataError(
                f"{path} has {path.stat().st_size} bytes and claims to unpack to {unpacked}; "
                "PyTorch does not compress. It was not loaded."
            )
