"""Writes the golden sets of vision transformers: small random ones, and the trained garment-scenes-vit."""

import json
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor

from check_timm import assert_agrees_with_timm
from golden_files import write_safetensors
from pictures import read_pictures
from random_models import PRISMA_MODELS, TIMM_MODELS, random_prisma_weights, random_timm_state
from timm_layout import config_of, load_timm, weights_of
from vit_config import ViTConfig
from vit_golden import write_fingerprints, write_vit_golden

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "packages/vit/test/golden"
TRAINED = "apps/demo/public/models/garment-scenes-vit"
BATCH = 2
TRAINED_SCENES = 16

# Hooks that hold more than the residual stream, per head or per neuron.
WIDE_HOOKS = (
    "hook_attn_in",
    "hook_q_input",
    "hook_k_input",
    "hook_v_input",
    "attn.hook_result",
    "mlp.hook_pre",
    "mlp.hook_post",
)


def random_images(config: ViTConfig, seed: int) -> Tensor:
    """Standard normal pixels [B, channels, rows, columns]."""
    shape = (BATCH, config.n_channels, *config.image_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1000 + seed))


def make_timm_model(name: str, file: dict, seed: int) -> None:
    """A random model as timm would publish it, and its golden set."""
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(file, indent=1) + "\n")
    template = timm.create_model(file["architecture"], num_classes=file["num_classes"], **file["model_args"])
    write_safetensors(folder / "model.safetensors", random_timm_state(template.state_dict(), seed), {"format": "pt"})
    config = config_of(file, template)
    images = random_images(config, seed)
    weights = checked_timm_weights(folder, config, images)
    write_vit_golden(folder, config, weights, images, (1, config.n_classes - 1), model=".")


def checked_timm_weights(folder: Path, config: ViTConfig, images: Tensor) -> dict[str, Tensor]:
    """Weights by our names, once our reference gives with them what timm gives with the folder."""
    weights = weights_of(config, load_file(folder / "model.safetensors"))
    worst = assert_agrees_with_timm(load_timm(folder), config, weights, images)
    print(f"{folder.name}: agrees with timm to {worst:.1e} in float64")
    return weights


def make_prisma_model(name: str, config: ViTConfig, seed: int) -> None:
    """A random model in our own layout, and its golden set."""
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config.to_json(), indent=1) + "\n")
    weights = random_prisma_weights(config, seed)
    write_safetensors(folder / "model.safetensors", weights, {"format": "pt"})
    write_vit_golden(folder, config, weights, random_images(config, seed), (0, 3), model=".")


def make_trained_model() -> None:
    """
    All TRAINED_SCENES by fingerprints of every hook; one of them by whole tensors too, but for WIDE_HOOKS,
    which would not be small.
    """
    model, folder = ROOT / TRAINED, GOLDEN / "garment-scenes-vit"
    folder.mkdir(parents=True, exist_ok=True)
    config = config_of(json.loads((model / "config.json").read_text()), load_timm(model))
    scenes = json.loads((model / "scenes/scenes.json").read_text())[:TRAINED_SCENES]
    images = read_pictures(model, [model / "scenes" / scene["file"] for scene in scenes])
    weights = checked_timm_weights(model, config, images)
    classes = (scenes[0]["label"], scenes[0]["other"])
    names = [scene["file"] for scene in scenes]
    write_vit_golden(folder, config, weights, images[:1], classes, leave_out=WIDE_HOOKS, model=TRAINED, scenes=names)
    write_fingerprints(folder, config, weights, images, classes)


def main() -> None:
    """Everything, anew."""
    torch.set_num_threads(1)  # so that float32's errors, too, are the same in every run
    for seed, (name, file) in enumerate(TIMM_MODELS.items()):
        make_timm_model(name, file, seed)
    for seed, (name, config) in enumerate(PRISMA_MODELS.items()):
        make_prisma_model(name, config, 100 + seed)
    make_trained_model()


if __name__ == "__main__":
    main()
