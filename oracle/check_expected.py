"""Confirms that our reference gives the logits that came with trained models: check_expected.py [folder ...]."""

import json
import math
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from golden_files import max_abs, max_difference
from make_vit_golden import ROOT, TRAINED
from pictures import read_pictures
from timm_layout import config_of, load_timm, weights_of
from vit_reference import VitReference

LISTS = {"scenes": "scenes.json", "samples": "labels.json"}


def shipped(folder: Path) -> tuple[list[Path], Tensor]:
    """Picture files and the logits [B, C] that came with them."""
    name = next(name for name in LISTS if (folder / name).is_dir())
    entries = json.loads((folder / name / LISTS[name]).read_text())
    logits = load_file(folder / name / "expected-logits.safetensors")["logits"]
    return [folder / name / entry["file"] for entry in entries], logits


def scaled_in_float64(folder: Path, files: list[Path]) -> Tensor:
    """Pictures that need no resizing, with the scaling of pixels in float64; timm scales in float32."""
    pretrained = json.loads((folder / "config.json").read_text())["pretrained_cfg"]
    pixels = torch.stack([pil_to_tensor(Image.open(file).convert("L")) for file in files]).double()
    return (pixels / 255 - pretrained["mean"][0]) / pretrained["std"][0]


def check(folder: Path) -> None:
    """Prints the largest errors; fails where the smaller one is above what rounding the logits to float32 explains."""
    config = config_of(json.loads((folder / "config.json").read_text()), load_timm(folder))
    weights = weights_of(config, load_file(folder / "model.safetensors"))
    files, expected = shipped(folder)
    model = VitReference(config, {name: x.double() for name, x in weights.items()})
    errors = {
        "pixels scaled in float64": max_difference(expected, model(scaled_in_float64(folder, files))),
        "pixels scaled in float32": max_difference(expected, model(read_pictures(folder, files).double())),
    }
    rounding = 2.0 ** (math.floor(math.log2(max_abs(expected))) - 24)
    shown = ", ".join(f"{name}: off by {error:.2e}" for name, error in errors.items())
    print(f"{folder.name}, {len(files)} pictures; {shown}; rounding explains {rounding:.2e}")
    assert min(errors.values()) <= rounding, "the logits are not those of this model"


if __name__ == "__main__":
    for folder in sys.argv[1:] or [ROOT / TRAINED]:
        check(Path(folder))
