"""Write scikit-learn's handwritten digits as a folder of PNG files, a subfolder for each class.

Usage: python write_digits.py FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def main() -> None:
    """Write 1,797 files of 8×8 pixels."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype(np.uint8)
    for number, (image, label) in enumerate(zip(images, bunch.target, strict=True)):
        path = folder / NAMES[label] / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    print(f"{len(images)} files in {folder}")


if __name__ == "__main__":
    main()
