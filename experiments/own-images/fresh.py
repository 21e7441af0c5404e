"""Print the accuracy of an exported model on images, in a process that cannot import rlnas.

Usage: python -I fresh.py MODEL_FOLDER EXAMPLES.safetensors
"""

from __future__ import annotations

import sys

sys.modules["rlnas"] = None  # type: ignore[assignment] # any import of it fails
sys.path.insert(0, sys.argv[1])

import model  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

examples = load_file(sys.argv[2])
index, _ = model.predict(examples["images"], model.load())
print(f"{100 * (index == examples['labels']).double().mean().item():.6f}")
