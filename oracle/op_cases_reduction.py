"""Cases of reductions, softmax and layer norm."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from op_case import INF, NAN, OpCase, integers, uniform

SHAPE = [3, 4, 5]
AXES: list[list[int] | None] = [None, [0], [1], [-1], [0, 2], [1, 2]]

REDUCTIONS: dict[str, Callable[..., Tensor]] = {
    "sum": torch.sum,
    "mean": torch.mean,
    "max": torch.amax,
    "min": torch.amin,
    "norm": torch.linalg.vector_norm,
    "logsumexp": torch.logsumexp,
}

# Rows with -inf, all -inf, +inf, both, NaN, and far apart.
EDGE_ROWS = torch.tensor([
    [0.5, -INF, 1.0, -INF],
    [-INF, -INF, -INF, -INF],
    [0.5, INF, 1.0, 2.0],
    [INF, -INF, 0.0, 1.0],
    [0.5, NAN, 1.0, 2.0],
    [1e30, 1e20, 0.0, 1.0],
    [-1e30, -1e30, -1e30, -1e30],
    [100.0, 100.0, 99.0, -200.0],
    [-1e4, -1e4, -10001.0, -1e4],
])  # fmt: skip


def reduction_cases() -> list[OpCase]:
    """All of them."""
    return [*_reductions(), *_products(), *_truths(), *_running(), *_spreads(), *_places(), *_rows(), *_layer_norms()]


def _axes_name(axes: list[int] | None) -> str:
    return "all" if axes is None else "axes" + "".join(f"_{axis}" for axis in axes)


def _over(reduce: Callable[..., Tensor], axes: list[int] | None, keep: bool) -> Callable[[Tensor], Tensor]:
    return lambda x: reduce(x, dim=tuple(range(x.ndim)) if axes is None else tuple(axes), keepdim=keep)


def _reduction(op: str, name: str, x: Tensor, axes: list[int] | None, keep: bool = False, **options: bool) -> OpCase:
    return OpCase(op, name, [x], _over(REDUCTIONS[op], axes, keep), {"axes": axes, "keepDims": keep}, **options)


def _reductions() -> list[OpCase]:
    cases = []
    for op in REDUCTIONS:
        for axes in AXES:
            cases.append(_reduction(op, _axes_name(axes), uniform(SHAPE, seed=op), axes))
            cases.append(_reduction(op, _axes_name(axes) + "_keep", uniform(SHAPE, seed=op), axes, keep=True))
        cases.append(_reduction(op, "long", uniform([2, 1500], seed=op), [1]))
        # The squares of 1e30 overflow in float32.
        edges = EDGE_ROWS[EDGE_ROWS.abs().amax(1) != 1e30] if op == "norm" else EDGE_ROWS
        cases.append(_reduction(op, "special", edges, [1], special=True))
    ties = torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    return cases + [_reduction(op, "ties", ties, [1]) for op in ("max", "min")]


def _product(name: str, x: Tensor, axes: list[int] | None, keep: bool = False, **options: bool) -> OpCase:
    def apply(x: Tensor) -> Tensor:
        for axis in range(x.ndim) if axes is None else axes:
            x = torch.prod(x, dim=axis, keepdim=True)
        return x if keep else x.squeeze(tuple(range(x.ndim)) if axes is None else tuple(axes))

    return OpCase("prod", name, [x], apply, {"axes": axes, "keepDims": keep}, **options)


def _products() -> list[OpCase]:
    cases = [_product(_axes_name(axes), uniform(SHAPE, seed="prod"), axes) for axes in AXES]
    zeros = uniform([5, 6], seed="prod zeros")
    zeros[1, 2] = zeros[2, 0] = zeros[2, 5] = zeros[3] = 0
    return [
        *cases,
        _product("keep", uniform(SHAPE, seed="prod"), [0, 2], keep=True),
        _product("zeros", zeros, [1]),
        _product("zeros-all", zeros[:2], None),
        _product("long", uniform([2, 1500], 0.9, 1.1, "prod"), [1]),
        # The product of 1e30, 1e20 and 0 depends on their order.
        _product("special", EDGE_ROWS[EDGE_ROWS.abs().amax(1) != 1e30], [1], special=True),
    ]


def _truths() -> list[OpCase]:
    """any and all."""
    cases = []
    places = integers([[[0, 0, 0], [3, 0, -1]], [[1, 2, 3], [0, 0, 0]]])
    edges = torch.tensor([[0.0, -0.0], [NAN, 0.0], [NAN, INF], [1e-30, 0.0]])
    for op, reduce in (("any", torch.any), ("all", torch.all)):
        for name, x, axes in (("last", places, [-1]), ("two", places, [0, 2]), ("edges", edges, [1]), ("whole", edges, None)):
            args = {"axes": axes, "keepDims": False}
            cases.append(OpCase(op, name, [x], partial(reduce, dim=axes), args, differentiable=False))
    return cases


def _running() -> list[OpCase]:
    def case(name: str, x: Tensor, axis: int, **options: bool) -> OpCase:
        apply = lambda x: torch.cumsum(x, axis) if x.is_floating_point() else torch.cumsum(x, axis).int()
        return OpCase("cumsum", name, [x], apply, {"axis": axis}, **options)

    infinite = torch.tensor([[1.0, INF, 2.0, -INF, 0.0], [1.0, NAN, 2.0, INF, 0.0], [-INF, 1.0, 2.0, 3.0, 4.0]])
    return [
        *(case(f"axis_{axis}", uniform(SHAPE, seed="cumsum"), axis) for axis in (0, 1, -1)),
        *(case(f"long_{n}", uniform([2, n], seed="cumsum"), -1) for n in (32, 33, 1024, 1025, 1500)),
        case("integers", integers([[3, -4, 5, 2147483647, 9]]), 1, differentiable=False),
        case("special", infinite.repeat(1, 9), 1, special=True),
    ]


def _spread(op: str, name: str, x: Tensor, axes: list[int] | None, correction: int) -> OpCase:
    reduce = {"variance": torch.var, "std": torch.std}[op]
    args = {"axes": axes, "correction": correction}
    return OpCase(op, name, [x], partial(reduce, dim=axes, correction=correction), args)


def _spreads() -> list[OpCase]:
    cases = []
    for op in ("variance", "std"):
        for axes in AXES:
            for correction in (0, 1):
                cases.append(_spread(op, f"{_axes_name(axes)}_{correction}", uniform(SHAPE, seed=op), axes, correction))
        cases.append(_spread(op, "off-center", uniform([2, 300], 99, 101, op), [1], 0))
    return cases


def _place(op: str, name: str, x: Tensor, axis: int | None) -> OpCase:
    find = {"argmax": torch.argmax, "argmin": torch.argmin}[op]
    return OpCase(op, name, [x], lambda x: find(x, dim=axis).int(), {"axis": axis}, differentiable=False)


def _places() -> list[OpCase]:
    infinite = torch.tensor([[1.0, INF, -INF, 2.0], [-INF, -INF, -INF, -1e30]])
    cases = []
    for op in ("argmax", "argmin"):
        cases += [_place(op, f"axis_{axis}", uniform(SHAPE, seed=op), axis) for axis in (None, 0, 1, -1)]
        cases.append(_place(op, "infinite", infinite, 1))
    return cases


def _along(op: str, name: str, x: Tensor, axis: int = -1, **options: bool) -> OpCase:
    apply = {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}[op]
    return OpCase(op, name, [x], partial(apply, dim=axis), {"axis": axis}, **options)


def _rows() -> list[OpCase]:
    cases = []
    for op in ("softmax", "logSoftmax"):
        cases += [_along(op, f"axis_{axis}", uniform(SHAPE, -5, 5, op), axis) for axis in (-1, 0, 1)]
        cases.append(_along(op, "one", uniform([3, 1], seed=op)))
        cases.append(_along(op, "long", uniform([2, 1500], -8, 8, op)))
        cases.append(_along(op, "special", EDGE_ROWS, special=True))
    return cases


def _layer_norm(name: str, inputs: list[Tensor], eps: float) -> OpCase:
    """Inputs: x, and weight and bias or neither."""
    apply = lambda x, *affine: F.layer_norm(x, x.shape[-1:], *affine, eps=eps)
    return OpCase("layerNorm", name, inputs, apply, {"eps": eps})


def _layer_norms() -> list[OpCase]:
    affine = [uniform([7], 0.5, 1.5, "weight"), uniform([7], seed="bias")]
    return [
        *(_layer_norm(f"plain_{eps}", [uniform([4, 7])], eps) for eps in (1e-5, 1e-6, 0.1)),
        _layer_norm("affine", [uniform([2, 3, 7]), *affine], 1e-6),
        _layer_norm("off-center", [uniform([3, 7], 99, 101), *affine], 1e-6),
        _layer_norm("constant", [torch.full([2, 7], 3.0), *affine], 1e-6),
        _layer_norm("wide", [uniform([2, 768], seed="wide")], 1e-6),
    ]
