"""Cases of indexing, and of operations that move elements."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from op_case import INF, NAN, OpCase, integers, uniform


def layout_cases() -> list[OpCase]:
    """All of them."""
    return [*_gathers(), *_scatters(), *_top_k(), *_sorts(), *_parts(), *_takes(), *_views(), *_triangles(), *_splits(), *_ranges(), *_joins()]


def _gather(name: str, x: Tensor, axis: int, index: Tensor) -> OpCase:
    return OpCase("gather", name, [x, index], lambda x, index: torch.gather(x, axis, index.long()), {"axis": axis})


def _gathers() -> list[OpCase]:
    x = uniform([4, 5, 3])
    along_0 = integers([[[3, 0, 1], [1, 1, 1], [0, 2, 3], [2, 2, 2], [3, 3, 0]]])
    along_1 = integers([[[4, 0, 0], [1, 1, 2]], [[3, 3, 3], [0, 4, 2]], [[0, 1, 2], [2, 1, 0]], [[4, 4, 4], [0, 0, 0]]])
    return [
        _gather("axis_0", x, 0, along_0),
        _gather("axis_1", x, 1, along_1),
        _gather("axis_-1", x, -1, along_1[:, :, :2] % 3),
        _index_select("axis_0", x, 0, integers([3, 3, 0, 1, 3])),
        _index_select("axis_2", x, 2, integers([2, 0])),
        _one_hot("matrix", integers([[0, 3, 1], [4, 4, 2]]), 5),
    ]


def _index_select(name: str, x: Tensor, axis: int, index: Tensor) -> OpCase:
    return OpCase("indexSelect", name, [x, index], lambda x, index: x.index_select(axis, index), {"axis": axis})


def _one_hot(name: str, index: Tensor, classes: int) -> OpCase:
    apply = lambda index: F.one_hot(index.long(), classes).float()
    return OpCase("oneHot", name, [index], apply, {"classes": classes}, differentiable=False)


def _scatter_add(name: str, axis: int, inputs: list[Tensor]) -> OpCase:
    apply = lambda x, index, source: x.scatter_add(axis, index.long(), source)
    return OpCase("scatterAdd", name, inputs, apply, {"axis": axis})


def _scatters() -> list[OpCase]:
    across = integers([[0, 0, 0, 1, 2, 2], [3, 1, 3, 1, 3, 1]])
    down = integers([[0, 2, 1], [0, 2, 1], [2, 2, 2], [0, 0, 0], [1, 1, 0]])
    return [
        _scatter_add("axis_1", 1, [uniform([2, 4]), across, uniform([2, 6], seed="source")]),
        _scatter_add("axis_0", 0, [uniform([3, 3]), down, uniform([5, 3], seed="source")]),
    ]


def _top(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    values, places = torch.topk(x, k, dim=-1)
    return values, places.int()


def _top_k() -> list[OpCase]:
    shapes = [(1, [3, 9]), (3, [2, 4, 7]), (9, [2, 9]), (5, [1, 1000]), (100, [2, 130]), (7, [2, 5000])]
    return [
        OpCase("topK", f"{k}_of_{shape[-1]}", [uniform(shape, seed="topk")], partial(_top, k=k), {"k": k})
        for k, shape in shapes
    ]


def _sorts() -> list[OpCase]:
    """Values and places; equal values stay in order, NaN is largest."""
    ties = integers([[3, -1, 3, 0, -1, 2147483647, -2147483648, 3], [0, 0, 0, 0, 1, 0, 0, 0]])
    edges = torch.tensor([[1.0, NAN, -INF, 0.0, -0.0, INF, NAN, -1.0, 1e-30, -1e-30, 3e38], [NAN] * 10 + [1.0]])
    inputs = [
        ("row", uniform([17], seed="sort"), -1),
        ("last", uniform([3, 4, 6], seed="sort"), -1),
        ("first", uniform([5, 2, 3], seed="sort"), 0),
        ("long", uniform([2, 1100], seed="sort"), 1),
        ("ties", ties, 1),
        ("edges", edges, 1),
    ]
    return [_sort(f"{name}_{order}", x, axis, order == "down") for name, x, axis in inputs for order in ("up", "down")]


def _sort(name: str, x: Tensor, axis: int, descending: bool) -> OpCase:
    def apply(x: Tensor) -> tuple[Tensor, Tensor]:
        values, places = torch.sort(x, dim=axis, descending=descending, stable=True)
        return values, places.int()

    args = {"axis": axis, "descending": descending}
    return OpCase("sort", name, [x], apply, args, special=name.startswith("edges"), differentiable=x.is_floating_point())


def _parts() -> list[OpCase]:
    """Ranges: a place, [from, to), a list, or null for all."""
    x, every_other = uniform([4, 6, 5]), {"list": [1, 3, 5]}
    gets = [
        ("place", [1], lambda x: x[1]),
        ("negative", [None, -2], lambda x: x[:, -2]),
        ("range", [[1, 3], [2, 6]], lambda x: x[1:3, 2:6]),
        ("negative-range", [None, [-4, -1], [0, 4]], lambda x: x[:, -4:-1, 0:4]),
        ("step", [None, every_other], lambda x: x[:, 1::2]),
        ("list", [{"list": [3, 0, 0]}, [0, 2], -1], lambda x: x[[3, 0, 0]][:, 0:2, -1]),
        ("empty", [[2, 2]], lambda x: x[2:2]),
    ]
    gotten = [OpCase("get", name, [x], apply, {"ranges": ranges}) for name, ranges, apply in gets]
    return [
        *gotten,
        _set("range", [x, uniform([2, 3, 5], seed="v")], [[1, 3], [2, 5]], (slice(1, 3), slice(2, 5))),
        _set("broadcast", [x, uniform([5], seed="v")], [None, -1], (slice(None), -1)),
    ]


def _set(name: str, inputs: list[Tensor], ranges: list, where: tuple) -> OpCase:
    def apply(x: Tensor, value: Tensor) -> Tensor:
        out = x.clone()
        out[where] = value
        return out

    return OpCase("set", name, inputs, apply, {"ranges": ranges})


def _views() -> list[OpCase]:
    x = uniform([2, 3, 4])
    return [
        OpCase("reshape", "flat", [x], lambda x: x.reshape(4, -1), {"shape": [4, -1]}),
        OpCase("reshape", "inferred", [x], lambda x: x.reshape(3, 2, -1), {"shape": [3, 2, -1]}),
        OpCase("permute", "turn", [x], lambda x: x.permute(2, 0, 1), {"axes": [2, 0, 1]}),
        OpCase("transpose", "ends", [x], lambda x: x.transpose(0, 2), {"a": 0, "b": 2}),
        OpCase("expand", "middle", [uniform([2, 1, 4])], lambda x: x.expand(3, 2, 5, 4), {"shape": [3, 2, 5, 4]}),
        OpCase("flip", "two", [x], lambda x: x.flip(0, 2), {"axes": [0, -1]}),
        OpCase("squeeze", "one", [uniform([2, 1, 4])], lambda x: x.squeeze(1), {"axis": 1}),
        OpCase("unsqueeze", "end", [x], lambda x: x.unsqueeze(-1), {"axis": -1}),
        OpCase(
            "pad",
            "zeros",
            [x],
            lambda x: F.pad(x, (1, 2, 0, 0, 3, 0)),
            {"widths": [[3, 0], [0, 0], [1, 2]], "value": 0},
        ),
        OpCase(
            "pad",
            "value",
            [x],
            lambda x: F.pad(x, (0, 1, 2, 0), value=-1.5),
            {"widths": [[0, 0], [2, 0], [0, 1]], "value": -1.5},
        ),
    ]


def _takes() -> list[OpCase]:
    """Without an axis places of the flattened tensor; with one, slices, as numpy.take."""
    x, matrix = uniform([4, 5, 3]), integers([[4, 0, 1], [1, 1, 3]])
    flat = lambda x, index: torch.take(x, index.long())
    along = lambda x, index: x[:, index.long()]
    return [
        OpCase("take", "flat", [x, integers([[59, 0], [7, 7], [31, 16]])], flat, {"axis": None}),
        OpCase("take", "axis_1", [x, matrix], along, {"axis": 1}),
        OpCase("take", "place", [x, integers(3)], along, {"axis": 1}),
    ]


def _triangles() -> list[OpCase]:
    cases = []
    for op, apply in (("tril", torch.tril), ("triu", torch.triu)):
        for shape in ([4, 4], [2, 3, 5], [5, 2]):
            for diagonal in (-2, 0, 1):
                name = f"{'x'.join(map(str, shape))}_{diagonal}"
                args = {"diagonal": diagonal}
                cases.append(OpCase(op, name, [uniform(shape, seed=op)], partial(apply, diagonal=diagonal), args))
    return cases


def _splits() -> list[OpCase]:
    x = uniform([3, 7, 2])
    cuts: list[tuple[str, int | list[int], int]] = [("size", 3, 1), ("whole", 9, 1), ("sizes", [2, 0, 5], 1), ("last", 1, -1)]
    return [
        OpCase("split", name, [x], partial(torch.split, split_size_or_sections=parts, dim=axis), {"parts": parts, "axis": axis})
        for name, parts, axis in cuts
    ]


def _ranges() -> list[OpCase]:
    ends = [("up", 0, 1, 5), ("down", 2.5, -1, 8), ("one", 3, 9, 1), ("two", -7, 7, 2), ("none", 0, 1, 0), ("long", 0.1, 0.7, 1000)]
    return [
        OpCase(
            "linspace",
            name,
            [],
            partial(torch.linspace, start, end, count, dtype=torch.float64),
            {"start": start, "end": end, "count": count},
            differentiable=False,
        )
        for name, start, end, count in ends
    ]


def _joins() -> list[OpCase]:
    parts = [uniform([2, n, 3], seed="join") for n in (1, 4, 2)]
    same = [uniform([2, 3], seed=f"stack {i}") for i in range(3)]
    return [
        OpCase("concat", "axis_1", parts, lambda *xs: torch.cat(xs, 1), {"axis": 1}),
        OpCase("concat", "last", same, lambda *xs: torch.cat(xs, -1), {"axis": -1}),
        OpCase("stack", "first", same, lambda *xs: torch.stack(xs), {"axis": 0}),
        OpCase("stack", "last", same, lambda *xs: torch.stack(xs, -1), {"axis": -1}),
    ]
