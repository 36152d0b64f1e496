"""Writes positions interpolated by timm to other grids: packages/vit/test/golden/positions.safetensors."""

from pathlib import Path

import torch
from timm.layers import resample_abs_pos_embed

from golden_files import write_safetensors

FOLDER = Path(__file__).resolve().parent.parent / "packages/vit/test/golden/positions"
WIDTH = 5
# Old grid, new grid, tokens before the patches.
CASES = {
    "up": ((4, 4), (7, 7), 1),
    "down": ((7, 7), (3, 3), 0),
    "not-square": ((3, 8), (5, 6), 2),
    "one-way": ((4, 6), (4, 11), 1),
    "to-one": ((5, 5), (1, 2), 1),
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    tensors, generator = {}, torch.Generator().manual_seed(7)
    for name, (old, new, prefix) in CASES.items():
        table = torch.randn(1, prefix + old[0] * old[1], WIDTH, generator=generator)
        resized = resample_abs_pos_embed(table.double(), list(new), list(old), num_prefix_tokens=prefix)
        tensors |= {f"{name}.before": table[0], f"{name}.after": resized[0].float()}
    write_safetensors(FOLDER / "positions.safetensors", tensors, {})


if __name__ == "__main__":
    main()
