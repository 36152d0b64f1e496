"""Small random vision transformers whose shapes and options differ, with weights that leave no part idle."""

import math

import torch
from torch import Tensor

from vit_config import ViTConfig


def timm_file(seed: int, architecture: str = "vit_tiny_patch16_224", classes: int | None = None, **model_args: object) -> dict:
    """A `config.json` as timm writes it to the Hub, for an architecture with all sizes in `model_args`."""
    n_classes = 7 + seed if classes is None else classes
    size, channels = model_args["img_size"], model_args["in_chans"]
    input_size = [channels, size, size] if isinstance(size, int) else [channels, *size]
    return {
        "architecture": architecture,
        "num_classes": n_classes,
        "num_features": model_args["embed_dim"],
        "global_pool": model_args.get("global_pool", "token"),
        "model_args": model_args,
        "pretrained_cfg": {
            "input_size": input_size,
            "mean": [0.5] * channels,
            "std": [0.25] * channels,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "num_classes": n_classes,
            "first_conv": "patch_embed.proj",
            "classifier": "head",
        },
    }


TIMM_MODELS: dict[str, dict] = {
    "timm-cls": timm_file(0, img_size=24, patch_size=8, in_chans=3, embed_dim=36, depth=3, num_heads=3),
    "timm-avg": timm_file(
        1,
        img_size=[24, 40],
        patch_size=8,
        in_chans=1,
        embed_dim=28,
        depth=2,
        num_heads=4,
        class_token=False,
        global_pool="avg",
    ),
    "timm-pre-norm": timm_file(
        2,
        img_size=[32, 16],
        patch_size=8,
        in_chans=3,
        embed_dim=32,
        depth=4,
        num_heads=2,
        mlp_ratio=2,
        qkv_bias=False,
        pre_norm=True,
        act_layer="quick_gelu",
    ),
    # CLS and registers without positions, layer scale, SwiGLU: what the architecture adds is not in model_args.
    "timm-dinov2": timm_file(
        3,
        "vit_giant_patch14_reg4_dinov2",
        classes=5,
        img_size=12,
        patch_size=4,
        in_chans=2,
        embed_dim=24,
        depth=2,
        num_heads=2,
        reg_tokens=2,
    ),
    # No CLS, a register with a position, norm before the mean, layer scale, no qkv bias.
    "timm-gap": timm_file(
        4,
        "vit_medium_patch16_gap_240",
        classes=6,
        img_size=[8, 12],
        patch_size=4,
        in_chans=1,
        embed_dim=24,
        depth=2,
        num_heads=3,
        mlp_ratio=2.67,
        reg_tokens=1,
        global_pool="avg",
    ),
    "timm-siglip": timm_file(
        5,
        "vit_base_patch32_siglip_256",
        classes=0,
        img_size=[12, 8],
        patch_size=4,
        in_chans=1,
        embed_dim=24,
        depth=2,
        num_heads=2,
        global_pool="map",
        act_layer="gelu_tanh",
    ),
    "timm-distilled": timm_file(
        6,
        "deit_tiny_distilled_patch16_224",
        classes=5,
        img_size=8,
        patch_size=4,
        in_chans=1,
        embed_dim=24,
        depth=1,
        num_heads=2,
    ),
    "timm-clip": timm_file(
        7,
        "vit_base_patch32_clip_quickgelu_224",
        classes=5,
        img_size=8,
        patch_size=4,
        in_chans=1,
        embed_dim=24,
        depth=1,
        num_heads=2,
        act_layer="quick_gelu",
    ),
}

PRISMA_MODELS: dict[str, ViTConfig] = {
    "prisma-attn-only": ViTConfig(
        n_layers=2,
        d_model=24,
        d_head=8,
        n_heads=3,
        d_mlp=96,
        n_channels=3,
        patch_size=4,
        image_size=(8, 12),
        n_classes=5,
        attn_only=True,
        classification_type="gaap",
    ),
    "prisma-no-norm": ViTConfig(
        n_layers=2,
        d_model=20,
        d_head=6,
        n_heads=2,
        d_mlp=28,
        n_channels=1,
        patch_size=5,
        image_size=(15, 10),
        n_classes=4,
        normalization_type=None,
        activation_name="gelu_new",
        use_attn_scale=False,
    ),
    "prisma-ln-pre": ViTConfig(
        n_layers=2,
        d_model=16,
        d_head=4,
        n_heads=4,
        d_mlp=24,
        n_channels=2,
        patch_size=2,
        image_size=(6, 4),
        n_classes=6,
        use_cls_token=False,
        normalization_type="LNPre",
        layer_norm_pre=True,
        activation_name="silu",
        eps=1e-5,
        classification_type="gaap",
        return_type="pre_logits",
        normalize_output=True,
    ),
}


def random_state(shapes: dict[str, tuple[int, ...]], fan_in: dict[str, int], seed: int) -> dict[str, Tensor]:
    """
    Normal values by name: matrices with a gain of 1.3 over their `fan_in`, norm weights about 1, anything else 0.3.
    Attention is then far from uniform, and no bias, position or token is zero.
    """
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        noise = torch.randn(shape, generator=generator)
        if name in fan_in:
            state[name] = noise * (1.3 / math.sqrt(fan_in[name]))
        else:
            is_norm_weight = name.endswith(".w") or (name.endswith("weight") and len(shape) == 1)
            state[name] = 1 + 0.2 * noise if is_norm_weight else 0.3 * noise
    return state


def random_timm_state(state: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Random values in the shapes of a timm state dict."""
    shapes = {name: tuple(x.shape) for name, x in state.items()}
    matrices = {
        name: math.prod(shape[1:]) for name, shape in shapes.items() if name.endswith("weight") and len(shape) > 1
    }
    return random_state(shapes, matrices, seed)


def random_prisma_weights(config: ViTConfig, seed: int) -> dict[str, Tensor]:
    """Random weights by the names of ViT-Prisma."""
    shapes = prisma_shapes(config)
    fan_in = {
        "embed.proj.weight": config.n_channels * config.patch_size**2,
        "head.W_H": config.d_model,
    }
    for layer in range(config.n_layers):
        fan_in |= {f"blocks.{layer}.attn.W_{part}": config.d_model for part in "QKV"}
        fan_in[f"blocks.{layer}.attn.W_O"] = config.n_heads * config.d_head
        fan_in |= {f"blocks.{layer}.mlp.W_in": config.d_model, f"blocks.{layer}.mlp.W_out": config.d_mlp}
    return random_state(shapes, fan_in, seed)


def prisma_shapes(config: ViTConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters that a model of `config` has."""
    width, channels, p = config.d_model, config.n_channels, config.patch_size
    shapes: dict[str, tuple[int, ...]] = {"cls_token": (1, 1, width)} if config.use_cls_token else {}
    shapes |= {
        "embed.proj.weight": (width, channels, p, p),
        "embed.proj.bias": (width,),
        "pos_embed.W_pos": (config.n_tokens, width),
    }
    norms = ["ln_pre"] if config.layer_norm_pre else []
    for layer in range(config.n_layers):
        shapes |= _block_shapes(config, f"blocks.{layer}")
        norms += [f"blocks.{layer}.ln1"] if config.attn_only else [f"blocks.{layer}.ln1", f"blocks.{layer}.ln2"]
    if config.normalization_type == "LN":
        shapes |= {f"{norm}.{part}": (width,) for norm in [*norms, "ln_final"] for part in "wb"}
    if config.return_type != "pre_logits":
        shapes |= {"head.W_H": (width, config.n_classes), "head.b_H": (config.n_classes,)}
    return shapes


def _block_shapes(config: ViTConfig, block: str) -> dict[str, tuple[int, ...]]:
    heads, width, d_head, d_mlp = config.n_heads, config.d_model, config.d_head, config.d_mlp
    shapes: dict[str, tuple[int, ...]] = {f"{block}.attn.W_{part}": (heads, width, d_head) for part in "QKV"}
    shapes |= {f"{block}.attn.b_{part}": (heads, d_head) for part in "QKV"}
    shapes |= {f"{block}.attn.W_O": (heads, d_head, width), f"{block}.attn.b_O": (width,)}
    if config.attn_only:
        return shapes
    return shapes | {
        f"{block}.mlp.W_in": (width, d_mlp),
        f"{block}.mlp.b_in": (d_mlp,),
        f"{block}.mlp.W_out": (d_mlp, width),
        f"{block}.mlp.b_out": (width,),
    }
