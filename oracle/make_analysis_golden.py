"""Writes the golden files of analyses, for the models of make_vit_golden.py."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from analysis_attribution import Readout, Target, attribute, lens
from golden_files import GoldenFile
from random_models import PRISMA_MODELS, TIMM_MODELS
from timm_layout import config_of, load_timm, weights_of
from vit_config import ViTConfig

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "packages/vit/test/golden"
GOLDEN = ROOT / "packages/analysis/test/golden"
TRAINED = "garment-scenes-vit"
TRAINED_SCENES = 2


def open_model(name: str) -> tuple[ViTConfig, dict[str, Tensor]]:
    """Configuration and float32 weights of a random model or of the trained one."""
    folder = ROOT / "apps/demo/public/models" / name if name == TRAINED else MODELS / name
    file, state = json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")
    if "nLayers" in file:
        return ViTConfig.from_json(file), state
    config = config_of(file, load_timm(folder))
    return config, weights_of(config, state)


def input_of(name: str) -> Tensor:
    """The images of the model's own golden set; of the trained model, the first scenes."""
    stem = "fingerprints" if name == TRAINED else "activations"
    files = map(load_file, sorted((MODELS / name).glob(f"{stem}*.safetensors")))
    images = next(tensors["input"] for tensors in files if "input" in tensors)
    return images[:TRAINED_SCENES] if name == TRAINED else images


def in_dtype(x: dict[str, Tensor] | Tensor, dtype: torch.dtype) -> dict[str, Tensor] | Tensor:
    """The same values as `dtype`."""
    return {name: one.to(dtype) for name, one in x.items()} if isinstance(x, dict) else x.to(dtype)


def write_attribution(name: str, pair: Target, alone: Target) -> None:
    """Both targets split in every way, and both lenses."""
    config, weights = open_model(name)
    images = input_of(name)
    results: list[dict[str, Tensor]] = []
    for dtype in (torch.float64, torch.float32):
        readout = Readout(config, in_dtype(weights, dtype), in_dtype(images, dtype))
        splits = {"pair": attribute(readout, pair), "alone": attribute(readout, alone)}
        values = {f"{kind}.{part}": x for kind, split in splits.items() for part, x in split.items()}
        results.append(values | {f"lens.{kind}": x for kind, x in lens(readout).items()})
    file = GoldenFile()
    file.add("input", images)
    for key, exact in results[0].items():
        file.add(key, exact, results[1][key])
    file.save(GOLDEN, f"attribution-{name}")


def main() -> None:
    """Everything, anew."""
    torch.set_num_threads(1)  # so that float32's errors, too, are the same in every run
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in (*TIMM_MODELS, *PRISMA_MODELS):
        write_attribution(name, pair=(2, 0), alone=(1, None))
    write_attribution(TRAINED, pair=(3, 1), alone=(8, None))


if __name__ == "__main__":
    main()
