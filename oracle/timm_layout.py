"""timm's VisionTransformer: reading it from a Hub folder, and its weights by the names of ViT-Prisma."""

from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from vit_config import ViTConfig

ACTIVATION_NAMES = {"gelu": "gelu", "gelu_tanh": "gelu_new", "quick_gelu": "quick_gelu", "silu": "silu", "relu": "relu"}


def load_timm(folder: Path) -> nn.Module:
    """The model of a Hub folder, float32, as timm itself reads `config.json` and `model.safetensors`."""
    return timm.create_model(f"local-dir:{folder}", pretrained=True).eval()


def config_of(file: dict) -> ViTConfig:
    """Our configuration for a timm `config.json` whose sizes are all in `model_args`."""
    args = file["model_args"]
    size, width = args["img_size"], args["embed_dim"]
    return ViTConfig(
        n_layers=args["depth"],
        d_model=width,
        d_head=width // args["num_heads"],
        n_heads=args["num_heads"],
        d_mlp=int(width * args.get("mlp_ratio", 4)),
        n_channels=args["in_chans"],
        patch_size=args["patch_size"],
        image_size=(size, size) if isinstance(size, int) else tuple(size),
        n_classes=file["num_classes"],
        use_cls_token=args.get("class_token", True),
        activation_name=ACTIVATION_NAMES[args.get("act_layer", "gelu")],
        layer_norm_pre=args.get("pre_norm", False),
        classification_type={"token": "cls", "avg": "avg"}[file["global_pool"]],
    )


def weights_of(config: ViTConfig, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the names of ViT-Prisma; a bias that timm leaves out is zero."""
    final = "fc_norm" if config.classification_type == "avg" else "norm"
    weights = {
        "embed.proj.weight": state["patch_embed.proj.weight"],
        "embed.proj.bias": state.get("patch_embed.proj.bias", torch.zeros(config.d_model)),
        "pos_embed.W_pos": state["pos_embed"][0],
        "ln_final.w": state[f"{final}.weight"],
        "ln_final.b": state[f"{final}.bias"],
        "head.W_H": state["head.weight"].T,
        "head.b_H": state["head.bias"],
    }
    if config.use_cls_token:
        weights["cls_token"] = state["cls_token"]
    if config.layer_norm_pre:
        weights |= {"ln_pre.w": state["norm_pre.weight"], "ln_pre.b": state["norm_pre.bias"]}
    for layer in range(config.n_layers):
        weights |= _block_weights(config, state, f"blocks.{layer}")
    return weights


def _block_weights(config: ViTConfig, state: dict[str, Tensor], block: str) -> dict[str, Tensor]:
    heads, width, d_head = config.n_heads, config.d_model, config.d_head
    qkv = state[f"{block}.attn.qkv.weight"].reshape(3, heads, d_head, width).transpose(2, 3)  # [3, H, D, E]
    bias = state.get(f"{block}.attn.qkv.bias", torch.zeros(3 * heads * d_head)).reshape(3, heads, d_head)
    weights = {f"{block}.attn.W_{part}": qkv[i] for i, part in enumerate("QKV")}
    weights |= {f"{block}.attn.b_{part}": bias[i] for i, part in enumerate("QKV")}
    return weights | {
        f"{block}.attn.W_O": state[f"{block}.attn.proj.weight"].reshape(width, heads, d_head).permute(1, 2, 0),
        f"{block}.attn.b_O": state[f"{block}.attn.proj.bias"],
        f"{block}.ln1.w": state[f"{block}.norm1.weight"],
        f"{block}.ln1.b": state[f"{block}.norm1.bias"],
        f"{block}.ln2.w": state[f"{block}.norm2.weight"],
        f"{block}.ln2.b": state[f"{block}.norm2.bias"],
        f"{block}.mlp.W_in": state[f"{block}.mlp.fc1.weight"].T,
        f"{block}.mlp.b_in": state[f"{block}.mlp.fc1.bias"],
        f"{block}.mlp.W_out": state[f"{block}.mlp.fc2.weight"].T,
        f"{block}.mlp.b_out": state[f"{block}.mlp.fc2.bias"],
    }
