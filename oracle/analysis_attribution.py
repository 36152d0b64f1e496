"""
Attribution and lens in plain PyTorch. Each part of the stream is sent, alone, through the rest of the forward pass with
the scales of norms held at the values of the full pass; nothing is folded into directions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_config import ViTConfig
from vit_reference import VitReference

Target = tuple[int, int | None]


class Readout:
    """One forward pass in the dtype of `weights`, and the ways from its stream to the logits."""

    def __init__(self, config: ViTConfig, weights: dict[str, Tensor], images: Tensor):
        self.config, self.weights = config, weights
        model = VitReference(config, weights)
        model(images)
        self.at = model.activations
        self.logits = self.at["hook_post_head_pre_normalize"]
        self.batch, self.tokens = images.shape[0], config.n_tokens

    def head(self, x: Tensor, bias: bool) -> Tensor:
        """[..., D] after the norm to [..., C]; without head the stream itself."""
        if self.config.return_type == "pre_logits":
            return x
        logits = x @ self.weights["head.W_H"]
        return logits + self.weights["head.b_H"] if bias else logits

    def held(self, name: str, x: Tensor, scale: Tensor) -> Tensor:
        """A norm with its scale held and without its bias, which makes it linear."""
        if self.config.normalization_type is None:
            return x
        unit = (x - x.mean(-1, keepdim=True)) / scale
        return unit * self.weights[f"{name}.w"] if self.config.normalization_type == "LN" else unit

    def logits_of(self, part: Tensor) -> Tensor:
        """What `part` [B, P, D] of the stream after the last block adds to the logits [B, C]."""
        scale = self.at.get("ln_final.hook_scale")
        kind = self.config.classification_type
        if kind == "avg":
            patches = part[:, 1:] if self.config.use_cls_token else part
            return self.head(self.held("ln_final", patches.mean(1), scale), bias=False)
        normalized = self.held("ln_final", part, scale)
        return self.head(normalized[:, 0] if kind == "cls" else normalized.mean(1), bias=False)

    def bias_logits(self) -> Tensor:
        """What the biases of the final norm and of the head add. [C]"""
        zero = torch.zeros(self.config.d_model, dtype=self.logits.dtype)
        shift = self.weights["ln_final.b"] if self.config.normalization_type == "LN" else zero
        return self.head(shift, bias=True)

    # ---- parts of the stream ----

    def embeddings(self) -> dict[str, Tensor]:
        """[B, P, D] each."""
        first = int(self.config.use_cls_token)
        rows = torch.zeros(self.batch, self.tokens, self.config.d_model, dtype=self.logits.dtype)
        embed, parts = rows.clone(), {}
        embed[:, first:] = self.at["hook_embed"]
        parts["embed"] = embed
        if self.config.use_cls_token:
            parts["cls_embed"] = rows.clone()
            parts["cls_embed"][:, :1] = self.at["hook_cls_embed"]
        parts["pos_embed"] = rows + self.at["hook_pos_embed"]
        if self.config.layer_norm_pre:
            parts = {name: self.held("ln_pre", x, self.at["ln_pre.hook_scale"]) for name, x in parts.items()}
            if self.config.normalization_type == "LN":
                parts["ln_pre_bias"] = rows + self.weights["ln_pre.b"]
        return parts

    def components(self) -> dict[str, Tensor]:
        """Embeddings, then attention and MLP of each layer. [B, P, D] each."""
        parts = self.embeddings()
        for layer in range(self.config.n_layers):
            for kind in ("attn_out", "mlp_out"):
                if f"blocks.{layer}.hook_{kind}" in self.at:
                    parts[f"{layer}_{kind}"] = self.at[f"blocks.{layer}.hook_{kind}"]
        return parts

    def besides_heads(self) -> dict[str, Tensor]:
        """Every part but what heads write. [B, P, D] each."""
        parts = self.components()
        for layer in range(self.config.n_layers):
            bias = self.weights[f"blocks.{layer}.attn.b_O"].expand(self.batch, self.tokens, -1)
            parts = {
                (f"{layer}_attn_bias" if name == f"{layer}_attn_out" else name): bias
                if name == f"{layer}_attn_out"
                else x
                for name, x in parts.items()
            }
        return parts

    def head_from(self, layer: int, head: int, source: int) -> Tensor:
        """What `head` takes from token `source` and writes to every token. [B, P, D]"""
        block = f"blocks.{layer}.attn"
        looked = self.at[f"{block}.hook_pattern"][:, head, :, source, None]  # [B, P, 1]
        value = self.at[f"{block}.hook_v"][:, source, head]  # [B, E]
        return looked * (value @ self.weights[f"{block}.W_O"][head])[:, None]

    def last(self) -> Tensor:
        """The stream after the last block. [B, P, D]"""
        return self.at[f"blocks.{self.config.n_layers - 1}.hook_resid_post"]


def difference(logits: Tensor, target: Target) -> Tensor:
    """[..., C] to [...]: one class minus another, or minus the mean of all."""
    of, against = target
    return logits[..., of] - (logits.mean(-1) if against is None else logits[..., against])


def attribute(readout: Readout, target: Target) -> dict[str, Tensor]:
    """The target [B], what biases add, and every split of the rest."""
    config = readout.config
    share = lambda part: difference(readout.logits_of(part), target)
    heads, patches = [], []
    for layer in range(config.n_layers):
        for head in range(config.n_heads):
            sources = [share(readout.head_from(layer, head, source)) for source in range(readout.tokens)]
            patches.append(torch.stack(sources, dim=1))
            z, W_O = readout.at[f"blocks.{layer}.attn.hook_z"], readout.weights[f"blocks.{layer}.attn.W_O"]
            heads.append(share(z[:, :, head] @ W_O[head]))
    positions = []
    for position in range(readout.tokens):
        alone = torch.zeros_like(readout.last())
        alone[:, position] = readout.last()[:, position]
        positions.append(share(alone))
    shape = (readout.batch, config.n_layers, config.n_heads)
    split = {
        "target": difference(readout.logits, target),
        "bias": difference(readout.bias_logits(), target),
        "component": torch.stack([share(part) for part in readout.components().values()], dim=1),
        "rest": torch.stack([share(part) for part in readout.besides_heads().values()], dim=1),
        "position": torch.stack(positions, dim=1),
        "head": torch.stack(heads, dim=1).reshape(shape),
        "patch": torch.stack(patches, dim=1).reshape(*shape, readout.tokens),
    }
    assert_sums(split)
    return split


def assert_sums(split: dict[str, Tensor]) -> None:
    """Every split adds up to the target."""
    off = 1e-10 if split["target"].dtype == torch.float64 else 1e-3
    for name in ("component", "position"):
        assert torch.allclose(split[name].sum(1) + split["bias"], split["target"], rtol=0, atol=off), name
    for name in ("head", "patch"):
        total = split[name].flatten(1).sum(1) + split["rest"].sum(1) + split["bias"]
        assert torch.allclose(total, split["target"], rtol=0, atol=off), name


def lens(readout: Readout) -> dict[str, Tensor]:
    """Logits of the stream before the first block and after each, at every token: [B, layers + 1, P, C]."""
    config = readout.config
    names = ["blocks.0.hook_resid_pre", *(f"blocks.{i}.hook_resid_post" for i in range(config.n_layers))]
    streams = torch.stack([readout.at[name] for name in names], dim=1)
    return {"recomputed": readout.head(_normalized(readout, streams), bias=True), "frozen": _prisma(readout, streams)}


def _normalized(readout: Readout, x: Tensor) -> Tensor:
    config, weights = readout.config, readout.weights
    if config.normalization_type is None:
        return x
    affine = (weights["ln_final.w"], weights["ln_final.b"]) if config.normalization_type == "LN" else (None, None)
    return F.layer_norm(x, (config.d_model,), *affine, eps=config.eps)


def _prisma(readout: Readout, x: Tensor) -> Tensor:
    """ViT-Prisma's lens for weights whose final norm is folded, as it assumes: the scale of the last layer, no bias."""
    if readout.config.normalization_type is None:
        return readout.head(x, bias=False)
    scale = readout.at["ln_final.hook_scale"]
    scale = scale[:, None, None] if readout.config.classification_type == "avg" else scale[:, None]
    directions = readout.head(torch.eye(readout.config.d_model, dtype=x.dtype), bias=False)  # [D, C]
    if readout.config.normalization_type == "LN":
        directions = readout.weights["ln_final.w"][:, None] * directions
    return ((x - x.mean(-1, keepdim=True)) / scale) @ directions
