"""Writes what the preprocessing of timm, transformers and open_clip makes of pictures of every kind."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy
import open_clip.transform
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torch import Tensor
from torchvision.transforms import Compose
from transformers import (
    BitImageProcessor,
    CLIPImageProcessor,
    CLIPImageProcessorPil,
    DeiTImageProcessor,
    SiglipImageProcessor,
    ViTImageProcessor,
    ViTImageProcessorPil,
)

from golden_files import GoldenFile, write_json
from make_vit_golden import GOLDEN
from pipeline_pictures import photo, save_pictures

FOLDER = GOLDEN / "pipelines"
# Every how many of the floats one is stored.
STRIDE = 29
# Read in Python, refused by us: ink colors need a profile, and Pillow turns 16-bit grey white.
REFUSED = {"cmyk-80x60.jpg", "grey16-60x40.png"}

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
OPENAI = {"image_mean": list(open_clip.OPENAI_DATASET_MEAN), "image_std": list(open_clip.OPENAI_DATASET_STD)}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
PROCESSORS = {
    "CLIP": CLIPImageProcessor,
    "ViT": ViTImageProcessor,
    "Siglip": SiglipImageProcessor,
    "DeiT": DeiTImageProcessor,
    "Bit": BitImageProcessor,
}

CLIP = {"feature_extractor_type": "CLIPFeatureExtractor", "do_normalize": True, **OPENAI, "size": 48, "crop_size": 48}
VIT = {"do_normalize": True, "do_resize": True, **HALF, "size": 48}
SIGLIP = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    **HALF,
    "image_processor_type": "SiglipImageProcessor",
    "processor_class": "SiglipProcessor",
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 48, "width": 48},
}
BIT = {
    "crop_size": {"height": 48, "width": 48},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": IMAGENET["mean"],
    "image_processor_type": "BitImageProcessor",
    "image_std": IMAGENET["std"],
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 55},
}
DEIT = {"feature_extractor_type": "DeiTFeatureExtractor", "crop_size": 48, "size": 61, "resample": 3, **HALF}


def timm_config(size: tuple[int, int], interpolation: str, crop_pct: float, crop_mode: str = "center") -> dict:
    """A `pretrained_cfg`."""
    crop = {"crop_pct": crop_pct, "crop_mode": crop_mode}
    return {"input_size": [3, *size], "interpolation": interpolation, **crop, **IMAGENET}


@dataclass(frozen=True)
class Pipeline:
    """A library and its file; `processor` for transformers, `size` for open_clip."""

    library: str
    file: dict
    processor: str = ""
    size: int | tuple[int, int] = 0


# As models come with them; every picture goes through each.
MAIN = {
    "timm": Pipeline("timm", timm_config((48, 48), "bicubic", 0.9)),
    "clip": Pipeline("transformers", CLIP, "CLIP"),
    "vit": Pipeline("transformers", VIT, "ViT"),
    "siglip": Pipeline("transformers", SIGLIP, "Siglip"),
    "dinov2": Pipeline("transformers", BIT, "Bit"),
    "open-clip": Pipeline("open_clip", {}, size=48),
}

# Their options; a few pictures go through each.
OPTIONS = {
    "timm-wide": Pipeline("timm", timm_config((32, 56), "bicubic", 0.95)),
    "timm-border": Pipeline("timm", timm_config((48, 48), "bilinear", 0.95, "border")),
    "timm-squash": Pipeline("timm", timm_config((48, 48), "bicubic", 0.9, "squash")),
    "timm-lanczos": Pipeline("timm", timm_config((48, 40), "lanczos", 1.0)),
    "timm-nearest": Pipeline("timm", timm_config((48, 48), "nearest", 1.0)),
    "deit": Pipeline("transformers", DEIT, "DeiT"),
    "clip-padded": Pipeline("transformers", {**CLIP, "size": {"shortest_edge": 33}}, "CLIP"),
    "clip-as-it-is": Pipeline("transformers", {**CLIP, "do_resize": False}, "CLIP"),
    "clip-bytes": Pipeline("transformers", {**CLIP, "do_rescale": False, "do_normalize": False}, "CLIP"),
    "clip-units": Pipeline("transformers", {**CLIP, "do_normalize": False, "rescale_factor": 1 / 127.5}, "CLIP"),
    "clip-opaque": Pipeline("transformers", {**CLIP, "do_convert_rgb": False}, "CLIP"),
    "vit-lanczos": Pipeline("transformers", {**VIT, "resample": 1}, "ViT"),
    "vit-nearest": Pipeline("transformers", {**VIT, "resample": 0}, "ViT"),
    "open-clip-longest": Pipeline("open_clip", {"resize_mode": "longest", "fill_color": 7}, size=48),
    "open-clip-squash": Pipeline("open_clip", {"resize_mode": "squash", "interpolation": "bilinear"}, size=48),
    "open-clip-wide": Pipeline("open_clip", {"interpolation": "bilinear"}, size=(32, 56)),
}
OPTION_PICTURES = ["rgb-120x90.png", "rgb-13x9.png", "rgba-110x80.png", "grey-alpha-80x60.png"]

# Sizes of published models; one picture, of which digests are stored.
FULL = {
    "timm": Pipeline("timm", timm_config((224, 224), "bicubic", 0.875)),
    "clip": Pipeline("transformers", {**CLIP, "size": 224, "crop_size": 224}, "CLIP"),
    "vit": Pipeline("transformers", {**VIT, "size": 224}, "ViT"),
    "siglip": Pipeline("transformers", {**SIGLIP, "size": {"height": 224, "width": 224}}, "Siglip"),
    "dinov2": Pipeline(
        "transformers", {**BIT, "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, "Bit"
    ),
    "open-clip": Pipeline("open_clip", {}, size=224),
}


def _split(transform: Compose, picture: Image.Image, until: type | str) -> tuple[Tensor, Tensor]:
    """Bytes [rows, columns, 3] before the step `until`, and the end of it all."""
    names = [type(step).__name__ for step in transform.transforms]
    at = names.index(until)
    cropped = picture
    for step in transform.transforms[:at]:
        cropped = step(cropped)
    values = cropped
    for step in transform.transforms[at:]:
        values = step(values)
    return torch.from_numpy(numpy.array(cropped)), values


def run_timm(picture: Image.Image, pipeline: Pipeline) -> tuple[Tensor, Tensor]:
    """As timm's data sets do: the colors first."""
    data = resolve_data_config(pretrained_cfg=pipeline.file)
    return _split(create_transform(**data, is_training=False), picture.convert("RGB"), "MaybeToTensor")


def run_open_clip(picture: Image.Image, pipeline: Pipeline) -> tuple[Tensor, Tensor]:
    """As open_clip's data sets do: the picture as it was opened."""
    config = open_clip.transform.PreprocessCfg(size=pipeline.size, **pipeline.file)
    transform = open_clip.transform.image_transform_v2(config, is_train=False)
    return _split(transform, picture, "MaybeToTensor")


def run_transformers(picture: Image.Image, pipeline: Pipeline) -> tuple[Tensor, Tensor]:
    """The picture as it was opened where the processor converts colors, else in RGB."""
    kind = PROCESSORS[pipeline.processor]
    given = picture if kind.from_dict(pipeline.file).do_convert_rgb else picture.convert("RGB")

    def run(**changes: object) -> Tensor:
        return kind.from_dict({**pipeline.file, **changes})(given, return_tensors="pt")["pixel_values"][0]

    return run(do_rescale=False, do_normalize=False).permute(1, 2, 0).to(torch.uint8), run()


RUN: dict[str, Callable[[Image.Image, Pipeline], tuple[Tensor, Tensor]]] = {
    "timm": run_timm,
    "open_clip": run_open_clip,
    "transformers": run_transformers,
}


def describe(name: str, pipeline: Pipeline, pictures: list[str]) -> dict:
    """An entry of the index."""
    extra = {"size": pipeline.size} if pipeline.size else {}
    extra |= {"model_type": pipeline.processor.lower()} if pipeline.processor else {}
    return {"id": name, "library": pipeline.library, "file": pipeline.file, **extra, "pictures": pictures}


def small(golden: GoldenFile, names: list[str]) -> list[dict]:
    """Every picture through the small pipelines: all bytes, and every so many floats."""
    read = [name for name in names if name not in REFUSED]
    pictures = {name: read for name in MAIN} | {name: OPTION_PICTURES for name in OPTIONS}
    entries = []
    for name, pipeline in (MAIN | OPTIONS).items():
        stages = [RUN[pipeline.library](Image.open(FOLDER / file), pipeline) for file in pictures[name]]
        golden.add(f"{name}/bytes", torch.stack([cropped for cropped, _ in stages]))
        golden.add(f"{name}/values", torch.stack([values.flatten()[::STRIDE] for _, values in stages]).float())
        entries.append(describe(name, pipeline, pictures[name]))
    return entries


def full(path: Path) -> list[dict]:
    """A picture of a common size through the pipelines at theirs: the digest of the bytes."""
    photo(311, 237, 40).save(path)
    entries = []
    for name, pipeline in FULL.items():
        cropped, _ = RUN[pipeline.library](Image.open(path), pipeline)
        digest = hashlib.sha256(cropped.contiguous().numpy().tobytes()).hexdigest()
        entries.append({**describe(name, pipeline, [path.name]), "sha256": digest})
    return entries


def pillow_twins() -> list[dict]:
    """How far transformers' Pillow classes are from its default ones at 224 pixels: share of bytes, largest difference."""
    rows = []
    for default, twin in [(CLIPImageProcessor, CLIPImageProcessorPil), (ViTImageProcessor, ViTImageProcessorPil)]:
        for size in [(640, 480), (300, 500), (100, 80), (1000, 90)]:
            off = {"do_rescale": False, "do_normalize": False}
            runs = [kind(**off)(photo(*size, 50), return_tensors="np")["pixel_values"][0] for kind in (default, twin)]
            gap = numpy.abs(runs[0].astype(int) - runs[1].astype(int))
            share = round(float((gap > 0).mean()), 4)
            rows.append({"processor": default.__name__, "size": size, "share": share, "largest": int(gap.max())})
    return rows


def main() -> None:
    """Everything, anew."""
    golden = GoldenFile()
    entries = small(golden, save_pictures(FOLDER))
    index = {
        "files": golden.save(FOLDER, "pipelines"),
        "stride": STRIDE,
        "refused": sorted(REFUSED),
        "pipelines": entries,
        "pillow_twins": pillow_twins(),
        "full": full(FOLDER / "rgb-311x237.png"),
    }
    write_json(FOLDER / "pipelines.json", json.loads(json.dumps(index)))


if __name__ == "__main__":
    main()
