"""Prisma's first vision transformer (2023), as its checkpoints need it: no norms, fused bias-free qkv, CLS first."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class LegacyConfig:
    """Sizes; images are square."""

    image_size: int
    patch_size: int
    n_channels: int
    hidden_dim: int
    num_heads: int
    num_layers: int
    mlp_dim: int
    attention_only: bool
    num_classes: int

    def to_json(self) -> dict:
        """The nested dataclasses of the original, as JSON."""
        return {
            "image": {"image_size": self.image_size, "patch_size": self.patch_size, "n_channels": self.n_channels},
            "transformer": {
                "hidden_dim": self.hidden_dim,
                "num_heads": self.num_heads,
                "num_layers": self.num_layers,
                "mlp_dim": self.mlp_dim,
                "activation_name": "GELU",
                "attention_only": self.attention_only,
                "attn_hidden_layer": True,
            },
            "layernorm": {"qknorm": False, "layer_norm_eps": 0.0},
            "dropout": {"patch": 0.0, "position": 0.0, "attention": 0.0, "proj": 0.0, "mlp": 0.0},
            "classification": {"num_classes": self.num_classes, "global_pool": False},
        }


class PatchEmbedding(nn.Module):
    """A convolution without bias."""

    def __init__(self, config: LegacyConfig):
        super().__init__()
        size = config.patch_size
        self.proj = nn.Conv2d(config.n_channels, config.hidden_dim, size, stride=size, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        return self.proj(images).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Queries are scaled before the product."""

    def __init__(self, config: LegacyConfig, seen: dict[str, Tensor], block: str):
        super().__init__()
        self.heads = config.num_heads
        self.scale = (config.hidden_dim // config.num_heads) ** -0.5
        self.qkv = nn.Linear(config.hidden_dim, 3 * config.hidden_dim, bias=False)
        self.proj = nn.Linear(config.hidden_dim, config.hidden_dim)
        self.seen, self.block = seen, block

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        for name, value in zip("qkv", (q, k, v)):
            self.seen[f"{self.block}.attn.hook_{name}"] = value.transpose(1, 2)
        scores = (q * self.scale) @ k.transpose(-2, -1)
        pattern = scores.softmax(-1)
        z = (pattern @ v).transpose(1, 2)
        self.seen |= {
            f"{self.block}.attn.hook_attn_scores": scores,
            f"{self.block}.attn.hook_pattern": pattern,
            f"{self.block}.attn.hook_z": z,
        }
        return self.proj(z.reshape(batch, tokens, width))


class Mlp(nn.Module):
    """Two layers around an exact GELU."""

    def __init__(self, config: LegacyConfig, seen: dict[str, Tensor], block: str):
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_dim, config.mlp_dim)
        self.act_fn = nn.GELU()
        self.fc2 = nn.Linear(config.mlp_dim, config.hidden_dim)
        self.seen, self.block = seen, block

    def forward(self, x: Tensor) -> Tensor:
        pre = self.fc1(x)
        post = self.act_fn(pre)
        self.seen |= {f"{self.block}.mlp.hook_pre": pre, f"{self.block}.mlp.hook_post": post}
        return self.fc2(post)


class Block(nn.Module):
    """Residual attention, then a residual MLP; the norms of the original are identities here."""

    def __init__(self, config: LegacyConfig, seen: dict[str, Tensor], layer: int):
        super().__init__()
        self.seen, self.block = seen, f"blocks.{layer}"
        self.attention = Attention(config, seen, self.block)
        self.mlp = None if config.attention_only else Mlp(config, seen, self.block)

    def forward(self, x: Tensor) -> Tensor:
        see = lambda name, value: self.seen.update({f"{self.block}.{name}": value})
        see("hook_resid_pre", x)
        out = self.attention(x)
        see("hook_attn_out", out)
        x = x + out
        if self.mlp is not None:
            see("hook_resid_mid", x)
            out = self.mlp(x)
            see("hook_mlp_out", out)
            x = x + out
        see("hook_resid_post", x)
        return x


class LegacyViT(nn.Module):
    """`seen` has what hooks of the last pass would see, by the names of ViT-Prisma's later hooks."""

    def __init__(self, config: LegacyConfig):
        super().__init__()
        self.seen: dict[str, Tensor] = {}
        patches = (config.image_size // config.patch_size) ** 2
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.hidden_dim))
        self.position_embedding = nn.Parameter(torch.zeros(1, patches + 1, config.hidden_dim))
        self.patch_embedding = PatchEmbedding(config)
        self.blocks = nn.Sequential(*(Block(config, self.seen, layer) for layer in range(config.num_layers)))
        self.head = nn.Linear(config.hidden_dim, config.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patch_embedding(images)
        self.seen["hook_embed"] = patches
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)
        tokens = tokens + self.position_embedding
        self.seen["hook_full_embed"] = tokens
        return self.head(self.blocks(tokens)[:, 0])
