"""Cases of elementwise operations."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from op_case import SPECIAL, OpCase, bools, special_pairs, uniform


def quick_gelu(x: Tensor) -> Tensor:
    """As CLIP."""
    return x * torch.sigmoid(1.702 * x)


# Multiples of pi / 2, near which few digits are left, and the ends of the range.
ANGLES = torch.cat([torch.arange(1, 41722, 397, dtype=torch.float64) * torch.pi / 2, torch.tensor([65536, -65536])]).float()

# Name, function, and the range of its random values.
UNARY: list[tuple[str, Callable[[Tensor], Tensor], float, float]] = [
    ("exp", torch.exp, -4, 4),
    ("log", torch.log, 0.05, 5),
    ("sqrt", torch.sqrt, 0.05, 5),
    ("rsqrt", torch.rsqrt, 0.05, 5),
    ("reciprocal", torch.reciprocal, 0.2, 4),
    ("tanh", torch.tanh, -4, 4),
    ("sin", torch.sin, -9, 9),
    ("cos", torch.cos, -9, 9),
    ("erf", torch.erf, -4, 4),
    ("sigmoid", torch.sigmoid, -8, 8),
    ("gelu", F.gelu, -6, 6),
    ("geluTanh", lambda x: F.gelu(x, approximate="tanh"), -6, 6),
    ("quickGelu", quick_gelu, -6, 6),
    ("silu", F.silu, -8, 8),
    ("relu", torch.relu, -2, 2),
    ("abs", torch.abs, -2, 2),
    ("neg", torch.neg, -2, 2),
    ("square", torch.square, -2, 2),
    ("sign", torch.sign, -2, 2),
    ("floor", torch.floor, -4, 4),
    ("ceil", torch.ceil, -4, 4),
    ("round", torch.round, -4, 4),
]

ARITHMETIC: list[tuple[str, Callable[[Tensor, Tensor], Tensor]]] = [
    ("add", torch.add),
    ("sub", torch.sub),
    ("mul", torch.mul),
    ("div", torch.div),
    ("pow", torch.pow),
    ("minimum", torch.minimum),
    ("maximum", torch.maximum),
]

COMPARISONS: list[tuple[str, Callable[[Tensor, Tensor], Tensor]]] = [
    ("equal", torch.eq),
    ("notEqual", torch.ne),
    ("less", torch.lt),
    ("lessEqual", torch.le),
    ("greater", torch.gt),
    ("greaterEqual", torch.ge),
]


def elementwise_cases() -> list[OpCase]:
    """All of them."""
    return [*_unary(), *_arithmetic(), *_powers(), *_choices()]


def _unary() -> list[OpCase]:
    cases = [OpCase(op, "random", [uniform([5, 13], low, high, op)], apply) for op, apply, low, high in UNARY]
    # PyTorch gives 0 for the sign of NaN, ours stays NaN; its silu loses -89 e^-89, which float32 can hold; our sin and
    # cos end at 65,536.
    angles = torch.cat([SPECIAL[~(SPECIAL.isfinite() & (SPECIAL.abs() > 65536))], ANGLES])
    special = {"sign": SPECIAL[~SPECIAL.isnan()], "silu": SPECIAL[SPECIAL != -89], "sin": angles, "cos": angles}
    cases += [OpCase(op, "special", [special.get(op, SPECIAL)], apply, special=True) for op, apply, *_ in UNARY]
    kinks = torch.tensor([-1.0, 0.0, 1.0, 0.0])
    cases += [OpCase(op, "at-0", [kinks], apply) for op, apply, *_ in UNARY if op in ("abs", "relu", "sign")]
    predicates = (("isNaN", torch.isnan), ("isFinite", torch.isfinite))
    return cases + [OpCase(op, "special", [SPECIAL], apply, special=True) for op, apply in predicates]


def _arithmetic() -> list[OpCase]:
    cases = []
    for op, apply in ARITHMETIC:
        low = {"pow": 0.2, "div": 0.3}.get(op, -2)
        for name, shape, other in (("broadcast", [3, 1, 5], [4, 1]), ("same-shape", [2, 9], [2, 9])):
            inputs = [uniform(shape, low, 3, op), uniform(other, low, 2, f"{op} other")]
            cases.append(OpCase(op, name, inputs, apply))
        cases.append(OpCase(op, "special", special_pairs(), apply, special=True))
    ties = [torch.tensor([1.0, 2.0, 2.0, -1.0]), torch.tensor([1.0, 1.0, 2.0, -1.0])]
    cases += [OpCase(op, "ties", ties, apply) for op, apply in ARITHMETIC if op in ("minimum", "maximum")]
    return cases + [OpCase(op, "special", special_pairs(), apply, special=True) for op, apply in COMPARISONS]


def _powers() -> list[OpCase]:
    cases = []
    for exponent in (2, 3, 0.5, -1, 0, 1):
        x = uniform([11], -2 if exponent in (2, 3) else 0.3, 2, "power")
        power = partial(torch.pow, exponent=exponent)
        cases.append(OpCase("pow", f"scalar-{exponent}", [x], power, {"other": exponent}))
    return cases


def _choices() -> list[OpCase]:
    condition = bools([[True, False, True, False], [False, False, True, True], [True, True, False, False]])
    where = OpCase("where", "broadcast", [condition, uniform([3, 4], seed="a"), uniform([4], seed="b")], torch.where)
    special = [bools([True, False] * 16 + [True]), SPECIAL, SPECIAL.flip(0)]
    cases = [where, OpCase("where", "special", special, torch.where, special=True)]
    x = uniform([31], -3, 3, "clamp")
    for low, high in ((-1.0, 1.5), (None, 0.5), (-0.5, None)):
        clamp, args = partial(torch.clamp, min=low, max=high), {"min": low, "max": high}
        cases.append(OpCase("clamp", f"{low}-{high}", [x], clamp, args))
        cases.append(OpCase("clamp", f"special-{low}-{high}", [SPECIAL], clamp, args, special=True))
    return cases
