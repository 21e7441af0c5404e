"""PyTorch files without running their pickled code."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

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
    try:
        with torch.serialization.safe_globals(added), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols, which are checked anyway
            content: object = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError as error:
        raise DataError(f"{path} does not fit into memory.") from error
    except (
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        RuntimeError,
        OSError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        AssertionError,
        OverflowError,
        ImportError,
        RecursionError,
    ) as error:
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        raise DataError(
            f"{path} was not loaded: it is damaged, is no PyTorch file, or holds objects that "
            f"could run code ({type(error).__name__}: {reason})."
        ) from error
    return content
