"""The text tower of CLIP and SigLIP in plain PyTorch, with every activation by name; and weights by our names.

Shapes: B texts, T tokens, D model, H heads, E head, V vocabulary, C embedding.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vit_config import ViTConfig
from vit_reference import VitReference


@dataclass(frozen=True)
class TextConfig:
    """`pooling`: "eot", the first token with id `eot_id`; "argmax", the first of the largest ids; "last"."""

    blocks: ViTConfig
    causal: bool
    pooling: str
    eot_id: int


class TextReference(VitReference):
    """A text tower that records its activations."""

    def __init__(self, config: TextConfig, weights: dict[str, Tensor], per_head: bool = False):
        super().__init__(config.blocks, weights, per_head)
        self.text = config
        self.ids = torch.empty(0)

    def _embed(self, ids: Tensor) -> Tensor:
        self.ids = ids.long()
        tokens = self._at("hook_embed", self.weights["token_embed.weight"][self.ids])  # [B, T, D]
        positions = self.weights["pos_embed.W_pos"][: ids.shape[1]].expand(len(ids), -1, -1)
        return self._at("hook_full_embed", tokens + self._at("hook_pos_embed", positions))

    def _mask(self, scores: Tensor) -> Tensor:
        length = scores.shape[-1]
        if not self.text.causal:
            return scores
        return scores + torch.full((length, length), -torch.inf, dtype=scores.dtype).triu(1)

    def _pool(self, residual: Tensor) -> Tensor:
        normalized = self._at("hook_ln_final", self._norm("ln_final", residual))
        if self.text.pooling == "last":
            return normalized[:, -1]
        found = self.ids if self.text.pooling == "argmax" else (self.ids == self.text.eot_id).int()
        return normalized[torch.arange(len(normalized)), found.argmax(-1)]


def attention_weights(to: str, qkv: tuple[Tensor, ...], biases: tuple[Tensor, ...], heads: int) -> dict[str, Tensor]:
    """Queries, keys and values [H E, D] as [H, D, E]."""
    width = qkv[0].shape[1]
    made = {f"{to}.W_{n}": w.reshape(heads, -1, width).transpose(1, 2) for n, w in zip("QKV", qkv)}
    return made | {f"{to}.b_{n}": b.reshape(heads, -1) for n, b in zip("QKV", biases)}


def block_weights(state: dict[str, Tensor], block: str, to: str, heads: int) -> dict[str, Tensor]:
    """A block of transformers (`self_attn.q_proj`) or of open_clip (`attn.in_proj_weight`)."""
    fused = f"{block}.attn.in_proj_weight" in state
    names = ("ln_1", "attn.out_proj", "ln_2", "mlp.c_fc", "mlp.c_proj") if fused else (
        "layer_norm1", "self_attn.out_proj", "layer_norm2", "mlp.fc1", "mlp.fc2")
    ln1, out, ln2, mlp_in, mlp_out = (f"{block}.{name}" for name in names)
    if fused:
        qkv, biases = state[f"{block}.attn.in_proj_weight"].chunk(3), state[f"{block}.attn.in_proj_bias"].chunk(3)
    else:
        qkv, biases = (tuple(state[f"{block}.self_attn.{n}_proj.{what}"] for n in "qkv") for what in ("weight", "bias"))
    width = len(state[f"{ln1}.bias"])
    made = attention_weights(f"{to}.attn", qkv, biases, heads)
    made[f"{to}.attn.W_O"] = state[f"{out}.weight"].reshape(width, heads, -1).permute(1, 2, 0)
    made[f"{to}.attn.b_O"] = state[f"{out}.bias"]
    for norm, name in ((ln1, "ln1"), (ln2, "ln2")):
        made |= {f"{to}.{name}.w": state[f"{norm}.weight"], f"{to}.{name}.b": state[f"{norm}.bias"]}
    for linear, name in ((mlp_in, "in"), (mlp_out, "out")):
        made |= {f"{to}.mlp.W_{name}": state[f"{linear}.weight"].T, f"{to}.mlp.b_{name}": state[f"{linear}.bias"]}
    return made


def encoder_weights(state: dict[str, Tensor], prefix: str, config: ViTConfig) -> dict[str, Tensor]:
    """All blocks under `prefix`."""
    made: dict[str, Tensor] = {}
    for layer in range(config.n_layers):
        made |= block_weights(state, f"{prefix}.{layer}", f"blocks.{layer}", config.n_heads)
    return made
