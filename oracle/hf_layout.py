"""Vision towers of transformers and open_clip: their weights by the names of ViT-Prisma."""

import torch
from torch import Tensor

from vit_config import ViTConfig

# Names of a block's parts by layout: norms, queries/keys/values (or one tensor of all), output, MLP, layer scale.
BLOCKS: dict[str, dict[str, object]] = {
    "vit": {
        "ln1": "layernorm_before", "ln2": "layernorm_after",
        "qkv": ["attention.attention.query", "attention.attention.key", "attention.attention.value"],
        "out": "attention.output.dense", "fc1": "intermediate.dense", "fc2": "output.dense",
    },
    "dinov2": {
        "ln1": "norm1", "ln2": "norm2",
        "qkv": ["attention.attention.query", "attention.attention.key", "attention.attention.value"],
        "out": "attention.output.dense", "fc1": "mlp.fc1", "fc2": "mlp.fc2",
        "scales": ("layer_scale1.lambda1", "layer_scale2.lambda1"),
    },
    "clip": {
        "ln1": "layer_norm1", "ln2": "layer_norm2",
        "qkv": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
        "out": "self_attn.out_proj", "fc1": "mlp.fc1", "fc2": "mlp.fc2",
    },
    "open_clip": {
        "ln1": "ln_1", "ln2": "ln_2", "qkv": "attn.in_proj", "out": "attn.out_proj", "fc1": "mlp.c_fc", "fc2": "mlp.c_proj",
        "scales": ("ls_1.gamma", "ls_2.gamma"),
    },
}  # fmt: skip
BLOCKS["dinov2-gated"] = BLOCKS["dinov2"] | {"fc1": "mlp.weights_in", "fc2": "mlp.weights_out"}

State = dict[str, Tensor]


def norm(state: State, name: str, to: str) -> State:
    return {f"{to}.w": state[f"{name}.weight"], f"{to}.b": state[f"{name}.bias"]}


def heads_of(config: ViTConfig, parts: list[tuple[Tensor, Tensor]], to: str) -> State:
    """Matrices [H E, D] and biases [H E] of queries, keys and values, head by head."""
    heads, width, d_head = config.n_heads, config.d_model, config.d_head
    weights = {}
    for letter, (matrix, bias) in zip("QKV", parts):
        weights[f"{to}.W_{letter}"] = matrix.reshape(heads, d_head, width).transpose(1, 2)
        weights[f"{to}.b_{letter}"] = bias.reshape(heads, d_head)
    return weights


def block_weights(config: ViTConfig, state: State, block: str, to: str, names: dict) -> State:
    """A block's weights; layer scale is folded in float64."""
    heads, width, d_head = config.n_heads, config.d_model, config.d_head
    zeros, ones = torch.zeros(heads * d_head), torch.ones(width)
    if isinstance(names["qkv"], str):
        fused = f"{block}.{names['qkv']}"
        parts = list(zip(state[f"{fused}_weight"].chunk(3), state[f"{fused}_bias"].chunk(3)))
    else:
        layers = [f"{block}.{name}" for name in names["qkv"]]
        parts = [(state[f"{layer}.weight"], state.get(f"{layer}.bias", zeros)) for layer in layers]
    attn_scale, mlp_scale = (
        state.get(f"{block}.{name}", ones).double() for name in names.get("scales", ("no", "no"))
    )
    out, into, mlp = (f"{block}.{names[part]}" for part in ("out", "fc1", "fc2"))
    weights = heads_of(config, parts, f"{to}.attn") | norm(state, f"{block}.{names['ln1']}", f"{to}.ln1")
    weights |= norm(state, f"{block}.{names['ln2']}", f"{to}.ln2") | {
        f"{to}.attn.W_O": state[f"{out}.weight"].reshape(width, heads, d_head).permute(1, 2, 0) * attn_scale,
        f"{to}.attn.b_O": state[f"{out}.bias"] * attn_scale,
        f"{to}.mlp.W_out": state[f"{mlp}.weight"].T * mlp_scale,
        f"{to}.mlp.b_out": state[f"{mlp}.bias"] * mlp_scale,
    }
    letters = ("gate", "in") if config.gated_mlp else ("in",)
    for letter, w, b in zip(letters, state[f"{into}.weight"].chunk(len(letters)), state[f"{into}.bias"].chunk(len(letters))):
        weights |= {f"{to}.mlp.W_{letter}": w.T, f"{to}.mlp.b_{letter}": b}
    return weights


def encoder(config: ViTConfig, state: State, prefix: str, layout: str) -> State:
    weights: State = {}
    for layer in range(config.n_layers):
        weights |= block_weights(config, state, f"{prefix}.{layer}", f"blocks.{layer}", BLOCKS[layout])
    return weights


def head(state: State, name: str, to: str = "head") -> State:
    matrix = state[f"{name}.weight"].T
    return {f"{to}.W_H": matrix, f"{to}.b_H": state.get(f"{name}.bias", torch.zeros(matrix.shape[1]))}


def vit_weights(config: ViTConfig, state: State) -> State:
    """ViT and DeiT."""
    prefix = next((p for p in ("vit.", "deit.") if f"{p}embeddings.cls_token" in state), "")
    embed = f"{prefix}embeddings"
    weights = {
        "cls_token": state[f"{embed}.cls_token"],
        "embed.proj.weight": state[f"{embed}.patch_embeddings.projection.weight"],
        "embed.proj.bias": state[f"{embed}.patch_embeddings.projection.bias"],
        "pos_embed.W_pos": state[f"{embed}.position_embeddings"][0],
        **norm(state, f"{prefix}layernorm", "ln_final"),
        **encoder(config, state, f"{prefix}encoder.layer", "vit"),
    }
    if config.use_dist_token:
        weights["dist_token"] = state[f"{embed}.distillation_token"]
    for name, to in (("classifier", "head"), ("cls_classifier", "head"), ("distillation_classifier", "head_dist")):
        if f"{name}.weight" in state:
            weights |= head(state, name, to)
    return weights


def dinov2_weights(config: ViTConfig, state: State) -> State:
    positions = state["embeddings.position_embeddings"][0]
    weights = {
        "cls_token": state["embeddings.cls_token"],
        "embed.proj.weight": state["embeddings.patch_embeddings.projection.weight"],
        "embed.proj.bias": state["embeddings.patch_embeddings.projection.bias"],
        # Registers have no position.
        "pos_embed.W_pos": torch.cat([positions[:1], torch.zeros(config.n_registers, config.d_model), positions[1:]]),
        **norm(state, "layernorm", "ln_final"),
        **encoder(config, state, "encoder.layer", "dinov2-gated" if config.gated_mlp else "dinov2"),
    }
    return weights | ({"reg_token": state["embeddings.register_tokens"]} if config.n_registers else {})


def clip_weights(config: ViTConfig, state: State) -> State:
    prefix = "vision_model." if "vision_model.embeddings.class_embedding" in state else ""
    weights = {
        "cls_token": state[f"{prefix}embeddings.class_embedding"].reshape(1, 1, -1),
        "embed.proj.weight": state[f"{prefix}embeddings.patch_embedding.weight"],
        "embed.proj.bias": torch.zeros(config.d_model),
        "pos_embed.W_pos": state[f"{prefix}embeddings.position_embedding.weight"],
        **norm(state, f"{prefix}pre_layrnorm", "ln_pre"),
        **norm(state, f"{prefix}post_layernorm", "ln_final"),
        **encoder(config, state, f"{prefix}encoder.layers", "clip"),
    }
    return weights | (head(state, "visual_projection") if "visual_projection.weight" in state else {})


def siglip_weights(config: ViTConfig, state: State) -> State:
    prefix = "vision_model." if "vision_model.embeddings.patch_embedding.weight" in state else ""
    pool, heads, width = f"{prefix}head", config.n_heads, config.d_model
    fused = list(zip(state[f"{pool}.attention.in_proj_weight"].chunk(3), state[f"{pool}.attention.in_proj_bias"].chunk(3)))
    return {
        "embed.proj.weight": state[f"{prefix}embeddings.patch_embedding.weight"],
        "embed.proj.bias": state[f"{prefix}embeddings.patch_embedding.bias"],
        "pos_embed.W_pos": state[f"{prefix}embeddings.position_embedding.weight"],
        "attn_pool.latent": state[f"{pool}.probe"],
        "attn_pool.W_O": state[f"{pool}.attention.out_proj.weight"].reshape(width, heads, -1).permute(1, 2, 0),
        "attn_pool.b_O": state[f"{pool}.attention.out_proj.bias"],
        "attn_pool.mlp.W_in": state[f"{pool}.mlp.fc1.weight"].T,
        "attn_pool.mlp.b_in": state[f"{pool}.mlp.fc1.bias"],
        "attn_pool.mlp.W_out": state[f"{pool}.mlp.fc2.weight"].T,
        "attn_pool.mlp.b_out": state[f"{pool}.mlp.fc2.bias"],
        **heads_of(config, fused, "attn_pool"),
        **norm(state, f"{pool}.layernorm", "attn_pool.ln"),
        **norm(state, f"{prefix}post_layernorm", "ln_final"),
        **encoder(config, state, f"{prefix}encoder.layers", "clip"),
    }


def open_clip_weights(config: ViTConfig, state: State) -> State:
    return {
        "cls_token": state["visual.class_embedding"].reshape(1, 1, -1),
        "embed.proj.weight": state["visual.conv1.weight"],
        "embed.proj.bias": torch.zeros(config.d_model),
        "pos_embed.W_pos": state["visual.positional_embedding"],
        "head.W_H": state["visual.proj"],
        "head.b_H": torch.zeros(config.n_classes),
        **norm(state, "visual.ln_pre", "ln_pre"),
        **norm(state, "visual.ln_post", "ln_final"),
        **encoder(config, state, "visual.transformer.resblocks", "open_clip"),
    }
