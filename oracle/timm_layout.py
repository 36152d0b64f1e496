"""timm's VisionTransformer: reading it from a Hub folder, and its weights by the names of ViT-Prisma."""

from pathlib import Path

import timm
import torch
from timm.layers import GluMlp
from torch import Tensor, nn

from vit_config import ViTConfig

ACTIVATION_NAMES = {"gelu": "gelu", "gelu_tanh": "gelu_new", "quick_gelu": "quick_gelu", "silu": "silu", "relu": "relu"}


def load_timm(folder: Path) -> nn.Module:
    """The model of a Hub folder, float32, as timm itself reads `config.json` and `model.safetensors`."""
    return timm.create_model(f"local-dir:{folder}", pretrained=True).eval()


def config_of(file: dict, model: nn.Module) -> ViTConfig:
    """Our configuration for timm's `model` of a `config.json` whose sizes are all in `model_args`."""
    args = file["model_args"]
    size, width = args["img_size"], args["embed_dim"]
    gated = isinstance(model.blocks[0].mlp, GluMlp)
    distilled = hasattr(model, "dist_token")
    pool = {"token": "cls", "avg": "avg", "map": "map"}[model.global_pool]
    return ViTConfig(
        n_layers=args["depth"],
        d_model=width,
        d_head=width // args["num_heads"],
        n_heads=args["num_heads"],
        d_mlp=model.blocks[0].mlp.fc2.in_features,
        n_channels=args["in_chans"],
        patch_size=args["patch_size"],
        image_size=(size, size) if isinstance(size, int) else tuple(size),
        n_classes=max(file["num_classes"], 1),
        return_type="class_logits" if file["num_classes"] > 0 else "pre_logits",
        use_cls_token=model.cls_token is not None,
        use_dist_token=distilled,
        n_registers=model.num_reg_tokens,
        activation_name="silu" if gated else ACTIVATION_NAMES[args.get("act_layer", "gelu")],
        eps=model.blocks[0].norm1.eps,
        layer_norm_pre=isinstance(model.norm_pre, nn.LayerNorm),
        gated_mlp=gated,
        classification_type="distilled" if distilled else pool,
        fc_norm=pool == "avg" and isinstance(model.fc_norm, nn.LayerNorm),
    )


def weights_of(config: ViTConfig, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the names of ViT-Prisma; a bias that timm leaves out is zero."""
    final = "fc_norm" if config.fc_norm else "norm"
    positions = state["pos_embed"][0]
    weights = {
        "embed.proj.weight": state["patch_embed.proj.weight"],
        "embed.proj.bias": state.get("patch_embed.proj.bias", torch.zeros(config.d_model)),
        # Where tokens before the patches have no position, theirs is zero.
        "pos_embed.W_pos": torch.cat([torch.zeros(config.n_tokens - len(positions), config.d_model), positions]),
        "ln_final.w": state[f"{final}.weight"],
        "ln_final.b": state[f"{final}.bias"],
    }
    weights |= {name: state[name] for name in ("cls_token", "dist_token", "reg_token") if name in state}
    for head in ("head", "head_dist"):
        if f"{head}.weight" in state:
            weights |= {f"{head}.W_H": state[f"{head}.weight"].T, f"{head}.b_H": state[f"{head}.bias"]}
    if config.classification_type == "map":
        weights |= _pool_weights(config, state)
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
    ones = torch.ones(width)
    attn_scale, mlp_scale = (state.get(f"{block}.ls{i}.gamma", ones).double() for i in (1, 2))
    out = state[f"{block}.attn.proj.weight"].reshape(width, heads, d_head).permute(1, 2, 0)
    return weights | _mlp_weights(config, state, f"{block}.mlp", mlp_scale) | {
        # Layer scale is part of what writes; folded in float64.
        f"{block}.attn.W_O": out * attn_scale,
        f"{block}.attn.b_O": state[f"{block}.attn.proj.bias"] * attn_scale,
        f"{block}.ln1.w": state[f"{block}.norm1.weight"],
        f"{block}.ln1.b": state[f"{block}.norm1.bias"],
        f"{block}.ln2.w": state[f"{block}.norm2.weight"],
        f"{block}.ln2.b": state[f"{block}.norm2.bias"],
    }


def _mlp_weights(config: ViTConfig, state: dict[str, Tensor], mlp: str, scale: Tensor) -> dict[str, Tensor]:
    """Of a gated MLP the first half of `fc1` is the gate."""
    into, bias = state[f"{mlp}.fc1.weight"].T, state[f"{mlp}.fc1.bias"]
    weights = {f"{mlp}.W_out": state[f"{mlp}.fc2.weight"].T * scale, f"{mlp}.b_out": state[f"{mlp}.fc2.bias"] * scale}
    if into.shape[1] == config.d_mlp:
        return weights | {f"{mlp}.W_in": into, f"{mlp}.b_in": bias}
    for part, (w, b) in {"gate": (into[:, : config.d_mlp], bias[: config.d_mlp]), "in": (into[:, config.d_mlp :], bias[config.d_mlp :])}.items():
        weights |= {f"{mlp}.W_{part}": w, f"{mlp}.b_{part}": b}
    return weights


def _pool_weights(config: ViTConfig, state: dict[str, Tensor]) -> dict[str, Tensor]:
    heads, width, d_head = config.n_heads, config.d_model, config.d_head
    linear = torch.cat([state["attn_pool.q.weight"], state["attn_pool.kv.weight"]])
    qkv = linear.reshape(3, heads, d_head, width).transpose(2, 3)  # [3, H, D, E]
    bias = torch.cat([state["attn_pool.q.bias"], state["attn_pool.kv.bias"]]).reshape(3, heads, d_head)
    weights = {f"attn_pool.W_{part}": qkv[i] for i, part in enumerate("QKV")}
    weights |= {f"attn_pool.b_{part}": bias[i] for i, part in enumerate("QKV")}
    return weights | _mlp_weights(config, state, "attn_pool.mlp", torch.ones(1)) | {
        "attn_pool.latent": state["attn_pool.latent"],
        "attn_pool.W_O": state["attn_pool.proj.weight"].reshape(width, heads, d_head).permute(1, 2, 0),
        "attn_pool.b_O": state["attn_pool.proj.bias"],
        "attn_pool.ln.w": state["attn_pool.norm.weight"],
        "attn_pool.ln.b": state["attn_pool.norm.bias"],
    }
