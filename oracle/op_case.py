"""One case of an operation: what goes in, and what PyTorch does with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import torch
from torch import Tensor


@dataclass(frozen=True)
class OpCase:
    """
    `op` is the name of our method; `args` are its arguments beside the tensors, as JSON. `apply` gets the input
    tensors in float64 or float32 and gives one tensor or several. Cases with `special` are compared element by
    element, have values of all magnitudes, and no gradients.
    """

    op: str
    name: str
    inputs: list[Tensor]
    apply: Callable[..., Tensor | tuple[Tensor, ...]]
    args: dict[str, Any] = field(default_factory=dict)
    special: bool = False
    differentiable: bool = True

    @property
    def id(self) -> str:
        """Unique among all cases."""
        return f"{self.op}/{self.name}"


def uniform(shape: list[int], low: float = -2.0, high: float = 2.0, seed: str = "") -> Tensor:
    """float32 values within [low, high), the same in every run: they depend on the arguments alone."""
    generator = torch.Generator().manual_seed(crc32(f"{shape} {low} {high} {seed}".encode()))
    return low + (high - low) * torch.rand(shape, generator=generator)


def integers(values: list) -> Tensor:
    """i32 values."""
    return torch.tensor(values, dtype=torch.int32)


def bools(values: list) -> Tensor:
    """bool values."""
    return torch.tensor(values, dtype=torch.bool)


INF, NAN = float("inf"), float("nan")

# Zeros, the non-finite, denormals and the smallest normal number, edges of exp and tanh, the far ends.
SPECIAL = torch.tensor([
    0.0, -0.0, INF, -INF, NAN, 1e-40, -1e-40, 1.1754944e-38, 1e-30, -1e-30, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0,
    9.1, -9.1, 87.3, -87.3, 88.72, 88.73, 89.0, -89.0, 103.9, 104.0, -104.0, 16777217.0, 1e30, -1e30, 3.4028235e38,
    -3.4028235e38,
])  # fmt: skip

FEW = torch.tensor([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 89.0, 1e-40, 1e-30, 1e30, -1e30, INF, -INF, NAN])


def special_pairs() -> list[Tensor]:
    """Every value of FEW with every one, as two flat tensors."""
    count = len(FEW)
    return [FEW.repeat_interleave(count), FEW.repeat(count)]
