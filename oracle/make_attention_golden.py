"""Writes the golden files of attention in its three measures, for the models of make_vit_golden.py."""

import torch
from torch import Tensor

from analysis_attribution import Readout, Target, difference
from golden_files import GoldenFile
from make_analysis_golden import GOLDEN, TRAINED, in_dtype, input_of, open_model

SETS: dict[str, Target] = {"timm-cls": (2, 0), "timm-avg": (1, None), "prisma-ln-pre": (2, 0), TRAINED: (3, 1)}


def maps(readout: Readout, target: Target) -> dict[str, Tensor]:
    """[B, layers, heads, query, source]: shares, shares times lengths written, and logits written."""
    found: dict[str, list[Tensor]] = {"pattern": [], "value-weighted": [], "contribution": []}
    for layer in range(readout.config.n_layers):
        for head in range(readout.config.n_heads):
            looked = readout.at[f"blocks.{layer}.attn.hook_pattern"][:, head]  # [B, P, P]
            value = readout.at[f"blocks.{layer}.attn.hook_v"][:, :, head]  # [B, P, E]
            written = value @ readout.weights[f"blocks.{layer}.attn.W_O"][head]  # [B, P, D]
            found["pattern"].append(looked)
            found["value-weighted"].append(looked * torch.linalg.vector_norm(written, dim=-1)[:, None])
            found["contribution"].append(contributions(readout, looked, written, target))
    shape = (readout.batch, readout.config.n_layers, readout.config.n_heads, readout.tokens, readout.tokens)
    return {kind: torch.stack(rows, dim=1).reshape(shape) for kind, rows in found.items()}


def contributions(readout: Readout, looked: Tensor, written: Tensor, target: Target) -> Tensor:
    """What each query takes from each source, sent alone through the readout. [B, query, source]"""
    shares = torch.zeros_like(looked)
    for query in range(readout.tokens):
        for source in range(readout.tokens):
            alone = torch.zeros_like(written)
            alone[:, query] = looked[:, query, source, None] * written[:, source]
            shares[:, query, source] = difference(readout.logits_of(alone), target)
    return shares


def main() -> None:
    """Everything, anew."""
    torch.set_num_threads(1)
    for name, target in SETS.items():
        config, weights = open_model(name)
        images = input_of(name)[:1]
        exact, rounded = (
            maps(Readout(config, in_dtype(weights, dtype), in_dtype(images, dtype)), target)
            for dtype in (torch.float64, torch.float32)
        )
        file = GoldenFile()
        file.add("input", images)
        for kind, values in exact.items():
            file.add(kind, values, rounded[kind])
        file.save(GOLDEN, f"attention-{name}")


if __name__ == "__main__":
    main()
