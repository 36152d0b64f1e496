"""Edits of a forward pass, made the plain way: the reference runs, and tensors are changed in place, place by place."""

import torch
from torch import Tensor

from vit_config import ViTConfig
from vit_reference import VitReference

Edit = dict
Sources = dict[str, dict[str, Tensor]]


class EditedReference(VitReference):
    """
    The reference with `edits`, each a dict in the vocabulary of `@prisma/analysis`. `sources` has activations by name:
    `mean`, `resample <place>` and `from <source>`.
    """

    def __init__(self, config: ViTConfig, weights: dict[str, Tensor], edits: list[Edit], sources: Sources):
        per_head = any(edit["name"].endswith(("hook_result", "_input", "hook_attn_in")) for edit in edits)
        super().__init__(config, weights, per_head)
        self.edits = edits
        self.sources = sources

    def _at(self, name: str, x: Tensor) -> Tensor:
        x = x.clone()
        for edit in self.edits:
            if edit["name"] == name:
                self._change(x, edit)
        return super()._at(name, x)

    def _change(self, x: Tensor, edit: Edit) -> None:
        """Writes into `x`, one image, head and position at a time."""
        name, kind = edit["name"], edit["kind"]
        source = self.sources.get(f"{kind} {edit['source']}" if "source" in edit else kind, {}).get(name)
        keys = places(self.config, edit["keys"]) if kind == "knockout" else None
        positions = places(self.config, edit["positions"]) if "positions" in edit else range(self.config.n_tokens)
        for image in edit.get("images", range(x.shape[0])):
            other = None if source is None else source[image if source.shape[0] > 1 else 0]
            for position in positions:
                if not has_heads(name):
                    x[image, position] = 0 if other is None else other[position]
                    continue
                for head in edit.get("heads", range(self.config.n_heads)):
                    if name.endswith(("hook_pattern", "hook_attn_scores")):
                        at = (head, position)
                    else:
                        at = (position, head)
                    if keys is not None:
                        for key in keys:
                            x[image, head, position, key] = -torch.inf
                    else:
                        x[image][at] = 0 if other is None else other[at]


def has_heads(name: str) -> bool:
    """Whether the activation has an axis of heads."""
    return ".attn." in name or name.endswith(("_input", "hook_attn_in"))


def places(config: ViTConfig, positions: list) -> list[int]:
    """Positions as places of the sequence."""
    first = int(config.use_cls_token)
    found = []
    for position in positions:
        if position == "cls":
            found.append(0)
        elif position == "patches":
            found += range(first, config.n_tokens)
        elif isinstance(position, int):
            found.append(position)
        else:
            found.append(first + position[0] * config.grid[1] + position[1])
    return found


class EditedRuns:
    """Everything that is asked of one model and its inputs, in the dtype of its weights."""

    def __init__(self, config: ViTConfig, weights: dict[str, Tensor], inputs: dict[str, Tensor]):
        """`inputs`: `clean` and `corrupted` [B, C, H, W], and `reference` [N, C, H, W]."""
        self.config = config
        self.weights = weights
        self.inputs = inputs
        reference = [self._activations(image[None]) for image in inputs["reference"]]
        self.sources: Sources = {f"resample {place}": one for place, one in enumerate(reference)}
        self.sources["mean"] = {name: sum(one[name] for one in reference) / len(reference) for name in reference[0]}
        self.sources |= {f"from {name}": self._activations(inputs[name]) for name in ("clean", "corrupted")}

    def _activations(self, images: Tensor) -> dict[str, Tensor]:
        plain, per_head = (VitReference(self.config, self.weights, flag) for flag in (False, True))
        plain(images), per_head(images)
        return per_head.activations | plain.activations

    def logits(self, edits: list[Edit], name: str = "clean") -> Tensor:
        """Output for the input `name` under `edits`, [B, C]."""
        return EditedReference(self.config, self.weights, edits, self.sources)(self.inputs[name])

    def ablations(self, sweep: str, kind: dict, classes: tuple[int, int]) -> Tensor:
        """Logit difference after minus before: [B, layer, head] or [B, layer]. `kind`: `kind` and `source` of the edits."""
        hook = {"heads": "attn.hook_z", "mlps": "hook_mlp_out", "attention": "hook_attn_out"}[sweep]
        before = difference(self.logits([]), classes)
        rows = []
        for layer in range(self.config.n_layers):
            part = {"name": f"blocks.{layer}.{hook}", **kind}
            cuts = [{**part, "heads": [head]} for head in range(self.config.n_heads)] if sweep == "heads" else [part]
            rows.append(torch.stack([difference(self.logits([cut]), classes) - before for cut in cuts], dim=1))
        return torch.stack(rows, dim=1).squeeze(-1) if sweep != "heads" else torch.stack(rows, dim=1)

    def patches(self, hook: str, by: str, into: str, classes: tuple[int, int]) -> Tensor:
        """Logit difference of the patched run: [B, layer, head], [B, layer, position] or [B, layer, head, position]."""
        source = "corrupted" if into == "clean" else "clean"
        heads = [{"heads": [head]} for head in range(self.config.n_heads)] if "head" in by else [{}]
        positions = [{"positions": [at]} for at in range(self.config.n_tokens)] if "position" in by else [{}]
        values = []
        for layer in range(self.config.n_layers):
            patch = {"name": f"blocks.{layer}.{hook}", "kind": "from", "source": source}
            for head in heads:
                for position in positions:
                    values.append(difference(self.logits([{**patch, **head, **position}], into), classes))
        sizes = [len(places) for places, axis in ((heads, "head"), (positions, "position")) if axis in by]
        return torch.stack(values, dim=1).reshape(-1, self.config.n_layers, *sizes)


def difference(logits: Tensor, classes: tuple[int, int]) -> Tensor:
    """[B, C] to [B]."""
    return logits[:, classes[0]] - logits[:, classes[1]]
