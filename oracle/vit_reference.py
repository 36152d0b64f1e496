"""The forward pass of ViT-Prisma's HookedViT in plain PyTorch, with every activation by name in firing order.

Shapes: B images, N patches, P tokens, D model, H heads, E head, M mlp, C classes.
It runs in the dtype of the weights it is given; weights are laid out and named as in ViT-Prisma.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_config import ViTConfig

ACTIVATIONS = {
    "relu": torch.relu,
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "gelu_fast": lambda x: 0.5 * x * (1 + torch.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x))),
    "silu": lambda x: x * torch.sigmoid(x),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
}


class VitReference:
    """A ViT that records its activations.

    With `per_head` the inputs of queries, keys and values are copied per head before the norm (Prisma's
    use_attn_in and use_split_qkv_input) and each head's own output is made (use_attn_result): the same
    numbers, more hooks, and `ln1.hook_*` of shape [B, P, 3, H, .] in place of [B, P, .].
    """

    def __init__(self, config: ViTConfig, weights: dict[str, Tensor], per_head: bool = False):
        self.config = config
        self.weights = weights
        self.per_head = per_head
        self.activations: dict[str, Tensor] = {}

    def __call__(self, images: Tensor) -> Tensor:
        """Images [B, channels, rows, columns] to the output: [B, C], or [B, D] without head."""
        self.activations = {}
        residual = self._embed(images)
        for layer in range(self.config.n_layers):
            residual = self._block(residual, layer)
        return self._head(residual)

    def _at(self, name: str, x: Tensor) -> Tensor:
        """A hook point: a node of its own, so that each hook has its own gradient."""
        assert name not in self.activations, f"{name} fires twice"
        here = x.view_as(x)
        if here.requires_grad:
            here.retain_grad()
        self.activations[name] = here
        return here

    def _embed(self, images: Tensor) -> Tensor:
        config, weights = self.config, self.weights
        batch, (rows, columns), p = images.shape[0], config.grid, config.patch_size
        pixels = images[:, :, : rows * p, : columns * p].reshape(batch, config.n_channels, rows, p, columns, p)
        patches = torch.einsum("bcrisj,dcij->brsd", pixels, weights["embed.proj.weight"])
        tokens = patches.reshape(batch, rows * columns, config.d_model) + weights["embed.proj.bias"]
        tokens = self._at("hook_embed", tokens)  # [B, N, D]
        kinds = {"cls": config.use_cls_token, "dist": config.use_dist_token, "reg": config.n_registers > 0}
        prefix = [
            self._at(f"hook_{kind}_embed", weights[f"{kind}_token"].expand(batch, -1, -1))  # [B, 1 or R, D]
            for kind, there in kinds.items()
            if there
        ]
        tokens = torch.cat([*prefix, tokens], dim=1)  # [B, P, D]
        positions = self._at("hook_pos_embed", weights["pos_embed.W_pos"].expand(batch, -1, -1))  # [B, P, D]
        full = self._at("hook_full_embed", tokens + positions)
        return self._at("hook_ln_pre", self._norm("ln_pre", full)) if config.layer_norm_pre else full

    def _block(self, residual: Tensor, layer: int) -> Tensor:
        block = f"blocks.{layer}"
        pre = self._at(f"{block}.hook_resid_pre", residual)
        attn_out = self._at(f"{block}.hook_attn_out", self._attention(pre, block))
        if self.config.attn_only:
            return self._at(f"{block}.hook_resid_post", pre + attn_out)
        mid = self._at(f"{block}.hook_resid_mid", pre + attn_out)
        mlp_out = self._at(f"{block}.hook_mlp_out", self._mlp(self._at(f"{block}.hook_mlp_in", mid), block))
        return self._at(f"{block}.hook_resid_post", mid + mlp_out)

    def _attention(self, residual: Tensor, block: str) -> Tensor:
        def weight(name: str) -> Tensor:
            return self.weights[f"{block}.attn.{name}"]

        def project(x: Tensor, part: str) -> Tensor:
            x_axes = "bphd" if self.per_head else "bpd"
            projected = torch.einsum(f"{x_axes},hde->bphe", x, weight(f"W_{part}"))
            return self._at(f"{block}.attn.hook_{part.lower()}", projected + weight(f"b_{part}"))  # [B, P, H, E]

        inputs = self._attention_inputs(residual, block)
        q, k, v = (project(x, part) for x, part in zip(inputs, "QKV"))
        scale = math.sqrt(self.config.d_head) if self.config.use_attn_scale else 1.0
        scores = self._mask(torch.einsum("bqhe,bkhe->bhqk", q, k) / scale)
        scores = self._at(f"{block}.attn.hook_attn_scores", scores)  # [B, H, P, P]
        pattern = torch.softmax(scores, dim=-1)
        pattern = torch.where(pattern.isnan(), torch.zeros_like(pattern), pattern)
        pattern = self._at(f"{block}.attn.hook_pattern", pattern)  # [B, H, P, P]
        z = self._at(f"{block}.attn.hook_z", torch.einsum("bhqk,bkhe->bqhe", pattern, v))  # [B, P, H, E]
        if self.per_head:
            result = torch.einsum("bphe,hed->bphd", z, weight("W_O"))
            return self._at(f"{block}.attn.hook_result", result).sum(2) + weight("b_O")  # [B, P, D]
        return torch.einsum("bphe,hed->bpd", z, weight("W_O")) + weight("b_O")  # [B, P, D]

    def _mask(self, scores: Tensor) -> Tensor:
        """Scores [B, H, P, P] as they are: every token sees every other."""
        return scores

    def _attention_inputs(self, residual: Tensor, block: str) -> tuple[Tensor, Tensor, Tensor]:
        """What queries, keys and values are made of: [B, P, D] each, or [B, P, H, D]."""
        if not self.per_head:
            x = self._norm(f"{block}.ln1", residual)
            return x, x, x
        copies = residual.unsqueeze(2).expand(-1, -1, self.config.n_heads, -1)
        attn_in = self._at(f"{block}.hook_attn_in", copies)  # [B, P, H, D]
        inputs = [self._at(f"{block}.hook_{part}_input", attn_in) for part in "qkv"]
        return self._norm(f"{block}.ln1", torch.stack(inputs, dim=2)).unbind(2)

    def _mlp(self, x: Tensor, block: str) -> Tensor:
        def weight(name: str) -> Tensor:
            return self.weights[f"{block}.mlp.{name}"]

        normalized, gated = self._norm(f"{block}.ln2", x), self.config.gated_mlp
        into = {name: normalized @ weight(f"W_{name}") + weight(f"b_{name}") for name in ("in", *(["gate"] if gated else []))}
        pre = self._at(f"{block}.mlp.hook_pre", into["gate" if gated else "in"])  # [B, P, M]
        post = ACTIVATIONS[self.config.activation_name](pre)
        if gated:
            post = post * self._at(f"{block}.mlp.hook_pre_linear", into["in"])
        post = self._at(f"{block}.mlp.hook_post", post)
        return post @ weight("W_out") + weight("b_out")  # [B, P, D]

    def _head(self, residual: Tensor) -> Tensor:
        config = self.config
        read = self._pool(residual)  # [B, D], or with two heads [2, B, D]
        heads = ["head", "head_dist"] if config.classification_type == "distilled" else ["head"]
        answers = list(read) if len(heads) == 2 else [read]
        if config.return_type != "pre_logits":
            answers = [x @ self.weights[f"{head}.W_H"] + self.weights[f"{head}.b_H"] for x, head in zip(answers, heads)]
        output = sum(answers) / len(answers)  # [B, C]
        output = self._at("hook_post_head_pre_normalize", output)
        return F.normalize(output, dim=-1, eps=1e-12) if config.normalize_output else output

    def _pool(self, residual: Tensor) -> Tensor:
        """All but fc_norm read after the final norm; that takes the mean of the patches first."""
        kind, first = self.config.classification_type, self.config.n_prefix
        if self.config.fc_norm:
            return self._at("hook_ln_final", self._norm("ln_final", residual[:, first:].mean(1)))
        normalized = self._at("hook_ln_final", self._norm("ln_final", residual))
        return {
            "cls": lambda x: x[:, 0],
            "gaap": lambda x: x.mean(1),
            "avg": lambda x: x[:, first:].mean(1),
            "distilled": lambda x: x[:, :2].transpose(0, 1),
            "map": self._attention_pool,
        }[kind](normalized)

    def _attention_pool(self, tokens: Tensor) -> Tensor:
        """One learned query over all tokens [B, P, D], then an MLP. [B, D]"""

        def weight(name: str) -> Tensor:
            return self.weights[f"attn_pool.{name}"]

        def at(name: str, x: Tensor) -> Tensor:
            return self._at(f"attn_pool.{name}", x)

        latent = weight("latent").expand(tokens.shape[0], -1, -1)  # [B, 1, D]
        q, k, v = (
            at(f"hook_{part.lower()}", torch.einsum("bpd,hde->bphe", x, weight(f"W_{part}")) + weight(f"b_{part}"))
            for part, x in (("Q", latent), ("K", tokens), ("V", tokens))
        )
        scores = at("hook_attn_scores", torch.einsum("bqhe,bkhe->bhqk", q, k) / math.sqrt(self.config.d_head))
        pattern = at("hook_pattern", torch.softmax(scores, dim=-1))
        z = at("hook_z", torch.einsum("bhqk,bkhe->bqhe", pattern, v))
        attended = at("hook_attn_out", torch.einsum("bphe,hed->bpd", z, weight("W_O")) + weight("b_O"))
        pre = at("mlp.hook_pre", self._norm("attn_pool.ln", attended) @ weight("mlp.W_in") + weight("mlp.b_in"))
        post = at("mlp.hook_post", ACTIVATIONS[self.config.activation_name](pre))
        return (attended + at("hook_mlp_out", post @ weight("mlp.W_out") + weight("mlp.b_out")))[:, 0]

    def _norm(self, name: str, x: Tensor) -> Tensor:
        """Layer norm over the last axis; `hook_normalized` comes after the affine part."""
        kind = self.config.normalization_type
        if kind is None:
            return x
        centered = x - x.mean(-1, keepdim=True)
        scale = (centered.pow(2).mean(-1, keepdim=True) + self.config.eps).sqrt()
        unit = centered / self._at(f"{name}.hook_scale", scale)
        affine = unit * self.weights[f"{name}.w"] + self.weights[f"{name}.b"] if kind == "LN" else unit
        return self._at(f"{name}.hook_normalized", affine)
