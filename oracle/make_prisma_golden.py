"""Writes checkpoints of Prisma's own making as .pth files, and what their models compute in float64."""

import json
from pathlib import Path

import torch
from torch import Tensor

from golden_files import GoldenFile
from prisma_legacy import LegacyConfig, LegacyViT

GOLDEN = Path(__file__).resolve().parent.parent / "packages/vit/test/golden"

LEGACY = {
    "prisma-legacy": LegacyConfig(12, 4, 1, 16, 4, 2, 24, False, 3),
    "prisma-legacy-attn-only": LegacyConfig(8, 2, 3, 12, 2, 1, 48, True, 5),
}


# Every other field of HookedViTConfig, as its trainer writes them down.
TRAINER_FIELDS = {
    **{"model_name": "custom", "use_cls_token": True, "activation_name": "gelu", "d_vocab": -1, "eps": 1e-6},
    **{"use_attn_result": False, "use_attn_scale": True, "use_split_qkv_input": False, "use_hook_mlp_in": False},
    **{"use_attn_in": False, "use_local_attn": False, "original_architecture": None, "from_checkpoint": False},
    **{"checkpoint_index": None, "checkpoint_label_type": None, "checkpoint_value": None, "tokenizer_name": None},
    **{"window_size": None, "attn_types": None, "init_mode": "gpt2", "normalize_output": False, "device": "cpu"},
    **{"n_devices": 1, "attention_dir": "bidirectional", "attn_only": False, "seed": None, "initializer_range": -1.0},
    **{"init_weights": True, "scale_attn_by_inverse_layer_idx": False, "positional_embedding_type": "standard"},
    **{"final_rms": False, "d_vocab_out": -1, "parallel_attn_mlp": False, "rotary_dim": None, "n_params": None},
    **{"use_hook_tokens": False, "gated_mlp": False, "default_prepend_bos": True, "dtype": "torch.float32"},
    **{"tokenizer_prepends_bos": None, "n_key_value_heads": None, "post_embedding_ln": False, "rotary_base": 10000},
    **{"trust_remote_code": False, "rotary_adjacent_pairs": False, "layer_norm_pre": False, "use_bert_block": False},
    **{"weight_type": "he", "cls_std": 1e-6, "pos_std": 0.02, "classification_type": "cls", "log_dir": "logs"},
    **{"use_wandb": True, "wandb_team_name": "perceptual-alignment", "wandb_project_name": None, "log_frequency": 1},
    **{"print_every": 0, "optimizer_name": "AdamW", "lr": 3e-4, "weight_decay": 0.01, "loss_fn_name": "CrossEntropy"},
    **{"batch_size": 512, "warmup_steps": 10, "scheduler_step": 200, "scheduler_gamma": 0.8, "early_stopping": False},
    **{"scheduler_type": "WarmupThenStep", "early_stopping_patience": 2, "num_epochs": 50, "attn_dropout_rate": 0.0},
    **{"mlp_dropout_rate": 0.0, "parent_dir": "", "save_dir": "Checkpoints", "save_checkpoints": True},
    **{"save_cp_frequency": 5, "is_video_transformer": False, "video_tubelet_depth": None, "video_num_frames": None},
}


def random_state(model: LegacyViT, seed: int) -> dict[str, Tensor]:
    """Weights far from where training starts, CLS and biases among them."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(x.shape, generator=generator) * (0.5 if x.ndim < 2 else 1.2 / x.shape[-1] ** 0.5)
        for name, x in model.state_dict().items()
    }


def run(config: LegacyConfig, state: dict[str, Tensor], images: Tensor, dtype: torch.dtype) -> dict[str, Tensor]:
    """Everything that hooks would see, and the logits as `output`."""
    model = LegacyViT(config).to(dtype)
    model.load_state_dict(state)
    output = model(images.to(dtype))
    return {name: x.detach() for name, x in {**model.seen, "output": output}.items()}


def write_legacy(name: str, config: LegacyConfig, seed: int) -> None:
    """A trainer's checkpoint, its configuration, and its activations; the second as DataParallel would name its weights."""
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    model = LegacyViT(config)
    state = random_state(model, seed)
    model.load_state_dict(state)
    optimizer = torch.optim.AdamW(model.parameters())
    wrapped = {f"module.{key}": x for key, x in state.items()} if config.attention_only else state
    saved = {"model_state_dict": wrapped, "optimizer_state_dict": optimizer.state_dict(), "epoch": 1}
    torch.save(saved, folder / "model_0.pth")
    (folder / "config.json").write_text(json.dumps(config.to_json(), indent=1) + "\n")
    size = config.image_size
    images = torch.randn(2, config.n_channels, size, size, generator=torch.Generator().manual_seed(seed + 1))
    exact, single = (run(config, state, images, dtype) for dtype in (torch.float64, torch.float32))
    file = GoldenFile(share=False)
    file.add("input", images)
    for key, value in exact.items():
        file.add(key, value, single[key])
    file.save(folder, "activations")
    print(f"{name}: {len(exact)} tensors")


def hooked_state(config: LegacyConfig, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights as ViT-Prisma's HookedViT names and shapes them; biases that were not there are zero."""
    heads, width = config.num_heads, config.hidden_dim
    head = width // heads
    out = {
        "cls_token": state["cls_token"],
        "embed.proj.weight": state["patch_embedding.proj.weight"],
        "embed.proj.bias": torch.zeros(width),
        "pos_embed.W_pos": state["position_embedding"][0],
        "head.W_H": state["head.weight"].T,
        "head.b_H": state["head.bias"],
    }
    for layer in range(config.num_layers):
        old, new = f"blocks.{layer}", f"blocks.{layer}"
        for letter, rows in zip("QKV", state[f"{old}.attention.qkv.weight"].split(width)):
            out[f"{new}.attn.W_{letter}"] = rows.reshape(heads, head, width).transpose(1, 2)
            out[f"{new}.attn.b_{letter}"] = torch.zeros(heads, head)
        out[f"{new}.attn.W_O"] = state[f"{old}.attention.proj.weight"].T.reshape(heads, head, width)
        out[f"{new}.attn.b_O"] = state[f"{old}.attention.proj.bias"]
        for side, layer_name in (("in", "fc1"), ("out", "fc2")):
            out[f"{new}.mlp.W_{side}"] = state[f"{old}.mlp.{layer_name}.weight"].T
            out[f"{new}.mlp.b_{side}"] = state[f"{old}.mlp.{layer_name}.bias"]
    return out


def write_hooked(name: str, config: LegacyConfig, seed: int) -> None:
    """The first legacy model as a HookedViT without norms: its trainer's flat configuration, and two checkpoints."""
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    state = hooked_state(config, random_state(LegacyViT(config), seed))
    noise = {key: x + 1 for key, x in state.items()}
    for samples, weights in ((0, noise), (512, state)):
        torch.save({"model_state_dict": weights, "optimizer_state_dict": {}, "epoch": 1}, folder / f"model_{samples}.pth")
    flat = {
        **TRAINER_FIELDS,
        **{"n_layers": config.num_layers, "d_model": config.hidden_dim, "n_heads": config.num_heads},
        **{"d_head": config.hidden_dim // config.num_heads, "d_mlp": config.mlp_dim, "n_classes": config.num_classes},
        **{"n_channels": config.n_channels, "patch_size": config.patch_size, "image_size": config.image_size},
        **{"normalization_type": None, "return_type": "class_logits"},
    }
    (folder / "config.json").write_text(json.dumps(flat, indent=1) + "\n")


def main() -> None:
    """Everything, anew."""
    write_hooked("prisma-hooked-vit", LEGACY["prisma-legacy"], 0)
    for seed, (name, config) in enumerate(LEGACY.items()):
        write_legacy(name, config, 10 * seed)


if __name__ == "__main__":
    main()
