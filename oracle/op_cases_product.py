"""Cases of matrix products and einsum."""

from functools import partial

import torch
from torch import Tensor

from op_case import OpCase, uniform

MATMULS: list[tuple[str, list[int], list[int]]] = [
    ("plain", [5, 7], [7, 3]),
    ("tile-edges", [33, 65], [65, 17]),
    ("long-sum", [2, 700], [700, 3]),
    ("one-row", [1, 9], [9, 20]),
    ("batch", [4, 5, 6], [4, 6, 3]),
    ("batch-broadcast-right", [4, 5, 6], [6, 3]),
    ("batch-broadcast-both", [2, 1, 5, 6], [3, 6, 4]),
    ("batch-of-one", [1, 5, 6], [4, 6, 3]),
    ("vector-right", [3, 5, 6], [6]),
    ("vector-left", [6], [3, 6, 4]),
    ("vectors", [6], [6]),
    ("nothing-to-sum", [3, 0], [0, 4]),
]

EINSUMS: list[tuple[str, list[list[int]]]] = [
    ("ij,jk->ik", [[4, 5], [5, 6]]),
    ("ij,kj->ik", [[4, 5], [6, 5]]),
    ("bpd,hde->bphe", [[2, 5, 6], [3, 6, 4]]),
    ("bphd,hde->bphe", [[2, 5, 3, 6], [3, 6, 4]]),
    ("bqhe,bkhe->bhqk", [[2, 5, 3, 4], [2, 5, 3, 4]]),
    ("bhqk,bkhe->bqhe", [[2, 3, 5, 5], [2, 5, 3, 4]]),
    ("bphe,hed->bpd", [[2, 5, 3, 4], [3, 4, 6]]),
    ("bcrisj,dcij->brsd", [[2, 3, 2, 4, 3, 4], [5, 3, 4, 4]]),
    ("i,j->ij", [[4], [5]]),
    ("ij,ij->ij", [[3, 4], [3, 4]]),
    ("ijk,jk->i", [[3, 4, 5], [4, 5]]),
    ("ij,k->i", [[3, 4], [5]]),
    ("i,i->", [[9], [9]]),
    ("i->", [[7]]),
    ("ijk->ki", [[2, 3, 4]]),
    ("ii->i", [[5, 5]]),
    ("ii->", [[5, 5]]),
    ("ijji->j", [[3, 4, 4, 3]]),
    ("iii->i", [[4, 4, 4]]),
    ("iij,jk->ik", [[3, 3, 4], [4, 5]]),
    ("ii,ii->", [[3, 3], [3, 3]]),
    ("ij,jk,kl->il", [[2, 3], [3, 4], [4, 5]]),
    ("i,j,k->kji", [[2], [3], [4]]),
    ("bqd,hde,bke->bhqk", [[2, 3, 5], [4, 5, 3], [2, 6, 3]]),
    ("ij,ji,ii,j->i", [[3, 3], [3, 3], [3, 3], [3]]),
    ("ab,,bc->ac", [[2, 3], [], [3, 4]]),
]


def product_cases() -> list[OpCase]:
    """All of them."""
    matmuls = [OpCase("matmul", name, _operands([a, b]), torch.matmul) for name, a, b in MATMULS]
    einsums = [
        OpCase("einsum", equation, _operands(shapes), partial(torch.einsum, equation), {"equation": equation})
        for equation, shapes in EINSUMS
    ]
    return matmuls + einsums


def _operands(shapes: list[list[int]]) -> list[Tensor]:
    return [uniform(shape, seed="abcd"[i]) for i, shape in enumerate(shapes)]
