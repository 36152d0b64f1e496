"""Shipped pictures as model inputs, by timm's own evaluation transform."""

import json
from pathlib import Path

import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torch import Tensor


def transform_of(model: Path):
    """The evaluation transform that timm makes of a Hub folder's `config.json`."""
    pretrained = json.loads((model / "config.json").read_text())["pretrained_cfg"]
    return create_transform(**resolve_data_config(pretrained_cfg=pretrained), is_training=False)


def read_pictures(model: Path, files: list[Path]) -> Tensor:
    """Grey pictures as one batch [B, 1, rows, columns]."""
    transform = transform_of(model)
    return torch.stack([transform(Image.open(file).convert("L")) for file in files])
