"""Writes the golden files of edits, ablation, patching and knockout, for the models of make_vit_golden.py."""

import json
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from analysis_edits import Edit, EditedRuns, difference
from golden_files import GoldenFile, write_json
from make_analysis_golden import GOLDEN, ROOT, TRAINED, in_dtype, input_of, open_model
from pictures import read_pictures, transform_of
from vit_config import ViTConfig

REFERENCE_IMAGES = 6
TRAINED_REFERENCE = 16
PATCH_HOOKS = {
    "z": "attn.hook_z",
    "pattern": "attn.hook_pattern",
    "resid_pre": "hook_resid_pre",
    "attn_out": "hook_attn_out",
    "mlp_out": "hook_mlp_out",
}


def edit_cases(config: ViTConfig) -> dict[str, list[Edit]]:
    """Lists of edits that a run gets together. The model has CLS, two layers or more and a grid of 2 x 3 or more."""
    first, last = "blocks.0", f"blocks.{config.n_layers - 1}"
    cases = {
        "mean of a head": [{"name": f"{last}.attn.hook_z", "heads": [1], "kind": "mean"}],
        "zero of two heads at CLS": [
            {"name": f"{first}.attn.hook_z", "heads": [0, 2], "positions": ["cls"], "kind": "zero"}
        ],
        "another image's values at patches": [
            {"name": f"{first}.attn.hook_v", "heads": [1], "positions": [[0, 1], [1, 2], 2], "kind": "resample", "source": 3}
        ],
        "pattern from the corrupted run": [
            {"name": f"{last}.attn.hook_pattern", "heads": [0], "kind": "from", "source": "corrupted"}
        ],
        "queries of one row from the corrupted run": [
            {"name": f"{first}.attn.hook_attn_scores", "positions": [[1, 0]], "kind": "from", "source": "corrupted"}
        ],
        "residual stream of one image": [
            {"name": f"{last}.hook_resid_pre", "positions": ["patches"], "images": [0], "kind": "from", "source": "corrupted"}
        ],
        "result and query input of heads": [
            {"name": f"{last}.hook_q_input", "heads": [0], "kind": "mean"},
            {"name": f"{last}.attn.hook_result", "heads": [1], "kind": "mean"},
        ],
        "several in order": [
            {"name": "hook_full_embed", "positions": [[0, 0]], "kind": "mean"},
            {"name": f"{first}.attn.hook_z", "heads": [0], "kind": "from", "source": "corrupted"},
            {"name": f"{first}.attn.hook_z", "heads": [0], "positions": ["cls"], "kind": "zero"},
            {"name": f"{last}.hook_attn_out", "positions": [1], "kind": "mean"},
        ],
        "CLS does not see two patches": knockout(config, [first], [1], ["cls"], [[0, 0], [1, 1]]),
        "no head sees the first row but patches": knockout(
            config, [first, last], None, ["patches"], ["cls", *([0, column] for column in range(config.grid[1]))]
        ),
    }
    if not config.attn_only:
        cases["mean of an MLP"] = [{"name": f"{first}.hook_mlp_out", "kind": "mean"}]
    return cases


def knockout(config: ViTConfig, blocks: list[str], heads: list[int] | None, queries: list, keys: list) -> list[Edit]:
    """Queries of heads that do not look at keys."""
    part = {} if heads is None else {"heads": heads}
    return [
        {"name": f"{block}.attn.hook_attn_scores", **part, "positions": queries, "keys": keys, "kind": "knockout"}
        for block in blocks
    ]


def ablation_cases(config: ViTConfig, reference: int) -> dict[str, tuple[str, dict]]:
    """Sweeps, and what they put in; resampled ones for each image that may be drawn."""
    sweeps = ["heads", "attention"] if config.attn_only else ["heads", "attention", "mlps"]
    cases = {f"{sweep} mean": (sweep, {"kind": "mean"}) for sweep in sweeps}
    cases["heads zero"] = ("heads", {"kind": "zero"})
    return cases | {f"heads resample {i}": ("heads", {"kind": "resample", "source": i}) for i in range(reference)}


def patch_cases(config: ViTConfig, positions: bool) -> list[tuple[str, str, str]]:
    """What, by and into. `positions`: every way by position, too."""
    cases = [("z", "head", into) for into in ("corrupted", "clean")]
    cases += [("pattern", "head", "corrupted"), ("resid_pre", "position", "corrupted")]
    if positions:
        cases += [("attn_out", "position", "clean"), ("z", "head-position", "corrupted"), ("z", "position", "clean")]
        cases += [("pattern", "position", "corrupted"), ("pattern", "head-position", "clean")]
    return cases if config.attn_only else [*cases, ("mlp_out", "position", "clean")]


def results_of(runs: EditedRuns, classes: tuple[int, int], full: bool) -> dict[str, Tensor]:
    """Everything by the name of its tensor."""
    config, reference = runs.config, runs.inputs["reference"].shape[0] if full else 0
    found = {f"logits.{name}": runs.logits([], name) for name in ("clean", "corrupted")}
    found |= {f"baseline.{name}": difference(found[f"logits.{name}"], classes) for name in ("clean", "corrupted")}
    found |= {f"edits.{case}": runs.logits(edits) for case, edits in edit_cases(config).items()}
    for case, (sweep, kind) in ablation_cases(config, reference).items():
        found[f"ablate.{case}"] = runs.ablations(sweep, kind, classes)
    for what, by, into in patch_cases(config, positions=full):
        found[f"patch.{what} by {by} into {into}"] = runs.patches(PATCH_HOOKS[what], by, into, classes)
    return found


def write_edits(stem: str, model: str, inputs: dict[str, Tensor], classes: tuple[int, int], **extra: object) -> None:
    """One golden set: `<stem>.json` lists the edits, `<stem>.safetensors` has inputs and values."""
    config, weights = open_model(model)
    full = model != TRAINED
    exact, single = (
        results_of(EditedRuns(config, in_dtype(weights, dtype), in_dtype(inputs, dtype)), classes, full)
        for dtype in (torch.float64, torch.float32)
    )
    file = GoldenFile()
    for name, images in inputs.items():
        if full or name == "corrupted":
            file.add(name, images)
    for name, x in exact.items():
        file.add(name, x, single[name])
    cases = [{"name": name, "edits": edits} for name, edits in edit_cases(config).items()]
    file.save(GOLDEN, stem)
    write_json(GOLDEN / f"{stem}.json", {"model": model, "classes": list(classes), **extra, "cases": cases})


def write_random_model(name: str, seed: int, classes: tuple[int, int]) -> None:
    """Random images: one batch, another in its place, and a reference set."""
    clean = input_of(name)
    generator = torch.Generator().manual_seed(seed)
    corrupted = torch.randn(clean.shape, generator=generator)
    reference = torch.randn((REFERENCE_IMAGES, *clean.shape[1:]), generator=generator)
    write_edits(f"edits-{name}", name, {"clean": clean, "corrupted": corrupted, "reference": reference}, classes)


def write_scene(place: int) -> None:
    """A scene of the trained model, and the same without its brighter garment."""
    folder = ROOT / "apps/demo/public/models" / TRAINED
    scenes = json.loads((folder / "scenes/scenes.json").read_text())
    files = [folder / "scenes" / scene["file"] for scene in scenes[:TRAINED_REFERENCE]]
    picture, scene = Image.open(files[place]).convert("L"), scenes[place]
    box = {"left": 0 if scene["brighter"] == "left" else 28, "top": 0, "width": 28, "height": 28}
    picture.paste(0, (box["left"], 0, box["left"] + 28, 28))
    reference = read_pictures(folder, files)
    inputs = {"clean": reference[place : place + 1], "corrupted": transform_of(folder)(picture)[None], "reference": reference}
    classes = scene["label"], scene["other"]
    extra = {"scene": scene["file"], "box": box, "references": [file.name for file in files]}
    write_edits(f"edits-scene-{place}", TRAINED, inputs, classes, **extra)


def main() -> None:
    """Everything, anew."""
    torch.set_num_threads(1)  # so that float32's errors, too, are the same in every run
    write_random_model("timm-cls", 3000, (1, 4))
    write_random_model("prisma-attn-only", 3001, (0, 3))
    write_scene(0)
    write_scene(1)


if __name__ == "__main__":
    main()
