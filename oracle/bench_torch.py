"""Computes the benchmarks' workloads with PyTorch, one thread, float32, as asked over stdin, one JSON value a line.

{"hello": true} answers version and device; {"prepare": id, "workload": {...}} makes inputs and weights;
{"run": id} computes once and answers the milliseconds that took; {"drop": id} frees a workload.
"""

import json
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)

Keep = Callable[[torch.Tensor], torch.Tensor]


class LayerNorm(nn.Module):
    """A layer norm that can also be taken apart, so that its scale and its normalized input can be kept."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width))
        self.bias = nn.Parameter(torch.randn(width))

    def forward(self, x: torch.Tensor, keep: Keep | None) -> torch.Tensor:
        if keep is None:
            return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-6)
        centered = x - x.mean(-1, keepdim=True)
        scale = keep((centered.square().mean(-1, keepdim=True) + 1e-6).sqrt())
        return keep(centered / scale * self.weight + self.bias)


class Block(nn.Module):
    """A pre-norm block of a ViT. `keep` sees every activation that has a hook in Prisma."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = LayerNorm(width)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: torch.Tensor, keep: Keep | None) -> torch.Tensor:
        at: Keep = keep or (lambda value: value)
        at(x)
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm1(x, keep)).reshape(batch, tokens, 3, self.heads, -1)
        q, k, v = (at(part) for part in qkv.permute(2, 0, 3, 1, 4).unbind(0))
        z = F.scaled_dot_product_attention(q, k, v) if keep is None else attention(q, k, v, keep)
        mid = at(x + at(self.out(z.transpose(1, 2).reshape(batch, tokens, width))))
        at(mid)
        pre = at(self.fc1(self.norm2(mid, keep)))
        return at(mid + at(self.fc2(at(F.gelu(pre)))))


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, keep: Keep) -> torch.Tensor:
    """Attention in parts: scores, pattern, and the mix of values."""
    scores = keep(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5)
    return keep(keep(scores.softmax(-1)) @ v)


class ViT(nn.Module):
    """A ViT with a CLS token, fed with pixels."""

    def __init__(self, sizes: dict) -> None:
        super().__init__()
        rows, columns, channels, patch = sizes["image"]
        width, heads, hidden = sizes["width"], sizes["heads"], sizes["hidden"]
        tokens = (rows // patch) * (columns // patch) + 1
        self.embed = nn.Conv2d(channels, width, patch, patch)
        self.cls = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, tokens, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, hidden) for _ in range(sizes["layers"]))
        self.norm = LayerNorm(width)
        self.head = nn.Linear(width, sizes["classes"])

    def forward(self, images: torch.Tensor, keep: Keep | None = None) -> torch.Tensor:
        at: Keep = keep or (lambda value: value)
        patches = at(self.embed(images).flatten(2).transpose(1, 2))
        tokens = torch.cat([at(self.cls.expand(len(images), -1, -1)), patches], 1)
        x = at(tokens + at(self.positions))
        for block in self.blocks:
            x = block(x, keep)
        return at(self.head(at(self.norm(x, keep))[:, 0]))


def prepare_vit(workload: dict) -> Callable[[], object]:
    """A forward pass; with a copy of every activation when `cached`, as hooks take them."""
    sizes = workload["sizes"]
    model = ViT(sizes).eval()
    rows, columns, channels, _ = sizes["image"]
    images = torch.randn(sizes["batch"], channels, rows, columns)
    if not workload["cached"]:
        return lambda: model(images)
    kept: list[torch.Tensor] = []

    def keep(value: torch.Tensor) -> torch.Tensor:
        kept.append(value.clone())
        return value

    def run() -> None:
        kept.clear()
        model(images, keep)

    return run


def prepare(workload: dict) -> Callable[[], object]:
    """A function that computes `workload` once."""
    kind = workload["kind"]
    if kind == "vit":
        return prepare_vit(workload)
    if kind == "matmul":
        batch, m, k, n = (workload[name] for name in ("batch", "m", "k", "n"))
        shared = workload["sharedRight"]
        a = torch.randn(m, k) if shared else torch.randn(batch, m, k)
        b = torch.randn(k, n) if shared else torch.randn(batch, k, n)
        return lambda: a @ b
    x = torch.randn(workload["shape"])
    if kind == "softmax":
        return lambda: x.softmax(-1)
    if kind == "gelu":
        return lambda: F.gelu(x)
    weight, bias = torch.randn(x.shape[-1]), torch.randn(x.shape[-1])
    return lambda: F.layer_norm(x, x.shape[-1:], weight, bias, 1e-6)


def milliseconds(compute: Callable[[], object]) -> float:
    """The time that `compute` takes."""
    start = time.perf_counter()
    compute()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    capability = torch.backends.cpu.get_cpu_capability()
    device = f"CPU, {capability}, {torch.get_num_threads()} thread"
    workloads: dict[int, Callable[[], object]] = {}
    with torch.inference_mode():
        for line in sys.stdin:
            request = json.loads(line)
            answer: object = None
            if "hello" in request:
                answer = {"version": torch.__version__, "device": device}
            elif "prepare" in request:
                workloads[request["prepare"]] = prepare(request["workload"])
            elif "run" in request:
                answer = milliseconds(workloads[request["run"]])
            else:
                del workloads[request["drop"]]
            print(json.dumps(answer), flush=True)


main()
