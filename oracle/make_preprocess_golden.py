"""Writes pictures, and what timm's evaluation transform makes of them, step by step."""

import json

import numpy
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torch import Tensor

from golden_files import GoldenFile, write_json
from make_vit_golden import GOLDEN, ROOT, TRAINED

FOLDER = GOLDEN / "preprocess"
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
GREY = {"mean": [0.286], "std": [0.353]}

# `pretrained_cfg` sections. The first is the trained model's own, the second that of a square grey model.
CONFIGS: dict[str, dict] = {
    "garment-scenes": json.loads((ROOT / TRAINED / "config.json").read_text())["pretrained_cfg"],
    "grey-square": {"input_size": [1, 28, 28], **GREY, "interpolation": "bicubic", "crop_pct": 1.0},
    "grey-cropped": {"input_size": [1, 24, 40], **GREY, "interpolation": "bicubic", "crop_pct": 0.9},
    "rgb-square": {"input_size": [3, 32, 32], **IMAGENET, "interpolation": "bicubic", "crop_pct": 0.9},
    "rgb-bilinear": {"input_size": [3, 32, 32], **IMAGENET, "interpolation": "bilinear", "crop_pct": 0.875},
    "rgb-wide": {"input_size": [3, 24, 48], **IMAGENET, "interpolation": "bicubic", "crop_pct": 0.95},
    "rgb-squash": {
        "input_size": [3, 32, 32],
        **IMAGENET,
        "interpolation": "bicubic",
        "crop_pct": 1.0,
        "crop_mode": "squash",
    },
}


def garment(number: int) -> Image.Image:
    """A shipped garment, 28 x 28, grey."""
    return Image.open(ROOT / TRAINED / "garments" / f"{number:03}.png").convert("L")


def colored(size: tuple[int, int], first: int, mode: str) -> Image.Image:
    """Garments enlarged to `size` (width, height), one for each channel of `mode`."""
    channels = [garment(first + i).resize(size, Image.Resampling.NEAREST) for i in range(len(mode))]
    return Image.merge(mode, channels)


def tall() -> Image.Image:
    """Two garments one above the other: 28 wide, 56 high, grey."""
    return Image.fromarray(numpy.concatenate([numpy.array(garment(3)), numpy.array(garment(70))]))


def pictures() -> dict[str, tuple[Image.Image, list[str]]]:
    """Each kind with the configurations it is prepared for: as the model reads it, tall, wide, small, with alpha."""
    return {
        "scene": (
            Image.open(ROOT / TRAINED / "scenes/000.png"),
            ["garment-scenes", "grey-square", "grey-cropped"],
        ),
        "tall": (tall(), ["garment-scenes", "grey-cropped"]),
        "rgb-100x80": (colored((100, 80), 20, "RGB"), list(CONFIGS)),
        "rgb-61x97": (colored((61, 97), 33, "RGB"), ["garment-scenes", "rgb-square", "rgb-wide"]),
        "rgb-9x7": (colored((9, 7), 41, "RGB"), ["garment-scenes", "rgb-bilinear"]),
        "rgba-40x30": (colored((40, 30), 50, "RGBA"), ["garment-scenes", "rgb-squash"]),
        "palette-64x48": (colored((64, 48), 60, "RGB").quantize(16), ["grey-square", "rgb-square"]),
    }


def stages(picture: Image.Image, config: dict) -> dict[str, Tensor]:
    """The picture after each step of timm's transform: uint8 [rows, columns, channels] thrice, then floats."""
    data = resolve_data_config(pretrained_cfg=config)
    resize, crop, to_tensor, normalize = create_transform(**data, is_training=False).transforms
    converted = picture.convert("L" if data["input_size"][0] == 1 else "RGB")
    resized = resize(converted)
    cropped = crop(resized)
    return {
        "converted": _pixels(converted),
        "resized": _pixels(resized),
        "cropped": _pixels(cropped),
        "output": normalize(to_tensor(cropped)),
    }


def _pixels(image: Image.Image) -> Tensor:
    values = torch.from_numpy(numpy.array(image))
    return values if values.ndim == 3 else values.unsqueeze(-1)


def main() -> None:
    """Everything, anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file, entries = GoldenFile(share=True), []
    for name, (picture, configs) in pictures().items():
        picture.save(FOLDER / f"{name}.png")
        reread = Image.open(FOLDER / f"{name}.png")
        for config in configs:
            steps, case = stages(reread, CONFIGS[config]), f"{name}/{config}"
            tensors = {step: file.add(f"{case}/{step}", x) for step, x in steps.items()}
            entries.append({"id": case, "picture": f"{name}.png", "config": config, **tensors})
    files = file.save(FOLDER, "preprocess")
    write_json(FOLDER / "preprocess.json", {"files": files, "configs": CONFIGS, "cases": entries})


if __name__ == "__main__":
    main()
