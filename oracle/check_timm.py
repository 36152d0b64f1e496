"""Holds our reference against timm: the same weights, every activation that timm's modules show, in float64."""

import torch
from torch import Tensor, nn

from vit_config import ViTConfig
from vit_reference import VitReference

TOLERANCE = 1e-10


def timm_activations(model: nn.Module, config: ViTConfig, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits, and activations by our hook names, caught by forward hooks on timm's own modules."""
    found: dict[str, Tensor] = {}

    def catch(name: str, module: nn.Module) -> None:
        module.register_forward_hook(lambda _module, _inputs, output: found.__setitem__(name, output.detach()))

    catch("hook_embed", model.patch_embed)
    catch("ln_final.hook_normalized", model.fc_norm if config.fc_norm else model.norm)
    if config.classification_type == "map":
        model.attn_pool.fused_attn = False
        catch("attn_pool.hook_mlp_out", model.attn_pool.mlp)
        catch("attn_pool.mlp.hook_post", model.attn_pool.mlp.act)
    if config.layer_norm_pre:
        catch("hook_ln_pre", model.norm_pre)
    for layer, block in enumerate(model.blocks):
        block.attn.fused_attn = False  # written out, so that the pattern passes through attn_drop
        for name, module in {
            "ln1.hook_normalized": block.norm1,
            "attn.qkv": block.attn.qkv,
            "attn.hook_pattern": block.attn.attn_drop,
            "hook_attn_out": block.ls1,
            "ln2.hook_normalized": block.norm2,
            **({} if config.gated_mlp else {"mlp.hook_pre": block.mlp.fc1, "mlp.hook_post": block.mlp.act}),
            "hook_mlp_out": block.ls2,
            "hook_resid_post": block,
        }.items():
            catch(f"blocks.{layer}.{name}", module)
    with torch.no_grad():
        logits = model(images)
    for layer in range(config.n_layers):
        qkv = found.pop(f"blocks.{layer}.attn.qkv")
        parts = qkv.reshape(*qkv.shape[:2], 3, config.n_heads, config.d_head).unbind(2)
        found |= {f"blocks.{layer}.attn.hook_{part}": x for part, x in zip("qkv", parts)}
    return logits, found


def assert_agrees_with_timm(model: nn.Module, config: ViTConfig, weights: dict[str, Tensor], images: Tensor) -> float:
    """Largest difference over the logits and all shared activations. Leaves `model` in float64."""
    reference = VitReference(config, {name: x.double() for name, x in weights.items()})
    logits, theirs = timm_activations(model.double(), config, images.double())
    ours = {"logits": reference(images.double()), **reference.activations}
    differences = {name: (ours[name] - x).abs().max().item() for name, x in {**theirs, "logits": logits}.items()}
    worst = max(differences, key=differences.__getitem__)
    assert differences[worst] < TOLERANCE, f"{worst} differs from timm by {differences[worst]}"
    return differences[worst]
