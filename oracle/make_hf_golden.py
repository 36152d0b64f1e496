"""Writes the golden sets of small random vision models of transformers and open_clip, saved as the libraries save them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig, CLIPVisionModelWithProjection, DeiTConfig, DeiTForImageClassificationWithTeacher, Dinov2Config, Dinov2Model,
    Dinov2WithRegistersConfig, Dinov2WithRegistersModel, PreTrainedModel, SiglipVisionConfig, SiglipVisionModel, ViTConfig as HfViTConfig,
    ViTForImageClassification,
)  # fmt: skip

import hf_layout
from golden_files import GoldenFile, write_json, write_safetensors
from make_vit_golden import GOLDEN, random_images
from random_models import random_state
from vit_config import ViTConfig
from vit_golden import write_vit_golden
from vit_reference import VitReference

TOLERANCE = 1e-10
SIZES = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40, "num_channels": 1}
# DINOv2 has a ratio in place of the width.
WITHOUT_MLP = {name: value for name, value in SIZES.items() if name != "intermediate_size"}
SHARED = {"n_layers": 2, "d_model": 24, "n_heads": 3, "d_head": 8, "d_mlp": 40, "n_channels": 1}
PICTURES = {
    "do_resize": True, "size": {"height": 8, "width": 12}, "resample": 2, "do_rescale": True, "rescale_factor": 1 / 255,
    "do_normalize": True, "image_mean": [0.5], "image_std": [0.25], "image_processor_type": "ViTImageProcessor",
}  # fmt: skip


@dataclass
class Set:
    """A library's model, its configuration by our names, and its weights by ViT-Prisma's."""

    model: nn.Module
    config: ViTConfig
    weights: Callable[[ViTConfig, dict[str, Tensor]], dict[str, Tensor]]
    output: Callable[[object], Tensor]


def cls_of(output: object) -> Tensor:
    return output.last_hidden_state[:, 0]


def transformers_sets() -> dict[str, Set]:
    """Each option of a configuration is away from its default somewhere."""
    labels = {0: "cat", 1: "dog <b>", 2: "crane"}
    size = {"image_size": (8, 12), "patch_size": 4}
    ours = {"image_size": (8, 12), "patch_size": 4}
    return {
        # Somebody's fine-tune: three labels, no biases of queries, keys and values.
        "hf-vit": Set(
            ViTForImageClassification(
                HfViTConfig(**SIZES, **size, qkv_bias=False, layer_norm_eps=1e-3, hidden_act="quick_gelu", id2label=labels)
            ),
            ViTConfig(**SHARED, **ours, n_classes=3, eps=1e-3, activation_name="quick_gelu"),
            hf_layout.vit_weights,
            lambda output: output.logits,
        ),
        "hf-deit": Set(
            DeiTForImageClassificationWithTeacher(DeiTConfig(**SIZES, **size, num_labels=4)),
            ViTConfig(**SHARED, **ours, n_classes=4, eps=1e-12, use_dist_token=True, classification_type="distilled"),
            hf_layout.vit_weights,
            lambda output: output.logits,
        ),
        "hf-dinov2": Set(
            Dinov2Model(Dinov2Config(**WITHOUT_MLP, mlp_ratio=2, image_size=8, patch_size=4, layerscale_value=0.3)),
            ViTConfig(**SHARED | {"d_mlp": 48}, image_size=(8, 8), patch_size=4, n_classes=1, return_type="pre_logits"),
            hf_layout.dinov2_weights,
            cls_of,
        ),
        "hf-dinov2-registers": Set(
            Dinov2WithRegistersModel(
                Dinov2WithRegistersConfig(**WITHOUT_MLP, mlp_ratio=2, image_size=8, patch_size=4, num_register_tokens=2, use_swiglu_ffn=True)
            ),
            ViTConfig(
                **SHARED | {"d_mlp": 32}, image_size=(8, 8), patch_size=4, n_classes=1, return_type="pre_logits", n_registers=2,
                gated_mlp=True, activation_name="silu",
            ),
            hf_layout.dinov2_weights,
            cls_of,
        ),
        "hf-clip": Set(
            CLIPVisionModelWithProjection(CLIPVisionConfig(**SIZES, image_size=8, patch_size=4, projection_dim=6, hidden_act="gelu")),
            ViTConfig(**SHARED, image_size=(8, 8), patch_size=4, n_classes=6, layer_norm_pre=True, eps=1e-5),
            hf_layout.clip_weights,
            lambda output: output.image_embeds,
        ),
        "hf-siglip": Set(
            SiglipVisionModel(SiglipVisionConfig(**SIZES, image_size=8, patch_size=4)),
            ViTConfig(
                **SHARED, image_size=(8, 8), patch_size=4, n_classes=1, use_cls_token=False, classification_type="map",
                return_type="pre_logits", activation_name="gelu_new",
            ),
            hf_layout.siglip_weights,
            lambda output: output.pooler_output,
        ),
    }  # fmt: skip


def randomize(model: nn.Module, seed: int) -> None:
    """As the other random models: nothing is 0 or 1, attention far from uniform."""
    state = {name: x for name, x in model.state_dict().items() if x.dtype.is_floating_point}
    shapes = {name: tuple(x.shape) for name, x in state.items()}
    fan_in = {n: int(torch.tensor(s[1:]).prod()) for n, s in shapes.items() if n.endswith("weight") and len(s) > 1 and "position" not in n}
    values = random_state(shapes, fan_in, seed)
    for name in (n for n in values if "lambda1" in n or n.endswith("gamma")):
        values[name] = 0.5 + values[name]
    model.load_state_dict(values, strict=False)


def library_activations(model: nn.Module, images: Tensor, output: Callable[[object], Tensor]) -> dict[str, Tensor]:
    """What transformers shows of itself, by our names."""
    # Its attention written out has a softmax in float32, so patterns are held by what they lead to.
    model.set_attn_implementation("sdpa")
    with torch.no_grad():
        found = model(pixel_values=images, output_hidden_states=True)
    first, *rest = found.hidden_states
    shown = {"blocks.0.hook_resid_pre": first, "output": output(found)}
    return shown | {f"blocks.{layer}.hook_resid_post": x for layer, x in enumerate(rest)}


def assert_agrees(name: str, one: Set, weights: dict[str, Tensor], images: Tensor, shown: dict[str, Tensor]) -> None:
    reference = VitReference(one.config, {key: x.double() for key, x in weights.items()})
    ours = {"output": reference(images.double()), **reference.activations}
    worst = max((ours[key] - x).abs().max().item() for key, x in shown.items())
    assert worst < TOLERANCE, f"{name} differs from its library by {worst}"
    print(f"{name}: agrees with its library to {worst:.1e} in float64 at {len(shown)} places")


def write_set(name: str, one: Set, images: Tensor, shown: dict[str, Tensor]) -> None:
    folder = GOLDEN / name
    state = {key: x for file in folder.glob("*model*.safetensors") for key, x in load_file(file).items()}
    weights = one.weights(one.config, state)
    assert_agrees(name, one, weights, images, shown)
    classes = (1, one.config.n_classes - 1 if one.config.return_type == "class_logits" else one.config.d_model - 1)
    write_vit_golden(folder, one.config, weights, images, classes, model=".")


def make_transformers(name: str, one: Set, seed: int) -> None:
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    model: PreTrainedModel = one.model.eval()
    randomize(model, seed)
    # One is saved in parts.
    model.save_pretrained(folder, max_shard_size="24KB" if name == "hf-deit" else "5GB")
    rows, columns = one.config.image_size
    write_json(folder / "preprocessor_config.json", {**PICTURES, "size": {"height": rows, "width": columns}})
    images = random_images(one.config, seed)
    shown = library_activations(model.double(), images.double(), one.output)
    write_set(name, one, images, shown)
    if "dinov2" in name:
        write_resized(folder, model, 400 + seed)


def write_resized(folder: Path, model: PreTrainedModel, seed: int) -> None:
    """CLS after the final norm for pictures of another size, which DINOv2's library takes as they come; `model` is in float64."""
    images = torch.randn((2, 1, 12, 20), generator=torch.Generator().manual_seed(seed))
    file = GoldenFile()
    file.add("input", images)
    with torch.no_grad():
        exact = cls_of(model(pixel_values=images.double()))
        file.add("output", exact, cls_of(model.float()(pixel_values=images)))
    file.save(folder, "resized")


def make_open_clip(seed: int) -> None:
    """A pair's file, of which the tower of pictures is read; with layer scale, exact GELU by its tanh form."""
    folder = GOLDEN / "open-clip"
    folder.mkdir(parents=True, exist_ok=True)
    tower = {"image_size": 8, "layers": 2, "width": 24, "head_width": 8, "patch_size": 4, "mlp_ratio": 2, "ls_init_value": 0.5}
    text = {"context_length": 6, "vocab_size": 20, "width": 8, "heads": 2, "layers": 1}
    cfg = {"embed_dim": 6, "vision_cfg": tower, "text_cfg": text}
    model = open_clip.model.CLIP(**cfg).eval()
    randomize(model, seed)
    write_safetensors(folder / "open_clip_model.safetensors", {k: x.contiguous() for k, x in model.state_dict().items()}, {"format": "pt"})
    pictures = {"mean": [0.5] * 3, "std": [0.25] * 3, "interpolation": "bicubic", "resize_mode": "shortest"}
    write_json(folder / "open_clip_config.json", {"model_cfg": cfg, "preprocess_cfg": pictures})
    config = ViTConfig(
        **SHARED | {"d_mlp": 48, "n_channels": 3}, image_size=(8, 8), patch_size=4, n_classes=6, layer_norm_pre=True, eps=1e-5
    )
    images = random_images(config, seed)
    shown: dict[str, Tensor] = {}
    for layer, block in enumerate(model.visual.transformer.resblocks):
        block.register_forward_hook(lambda _m, _i, out, layer=layer: shown.__setitem__(f"blocks.{layer}.hook_resid_post", out.detach()))
    with torch.no_grad():
        shown["output"] = model.double().encode_image(images.double())
    write_set("open-clip", Set(model, config, hf_layout.open_clip_weights, cls_of), images, shown)


def main() -> None:
    torch.set_num_threads(1)
    for seed, (name, one) in enumerate(transformers_sets().items()):
        make_transformers(name, one, 200 + seed)
    make_open_clip(300)


if __name__ == "__main__":
    main()
