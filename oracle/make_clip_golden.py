"""Writes small random CLIP, SigLIP and open_clip models, every activation of their towers, embeddings and logits."""

import json
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

from clip_reference import TextConfig, TextReference, encoder_weights
from golden_files import GoldenFile, write_json, write_safetensors
from make_tokenizer_golden import clip_merges, siglip_tokenizer
from make_vit_golden import ROOT
from vit_config import ViTConfig
from vit_golden import _store
from vit_reference import VitReference

FOLDER = ROOT / "packages/clip/test/golden"
MERGES = 60
VOCABULARY = 2 * 256 + MERGES + 2
START, END = VOCABULARY - 2, VOCABULARY - 1
T, D, C = 12, 32, 24
SIZES = {"hidden_size": D, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
PROCESSOR = {
    "do_resize": True, "size": {"shortest_edge": 16}, "resample": 3, "do_center_crop": True, "crop_size": {"height": 16, "width": 16},
    "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
}
CLASSES = (0, 5)


@dataclass
class Tower:
    """A tower, and its weights by our names."""

    reference: type
    config: object
    weights: dict[str, Tensor]


def randomize(model: nn.Module, seed: int) -> None:
    """Weights far from their initial values: nothing is 0 or 1, norms scale and shift."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        with torch.no_grad():
            if name.endswith(("logit_scale", "logit_bias")):
                parameter.fill_(2.5 if name.endswith("scale") else -3.0)
            elif parameter.ndim < 2:
                parameter.copy_(("norm" in name or "ln_" in name) * ("weight" in name) + 0.3 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5 if "embed" not in name else 0.5 * noise)


def ids_of(lengths: list[int], last: bool) -> Tensor:
    """Rows that start, hold random tokens, end, and are filled up with the end token; one holds 300 too."""
    generator = torch.Generator().manual_seed(11)
    high = 125 if last else START
    rows = torch.randint(3, high, (len(lengths), T), generator=generator)
    for row, length in zip(rows, lengths):
        if last:
            row[length:] = 1
        else:
            row[0], row[length:] = START, END
            row[1 + length // 2] = 300
    return rows


def blocks_of(activation: str, eps: float, **fields: object) -> ViTConfig:
    """What blocks of both towers share."""
    shared = dict(n_layers=2, d_model=D, d_head=D // 4, n_heads=4, d_mlp=48, n_channels=3, patch_size=8, image_size=(16, 16), n_classes=C)
    return ViTConfig(**{**shared, "activation_name": activation, "eps": eps, **fields})


def transformers_text(state: dict[str, Tensor], config: TextConfig, head: dict[str, Tensor]) -> Tower:
    weights = {
        "token_embed.weight": state["text_model.embeddings.token_embedding.weight"],
        "pos_embed.W_pos": state["text_model.embeddings.position_embedding.weight"],
        "ln_final.w": state["text_model.final_layer_norm.weight"],
        "ln_final.b": state["text_model.final_layer_norm.bias"],
        **encoder_weights(state, "text_model.encoder.layers", config.blocks),
        **head,
    }
    return Tower(TextReference, config, weights)


def clip_towers(state: dict[str, Tensor]) -> tuple[Tower, Tower]:
    blocks = blocks_of("quick_gelu", 1e-5)
    vision = blocks_of("quick_gelu", 1e-5, layer_norm_pre=True)
    prefix = "vision_model"
    weights = {
        "cls_token": state[f"{prefix}.embeddings.class_embedding"].reshape(1, 1, D),
        "embed.proj.weight": state[f"{prefix}.embeddings.patch_embedding.weight"],
        "embed.proj.bias": torch.zeros(D),
        "pos_embed.W_pos": state[f"{prefix}.embeddings.position_embedding.weight"],
        "ln_pre.w": state[f"{prefix}.pre_layrnorm.weight"],
        "ln_pre.b": state[f"{prefix}.pre_layrnorm.bias"],
        "ln_final.w": state[f"{prefix}.post_layernorm.weight"],
        "ln_final.b": state[f"{prefix}.post_layernorm.bias"],
        "head.W_H": state["visual_projection.weight"].T,
        "head.b_H": torch.zeros(C),
        **encoder_weights(state, f"{prefix}.encoder.layers", vision),
    }
    head = {"head.W_H": state["text_projection.weight"].T, "head.b_H": torch.zeros(C)}
    return transformers_text(state, TextConfig(blocks, True, "eot", END), head), Tower(VitReference, vision, weights)


def siglip_towers(state: dict[str, Tensor]) -> tuple[Tower, None]:
    head = {"head.W_H": state["text_model.head.weight"].T, "head.b_H": state["text_model.head.bias"]}
    config = TextConfig(blocks_of("gelu_new", 1e-6, n_classes=D), False, "last", 1)
    return transformers_text(state, config, head), None


def open_clip_towers(state: dict[str, Tensor]) -> tuple[Tower, Tower]:
    blocks = blocks_of("gelu", 1e-5, n_layers=2)
    vision = blocks_of("gelu", 1e-5, layer_norm_pre=True)
    text = {
        "token_embed.weight": state["token_embedding.weight"],
        "pos_embed.W_pos": state["positional_embedding"],
        "ln_final.w": state["ln_final.weight"],
        "ln_final.b": state["ln_final.bias"],
        "head.W_H": state["text_projection"],
        "head.b_H": torch.zeros(C),
        **encoder_weights(state, "transformer.resblocks", blocks),
    }
    weights = {
        "cls_token": state["visual.class_embedding"].reshape(1, 1, D),
        "embed.proj.weight": state["visual.conv1.weight"],
        "embed.proj.bias": torch.zeros(D),
        "pos_embed.W_pos": state["visual.positional_embedding"],
        "ln_pre.w": state["visual.ln_pre.weight"],
        "ln_pre.b": state["visual.ln_pre.bias"],
        "ln_final.w": state["visual.ln_post.weight"],
        "ln_final.b": state["visual.ln_post.bias"],
        "head.W_H": state["visual.proj"],
        "head.b_H": torch.zeros(C),
        **encoder_weights(state, "visual.transformer.resblocks", vision),
    }
    return Tower(TextReference, TextConfig(blocks, True, "argmax", END), text), Tower(VitReference, vision, weights)


def run(tower: Tower, inputs: Tensor, dtype: torch.dtype, per_head: bool) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    leaves = {name: x.detach().to(dtype).requires_grad_() for name, x in tower.weights.items()}
    model = tower.reference(tower.config, leaves, per_head)
    output = model(inputs.to(dtype) if inputs.is_floating_point() else inputs)
    (output[:, CLASSES[0]] - output[:, CLASSES[1]]).sum().backward()
    return output.detach(), {n: x.detach() for n, x in model.activations.items()}, {n: x.grad for n, x in model.activations.items()}


def write_tower(folder: Path, name: str, tower: Tower, inputs: Tensor, embedding: Tensor) -> dict:
    """Files of a tower's activations and gradients, and their index; the library's embedding is the reference's."""
    passes = {}
    for dtype in (torch.float64, torch.float32):
        plain, heads = run(tower, inputs, dtype, False), run(tower, inputs, dtype, True)
        merged = [{n: plain[i].get(n, heads[i][n]) for n in heads[i]} for i in (1, 2)]
        passes[dtype] = (plain[0], *merged)
    exact, single = passes[torch.float64], passes[torch.float32]
    assert (exact[0] - embedding).abs().max() < 1e-10, "the reference is not what the library computes"
    values, gradients = GoldenFile(share=True), GoldenFile(share=True)
    values.add("input", inputs if inputs.is_floating_point() else inputs.int())
    output = values.add("output", exact[0], single[0])
    hooks = [
        {
            "name": hook, "shape": list(x.shape),
            "activation": _store(values, hook, x, single[1][hook]),
            "gradient": _store(gradients, hook, exact[2][hook], single[2][hook]),
        }
        for hook, x in exact[1].items()
    ]
    return {
        "classes": list(CLASSES), "input": "input", "output": output, "hooks": hooks,
        "activations": values.save(folder, f"{name}-activations"), "gradients": gradients.save(folder, f"{name}-gradients"),
    }


def pair_of(images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor | float) -> dict[str, Tensor]:
    logits = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T * scale.exp() + bias
    return {"image_embeds": images, "text_embeds": texts, "logits_per_image": logits}


def write_vocabulary(folder: Path) -> None:
    lines = clip_merges().split("\n")[: MERGES + 1]
    units = list(open_clip.tokenizer.bytes_to_unicode().values())
    names = [*units, *(u + "</w>" for u in units), *("".join(line.split()) for line in lines[1:]), "<|startoftext|>", "<|endoftext|>"]
    write_json(folder / "vocab.json", {name: i for i, name in enumerate(names)})
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")


def write_model(name: str, model: nn.Module, towers: tuple, files: dict[str, dict], weights: str, encode: tuple, extra: dict[str, Tensor]) -> None:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: value.detach().contiguous() for key, value in model.state_dict().items() if "position_ids" not in key}
    write_safetensors(folder / weights, state, {"format": "pt"})
    for file, content in files.items():
        write_json(folder / file, content)
    last = name == "siglip"
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    ids = ids_of([T - 1, 5, 8], last)
    encode_image, encode_text = encode
    pairs = {}
    for dtype in (torch.float64, torch.float32):
        same = model.to(dtype).eval()
        with torch.no_grad():
            parts = same.state_dict()
            pairs[dtype] = pair_of(encode_image(same, images.to(dtype)), encode_text(same, ids), parts["logit_scale"], parts.get("logit_bias", 0.0))
    text, vision = towers(state)
    index = {"text": write_tower(folder, "text", text, ids, pairs[torch.float64]["text_embeds"])}
    if vision is not None:
        index["vision"] = write_tower(folder, "vision", vision, images, pairs[torch.float64]["image_embeds"])
    pair = GoldenFile()
    pair.add("images", images)
    pair.add("ids", ids.int())
    for key, value in pairs[torch.float64].items():
        pair.add(key, value, pairs[torch.float32][key])
    for key, value in extra.items():
        pair.add(key, value, value.float())
    index["pair"] = pair.save(folder, "pair")
    write_json(folder / "golden.json", index)


def pooled(output: object) -> Tensor:
    """transformers 5 gives the features inside of an output."""
    return output if isinstance(output, Tensor) else output.pooler_output


TRANSFORMERS = (lambda m, x: pooled(m.get_image_features(pixel_values=x)), lambda m, ids: pooled(m.get_text_features(input_ids=ids)))


def main() -> None:
    text = {**SIZES, "vocab_size": VOCABULARY, "max_position_embeddings": T, "bos_token_id": START, "eos_token_id": END}
    vision = {**SIZES, "image_size": 16, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=C)
    model = CLIPModel(config)
    randomize(model, 1)
    extra = {}
    for eot in (2, 300):
        other = CLIPModel(CLIPConfig(text_config={**text, "eos_token_id": eot}, vision_config=vision, projection_dim=C))
        other.load_state_dict(model.state_dict())
        with torch.no_grad():
            extra[f"text_embeds_eot_{eot}"] = pooled(other.double().eval().get_text_features(input_ids=ids_of([T - 1, 5, 8], False)))
    files = {"config.json": config.to_dict(), "preprocessor_config.json": PROCESSOR, "tokenizer_config.json": {"pad_token": "<|endoftext|>"}}
    write_model("clip", model, clip_towers, files, "model.safetensors", TRANSFORMERS, extra)
    write_vocabulary(FOLDER / "clip")

    config = SiglipConfig(text_config={**SIZES, "vocab_size": 125, "max_position_embeddings": T}, vision_config=vision)
    model = SiglipModel(config)
    randomize(model, 2)
    square = {**PROCESSOR, "size": {"height": 16, "width": 16}, "do_center_crop": False, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    del square["crop_size"]
    write_model("siglip", model, siglip_towers, {"config.json": config.to_dict(), "preprocessor_config.json": square}, "model.safetensors", TRANSFORMERS, {})

    (FOLDER / "siglip/tokenizer.json").write_text(siglip_tokenizer().to_str() + "\n")

    cfg = {
        "embed_dim": C,
        "vision_cfg": {"image_size": 16, "layers": 2, "width": D, "head_width": D // 4, "patch_size": 8, "mlp_ratio": 1.5},
        "text_cfg": {"context_length": T, "vocab_size": VOCABULARY, "width": D, "heads": 4, "layers": 2, "mlp_ratio": 1.5},
    }
    model = open_clip.model.CLIP(**cfg)
    randomize(model, 3)
    encode = (lambda m, x: m.encode_image(x), lambda m, ids: m.encode_text(ids))
    preprocess = {"mean": PROCESSOR["image_mean"], "std": PROCESSOR["image_std"], "interpolation": "bicubic", "resize_mode": "shortest"}
    write_model("open-clip", model, open_clip_towers, {"open_clip_config.json": {"model_cfg": cfg, "preprocess_cfg": preprocess}}, "open_clip_model.safetensors", encode, {})
    write_vocabulary(FOLDER / "open-clip")


if __name__ == "__main__":
    main()
