"""Writes golden values and gradients of single operations, computed by PyTorch in float64 from float32 inputs."""

import torch
from torch import Tensor

from golden_files import GoldenFile, write_json
from make_vit_golden import ROOT
from op_case import OpCase, uniform
from op_cases_elementwise import elementwise_cases
from op_cases_layout import layout_cases
from op_cases_product import product_cases
from op_cases_reduction import reduction_cases

FOLDER = ROOT / "packages/tensor/test/golden"

FAMILIES = {
    "ops-elementwise": elementwise_cases,
    "ops-reduction": reduction_cases,
    "ops-product": product_cases,
    "ops-layout": layout_cases,
}


class Run:
    """Outputs of a case in `dtype`, and gradients of the sum of outputs times `weights`, None for other inputs."""

    def __init__(self, case: OpCase, dtype: torch.dtype):
        inputs = [self._input(case, x, dtype) for x in case.inputs]
        result = case.apply(*inputs)
        self.outputs = list(result) if isinstance(result, tuple) else [result]
        self.weights = self._weights(case)
        self.gradients: list[Tensor | None] = []
        if self.weights:
            floats = [x for x in self.outputs if x.dtype.is_floating_point]
            sum((w.to(dtype) * x).sum() for w, x in zip(self.weights, floats)).backward()
            self.gradients = [x.grad if x.requires_grad else None for x in inputs]

    @staticmethod
    def _input(case: OpCase, x: Tensor, dtype: torch.dtype) -> Tensor:
        """Of its own storage, so that one tensor given twice has two gradients."""
        if not x.dtype.is_floating_point:
            return x
        return x.to(dtype).clone().requires_grad_(case.differentiable and not case.special)

    def _weights(self, case: OpCase) -> list[Tensor]:
        """Random, one for each output of floats that has a gradient."""
        return [
            uniform(list(x.shape), -1, 1, f"weight {case.id} {i}")
            for i, x in enumerate(self.outputs)
            if x.requires_grad
        ]


def relative_error(exact: Tensor, single: Tensor) -> float:
    """Largest relative error over what is finite and normal in float32."""
    rounded = exact.float()
    normal = rounded.isfinite() & single.isfinite() & (rounded.abs() >= torch.finfo(torch.float32).tiny)
    errors = ((single.double() - exact) / exact).abs()[normal]
    return errors.max().item() if errors.numel() else 0.0


def add_case(file: GoldenFile, case: OpCase) -> dict:
    """Stores a case's tensors; its entry in the index."""
    exact, single = Run(case, torch.float64), Run(case, torch.float32)

    def add(kind: str, i: int, x: Tensor, y: Tensor | None = None) -> str:
        bound = (relative_error(x, y), 1.0) if case.special and y is not None and x.is_floating_point() else None
        return file.add(f"{case.id}/{kind}{i}", x, y, bound)

    outputs = zip(exact.outputs, single.outputs)
    gradients = zip(exact.gradients, single.gradients)
    return {
        "id": case.id,
        "op": case.op,
        "args": case.args,
        "special": case.special,
        "inputs": [add("in", i, x) for i, x in enumerate(case.inputs)],
        "outputs": [add("out", i, x, y) for i, (x, y) in enumerate(outputs)],
        "weights": [add("weight", i, x) for i, x in enumerate(exact.weights)],
        "grads": [None if x is None else add("grad", i, x, y) for i, (x, y) in enumerate(gradients)],
    }


def main() -> None:
    """Everything, anew."""
    torch.set_num_threads(1)  # so that float32's errors, too, are the same in every run
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stem, cases in FAMILIES.items():
        file = GoldenFile()
        entries = [add_case(file, case) for case in cases()]
        assert len({entry["id"] for entry in entries}) == len(entries), "two cases have one id"
        files = file.save(FOLDER, stem)
        assert len(files) == 1, f"{stem} is too large for one file"
        write_json(FOLDER / f"{stem}.json", entries)
        print(f"{stem}: {len(entries)} cases")


if __name__ == "__main__":
    main()
