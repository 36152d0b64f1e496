"""Golden files: safetensors with each tensor's magnitude and PyTorch float32's own error beside it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

MAX_BYTES = 1_000_000


def max_abs(x: Tensor) -> float:
    """Largest magnitude of the finite values; 0 when there are none."""
    finite = x.double()[x.double().isfinite()]
    return finite.abs().max().item() if finite.numel() else 0.0


def max_difference(exact: Tensor, approximate: Tensor) -> float:
    """Largest difference where both are finite."""
    return max_abs(approximate.double() - exact.double())


@dataclass
class GoldenFile:
    """
    Tensors of one golden set; with `share` those that are equal bit by bit are stored once. `save` splits them over
    files of at most MAX_BYTES.
    """

    share: bool = False
    tensors: dict[str, Tensor] = field(default_factory=dict)
    errors: dict[str, tuple[float, float]] = field(default_factory=dict)
    names: dict[tuple, str] = field(default_factory=dict)

    def add(
        self, name: str, exact: Tensor, float32: Tensor | None = None, bound: tuple[float, float] | None = None
    ) -> str:
        """
        Adds a tensor, rounded to float32 if it is of floats; the name it has, or that of its equal. Its error and
        magnitude are those of `float32` against it, or `bound`; the error is 0 for what is given exactly.
        """
        stored = exact.detach().float() if exact.dtype.is_floating_point else exact.detach()
        stored = stored.contiguous().clone()
        error = bound or (max_difference(exact, float32) if float32 is not None else 0.0, max_abs(exact))
        if self.share:
            name = self.names.setdefault((tuple(stored.shape), stored.dtype, stored.numpy().tobytes()), name)
        before = self.errors.get(name, (0.0, 0.0))
        self.tensors[name] = stored
        self.errors[name] = (max(error[0], before[0]), max(error[1], before[1]))
        return name

    def save(self, folder: Path, stem: str) -> list[str]:
        """Writes `<stem>.safetensors`, or `<stem>-0.safetensors` and so on; the names of the files."""
        parts: list[list[str]] = [[]]
        size = 0
        for name, tensor in self.tensors.items():
            size += tensor.nbytes
            if size > MAX_BYTES and parts[-1]:
                parts.append([])
                size = tensor.nbytes
            parts[-1].append(name)
        numbers = [""] if len(parts) == 1 else [f"-{i}" for i in range(len(parts))]
        files = [f"{stem}{number}.safetensors" for number in numbers]
        for file, part in zip(files, parts):
            metadata = {
                "float32_error": json.dumps({name: self.errors[name][0] for name in part}),
                "max_abs": json.dumps({name: self.errors[name][1] for name in part}),
            }
            write_safetensors(folder / file, {name: self.tensors[name] for name in part}, metadata)
        return files


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """As the safetensors library writes it, with `metadata` in order: the same values give the same bytes."""
    data = save(tensors, metadata)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = metadata
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(text) <= size, "the header does not fit in its place"
    path.write_bytes(data[:8] + text.ljust(size) + data[8 + size :])


def write_json(path: Path, value: object) -> None:
    """Writes `value` with one line for each entry of its top-level lists."""
    path.write_text(_rows(value) + "\n")


def _rows(value: object) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(json.dumps(row) for row in value) + "\n]"
    if isinstance(value, dict):
        is_table = lambda x: isinstance(x, list) and x and isinstance(x[0], dict)
        entries = {key: _rows(x) if is_table(x) else json.dumps(x) for key, x in value.items()}
        return "{\n" + ",\n".join(f"{json.dumps(key)}: {text}" for key, text in entries.items()) + "\n}"
    return json.dumps(value)
