"""Writes the table of timm's plain vision transformers: what each architecture's own function passes to the model class."""

import functools
from pathlib import Path

import timm
from timm.models import deit, vision_transformer

TABLE = Path(__file__).resolve().parent.parent / "packages/vit/src/families/timm-architectures.ts"

# What our models can be told; `eps` is the norm's, `mlp_layer=swiglu` timm's SwiGLUPacked.
UNDERSTOOD = {
    "img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depth", "num_heads", "mlp_ratio",
    "class_token", "act_layer", "qkv_bias", "pre_norm", "init_values", "no_embed_class", "reg_tokens", "fc_norm",
    "eps", "mlp_layer", "distilled",
}  # fmt: skip
# Nothing that inference sees.
WITHOUT_EFFECT = {"weight_init", "dynamic_img_size", "strict_img_size", "pos_drop_rate", "drop_path_rate", "patch_drop_rate"}

HEAD = """// timm's plain vision transformers: arguments that differ from the class's defaults, read out of timm {version} by oracle/make_timm_architectures.py.
// `eps` is the norm's; `mlp_layer=swiglu` is timm's SwiGLUPacked. Architectures that need more than these are not here.

/** One line an architecture: its name, then `argument=value`. */
export const TIMM_ARCHITECTURES = `
"""


def plain(name: str, value: object) -> dict[str, object] | None:
    """An argument as text can say it; None for one that our models do not know."""
    if name in WITHOUT_EFFECT:
        return {}
    if name == "norm_layer":
        known = isinstance(value, functools.partial) and value.func in (vision_transformer.LayerNorm, timm.layers.LayerNorm)
        return {"eps": value.keywords["eps"]} if known and set(value.keywords) == {"eps"} else None
    if name == "mlp_layer":
        return {"mlp_layer": "swiglu"} if value is timm.layers.SwiGLUPacked else None
    if name == "act_layer":
        text = value if isinstance(value, str) else {"SiLU": "silu", "GELU": "gelu"}.get(value.__name__)
        return None if text is None else {"act_layer": text}
    simple = isinstance(value, (bool, int, float, str)) or value is None
    return {name: value} if name in UNDERSTOOD and simple else None


def arguments_of(name: str) -> dict[str, object] | None:
    """What the function `name` passes on, or None where that is beyond us."""
    caught: dict[str, object] = {}

    def catch(_variant: str, pretrained: bool = False, distilled: bool = False, **arguments: object) -> None:
        caught.update(arguments, **({"distilled": True} if distilled else {}))

    vision_transformer._create_vision_transformer = catch
    deit._create_deit = catch
    for module in (vision_transformer, deit):
        if hasattr(module, name):
            getattr(module, name)()
    found: dict[str, object] = {}
    for argument, value in caught.items():
        said = plain(argument, value)
        if said is None:
            return None
        found |= said
    return found if "patch_size" in found else None


def text_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    names = sorted(
        name.split(".")[0]
        for module in ("vision_transformer", "deit")
        for name in timm.list_models(module=module)
    )
    rows = []
    for name in dict.fromkeys(names):
        found = arguments_of(name)
        if found is not None:
            rows.append(" ".join([name, *(f"{key}={text_of(value)}" for key, value in found.items() if value is not None)]))
    TABLE.write_text(HEAD.format(version=timm.__version__) + "\n".join(rows) + "\n`;\n")
    print(f"{len(rows)} of {len(dict.fromkeys(names))} architectures")


if __name__ == "__main__":
    main()
