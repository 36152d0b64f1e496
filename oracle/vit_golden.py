"""One model's golden set: every activation and every gradient of a logit difference, computed in float64."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from golden_files import GoldenFile, max_abs, max_difference, write_json
from vit_config import ViTConfig
from vit_reference import VitReference

FINGERPRINT_WAVES = 4


@dataclass
class Pass:
    """One forward and backward pass; hooks are in firing order."""

    output: Tensor
    activations: dict[str, Tensor]
    gradients: dict[str, Tensor]


def run_pass(
    config: ViTConfig, weights: dict[str, Tensor], images: Tensor, classes: tuple[int, int], dtype: torch.dtype
) -> Pass:
    """
    Activations and gradients of sum over the batch of output[a] - output[b]. Hooks on copies per head and on head
    results come from a second pass; all others from the plain one.
    """
    plain, per_head = (
        _one_pass(config, weights, images.to(dtype), classes, dtype, per_head) for per_head in (False, True)
    )
    names = list(per_head.activations)
    activations = {name: plain.activations.get(name, per_head.activations[name]) for name in names}
    gradients = {name: plain.gradients.get(name, per_head.gradients[name]) for name in names}
    return Pass(plain.output, activations, gradients)


def _one_pass(
    config: ViTConfig,
    weights: dict[str, Tensor],
    images: Tensor,
    classes: tuple[int, int],
    dtype: torch.dtype,
    per_head: bool,
) -> Pass:
    leaves = {name: x.detach().to(dtype).requires_grad_() for name, x in weights.items()}
    model = VitReference(config, leaves, per_head)
    output = model(images)
    (output[:, classes[0]] - output[:, classes[1]]).sum().backward()
    off_path = [name for name, x in model.activations.items() if x.grad is None]
    assert not off_path, f"no gradient reaches {off_path}"
    gradients = {name: x.grad for name, x in model.activations.items()}
    return Pass(output.detach(), {name: x.detach() for name, x in model.activations.items()}, gradients)


def write_vit_golden(
    folder: Path,
    config: ViTConfig,
    weights: dict[str, Tensor],
    images: Tensor,
    classes: tuple[int, int],
    leave_out: tuple[str, ...] = (),
    **extra: object,
) -> None:
    """Writes `golden.json` and the tensors that it names; `extra` goes into `golden.json` too."""
    exact, single = (run_pass(config, weights, images, classes, dtype) for dtype in (torch.float64, torch.float32))
    values, gradients = GoldenFile(share=True), GoldenFile(share=True)
    values.add("input", images)
    output = values.add("output", exact.output, single.output)
    hooks = [
        {
            "name": name,
            "shape": list(x.shape),
            "activation": _store(values, name, x, single.activations[name]),
            "gradient": _store(gradients, name, exact.gradients[name], single.gradients[name]),
        }
        for name, x in exact.activations.items()
        if not name.endswith(leave_out)
    ]
    index = {
        **extra,
        "config": config.to_json(),
        "classes": list(classes),
        "input": "input",
        "output": output,
        "activations": values.save(folder, "activations"),
        "gradients": gradients.save(folder, "gradients"),
        "hooks": hooks,
    }
    write_json(folder / "golden.json", index)


def _store(file: GoldenFile, name: str, exact: Tensor, single: Tensor) -> dict:
    """Copies along axis 2 (heads) are stored once, as `repeat`."""
    if exact.ndim == 4 and exact.shape[2] > 1 and (exact == exact[:, :, :1]).all():
        return {"tensor": file.add(name, exact[:, :, 0], single[:, :, 0]), "repeat": 2}
    return {"tensor": file.add(name, exact, single)}


def write_fingerprints(
    folder: Path, config: ViTConfig, weights: dict[str, Tensor], images: Tensor, classes: tuple[int, int]
) -> None:
    """
    Means of every activation and gradient against waves, for more images than whole tensors would be small for.
    Each image's values a_0, a_1, ... in row-major order give mean_i(a_i cos((k + 1) i)) for k of 0 to 3. No
    fingerprint is further off than the tensor's largest error, so the whole tensor's error and magnitude go with it.
    """
    exact, single = (run_pass(config, weights, images, classes, dtype) for dtype in (torch.float64, torch.float32))
    file = GoldenFile()
    file.add("input", images)
    file.add("output", exact.output, single.output)
    for name, x in exact.activations.items():
        bound = max_difference(x, single.activations[name]), max_abs(x)
        file.add(f"activation.{name}", fingerprint(x), bound=bound)
    for name, x in exact.gradients.items():
        bound = max_difference(x, single.gradients[name]), max_abs(x)
        file.add(f"gradient.{name}", fingerprint(x), bound=bound)
    file.save(folder, "fingerprints")


def fingerprint(x: Tensor) -> Tensor:
    """[B, ...] to [B, 4]."""
    rows = x.double().flatten(1)
    i = torch.arange(rows.shape[1], dtype=torch.float64)
    return torch.stack([(rows * torch.cos((k + 1) * i)).mean(1) for k in range(FINGERPRINT_WAVES)], dim=1)
