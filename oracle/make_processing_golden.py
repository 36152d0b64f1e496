"""Weight processing by TransformerLens' formulas, written out in float64: a small model before, and after each step."""

from pathlib import Path

import torch
from torch import Tensor

from golden_files import GoldenFile, write_json, write_safetensors

FOLDER = Path(__file__).resolve().parent.parent / "packages/vit/test/golden/processing"

LAYERS, D, HEADS, E, M, CHANNELS, PATCH, CLASSES, TOKENS = 2, 6, 2, 4, 9, 1, 2, 5, 5
CONFIG = {
    "nLayers": LAYERS,
    "dModel": D,
    "nHeads": HEADS,
    "dHead": E,
    "dMlp": M,
    "nChannels": CHANNELS,
    "patchSize": PATCH,
    "imageSize": [4, 4],
    "nClasses": CLASSES,
}

State = dict[str, Tensor]


def shapes() -> dict[str, tuple[int, ...]]:
    """Parameters by our names."""
    out = {"cls_token": (1, 1, D), "embed.proj.weight": (D, CHANNELS, PATCH, PATCH), "embed.proj.bias": (D,)}
    out |= {"pos_embed.W_pos": (TOKENS, D)}
    for block in (f"blocks.{layer}" for layer in range(LAYERS)):
        for norm in ("ln1", "ln2"):
            out |= {f"{block}.{norm}.w": (D,), f"{block}.{norm}.b": (D,)}
        for letter in "QKV":
            out |= {f"{block}.attn.W_{letter}": (HEADS, D, E), f"{block}.attn.b_{letter}": (HEADS, E)}
        out |= {f"{block}.attn.W_O": (HEADS, E, D), f"{block}.attn.b_O": (D,)}
        out |= {f"{block}.mlp.W_in": (D, M), f"{block}.mlp.b_in": (M,)}
        out |= {f"{block}.mlp.W_out": (M, D), f"{block}.mlp.b_out": (D,)}
    return out | {"ln_final.w": (D,), "ln_final.b": (D,), "head.W_H": (D, CLASSES), "head.b_H": (CLASSES,)}


def fold_layer_norm(state: State) -> State:
    """b += sum_d W[d] ln.b[d]; W[d] *= ln.w[d]; W -= mean_d W. The bias before the weight is scaled."""
    out = dict(state)

    def fold(norm: str, weight: str, bias: str, index: str) -> None:
        scale, shift = state[f"{norm}.w"], state[f"{norm}.b"]
        kept = index.replace("d", "")
        out[bias] = out[bias] + torch.einsum(f"{index},d->{kept}", out[weight], shift)
        out[weight] = torch.einsum(f"{index},d->{index}", out[weight], scale)
        out[weight] = out[weight] - out[weight].mean(index.index("d"), keepdim=True)

    for layer in range(LAYERS):
        for letter in "QKV":
            fold(f"blocks.{layer}.ln1", f"blocks.{layer}.attn.W_{letter}", f"blocks.{layer}.attn.b_{letter}", "hde")
        fold(f"blocks.{layer}.ln2", f"blocks.{layer}.mlp.W_in", f"blocks.{layer}.mlp.b_in", "dm")
    fold("ln_final", "head.W_H", "head.b_H", "dc")
    for name in out:
        if ".ln" in name or name.startswith("ln_"):
            out[name] = torch.ones(D).double() if name.endswith(".w") else torch.zeros(D).double()
    return out


def center_writing_weights(state: State) -> State:
    """Means over d_model away from everything that is added to the stream."""
    out = dict(state)
    for name, value in state.items():
        if name == "embed.proj.weight":
            out[name] = value - value.mean(0, keepdim=True)
        elif name in ("cls_token", "embed.proj.bias", "pos_embed.W_pos") or name.endswith(
            ("W_O", "b_O", "W_out", "b_out")
        ):
            out[name] = value - value.mean(-1, keepdim=True)
    return out


def center_head(state: State) -> State:
    """Means over classes away."""
    centered = {name: state[name] - state[name].mean(-1, keepdim=True) for name in ("head.W_H", "head.b_H")}
    return {**state, **centered}


def fold_value_biases(state: State) -> State:
    """b_O += sum over heads of b_V[h] @ W_O[h]; b_V = 0."""
    out = dict(state)
    for layer in range(LAYERS):
        attn = f"blocks.{layer}.attn"
        for head in range(HEADS):
            out[f"{attn}.b_O"] = out[f"{attn}.b_O"] + state[f"{attn}.b_V"][head] @ state[f"{attn}.W_O"][head]
        out[f"{attn}.b_V"] = torch.zeros_like(state[f"{attn}.b_V"])
    return out


def singular_values(state: State) -> State:
    """Those of every head's W_Q W_K^T, biases as one more row, and of W_V W_O: [H, E] each."""
    out = {}
    for layer in range(LAYERS):
        attn = f"blocks.{layer}.attn"
        q, k = (
            torch.cat([state[f"{attn}.W_{x}"], state[f"{attn}.b_{x}"][:, None]], dim=1) for x in "QK"
        )
        out[f"{attn}.QK"] = torch.linalg.svdvals(q @ k.mT)[:, :E]
        out[f"{attn}.OV"] = torch.linalg.svdvals(state[f"{attn}.W_V"] @ state[f"{attn}.W_O"])[:, :E]
    return out


STEPS = {
    "foldLayerNorm": fold_layer_norm,
    "centerWritingWeights": center_writing_weights,
    "centerHead": center_head,
    "foldValueBiases": fold_value_biases,
}


def main() -> None:
    """Everything, anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(5)
    single = {name: torch.randn(shape, generator=generator) for name, shape in shapes().items()}
    write_safetensors(FOLDER / "model.safetensors", single, {})
    write_json(FOLDER / "config.json", CONFIG)
    weights = {name: x.double() for name, x in single.items()}
    file = GoldenFile()
    for step, process in STEPS.items():
        for name, value in process(weights).items():
            if not torch.equal(value, weights[name]):
                file.add(f"{step}/{name}", value, value.float())
    chain = weights
    for process in STEPS.values():
        chain = process(chain)
    for name, value in chain.items():
        file.add(f"all/{name}", value, value.float())
    for name, value in singular_values(weights).items():
        file.add(f"singular/{name}", value, value.float())
    file.save(FOLDER, "processed")
    print(f"processing: {len(file.tensors)} tensors")


if __name__ == "__main__":
    main()
