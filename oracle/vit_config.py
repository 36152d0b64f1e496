"""The configuration of a hooked vision transformer, and its JSON form: the same fields in camelCase."""

import re
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class ViTConfig:
    """Fields of ViT-Prisma's HookedViTConfig that change the computation; `image_size` is (rows, columns) in pixels."""

    n_layers: int
    d_model: int
    d_head: int
    n_heads: int
    d_mlp: int
    n_channels: int
    patch_size: int
    image_size: tuple[int, int]
    n_classes: int
    use_cls_token: bool = True
    use_dist_token: bool = False
    n_registers: int = 0
    activation_name: str = "gelu"
    eps: float = 1e-6
    normalization_type: str | None = "LN"
    layer_norm_pre: bool = False
    attn_only: bool = False
    gated_mlp: bool = False
    use_attn_scale: bool = True
    classification_type: str = "cls"
    fc_norm: bool | None = None
    return_type: str = "class_logits"
    normalize_output: bool = False

    def __post_init__(self) -> None:
        if self.fc_norm is None:
            object.__setattr__(self, "fc_norm", self.classification_type == "avg")

    @property
    def n_prefix(self) -> int:
        """Tokens before the patches."""
        return int(self.use_cls_token) + int(self.use_dist_token) + self.n_registers

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.image_size[0] // self.patch_size, self.image_size[1] // self.patch_size

    @property
    def n_tokens(self) -> int:
        """Tokens before the patches, and patches."""
        return self.n_prefix + self.grid[0] * self.grid[1]

    def to_json(self) -> dict:
        """The fields in camelCase."""
        return {_camel(name): value for name, value in asdict(self).items()}

    @staticmethod
    def from_json(file: dict) -> "ViTConfig":
        """Reads what `to_json` wrote; other fields of the file are left alone."""
        known = {_camel(field.name): field.name for field in fields(ViTConfig)}
        values = {known[name]: value for name, value in file.items() if name in known}
        return ViTConfig(**{**values, "image_size": tuple(values["image_size"])})


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
