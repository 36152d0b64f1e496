"""Writes the digest of what NumPy rounds to float16 at every place where rounding turns, and asserts that PyTorch agrees."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from golden_files import write_json

FILE = Path(__file__).resolve().parent.parent / "packages/tensor/test/golden/half.json"

INFINITE = 0x7C00


def halfways() -> np.ndarray:
    """Float32 numbers half way between two halves, and the ones before and after; first the positive ones."""
    halves = np.arange(INFINITE, dtype=np.uint16).view(np.float16).astype(np.float64)
    above = np.append(halves[1:], 2.0**16)
    middle = ((halves + above) / 2).astype(np.float32).view(np.uint32)
    around = np.stack([middle - 1, middle, middle + 1], axis=1).ravel()
    return np.concatenate([around, around + np.uint32(2**31)]).view(np.float32)


def main() -> None:
    """The digest, anew."""
    singles = halfways()
    with np.errstate(over="ignore", under="ignore"):
        rounded = singles.astype(np.float16).view(np.uint16)
    torch_rounded = torch.from_numpy(singles).half().view(torch.int16).numpy().view(np.uint16)
    assert np.array_equal(rounded, torch_rounded)
    write_json(FILE, {"halfways": hashlib.sha256(rounded.astype("<u2").tobytes()).hexdigest()})


if __name__ == "__main__":
    main()
