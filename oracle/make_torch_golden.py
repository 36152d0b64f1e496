"""Writes PyTorch checkpoints with torch.save: every type we read, views, shared data, optimizers; and what is in them."""

import io
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor, nn

from golden_files import write_json

FOLDER = Path(__file__).resolve().parent.parent / "packages/tensor/test/golden/torch"

FLOATS = [0.0, -0.0, 1.5, -2.25, float("inf"), float("-inf"), float("nan"), 65504.0, 1e-4, 0.1]


def dtypes() -> dict[str, Tensor]:
    """One tensor of each type that can be held."""
    whole = [0, 1, 2, 127, 5, 6]
    low = {torch.int8: -128, torch.int16: -32768, torch.int32: -(2**31), torch.int64: -(2**31)}
    high = {torch.uint8: 255, torch.uint16: 65535, torch.uint32: 2**32 - 1}
    floats = [torch.float32, torch.float16, torch.bfloat16, torch.float64]
    return {
        **{str(dtype): torch.tensor(FLOATS, dtype=dtype).reshape(2, 5) for dtype in floats},
        **{str(dtype): torch.tensor([end, *whole[1:]], dtype=dtype) for dtype, end in {**low, **high}.items()},
        "bool": torch.tensor([True, False, True]),
    }


def views() -> dict[str, object]:
    """Views of one storage with strides and offsets, and what has no strides to speak of."""
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return {
        "base": base,
        "transposed": base.permute(2, 0, 1),
        "tail": base[1:],
        "every other": base[:, ::2],
        "column": base[..., 3],
        "corner": base.transpose(0, 2)[1:3, 1:],
        "expanded": base[0, 0].expand(3, 2, 4),
        "half expanded": base[:, :1, ::3].expand(2, 3, 2),
        "one": base[1, 2, 3],
        "single axes": base[:, None, :1],
        "empty": torch.zeros(0, 3),
        "parameter": nn.Parameter(base[0].clone()),
        "list": [base, (base[0], {"again": base})],
    }


def trainer() -> dict[str, object]:
    """A checkpoint as Prisma's trainer writes it, after two steps."""
    torch.manual_seed(0)
    model = nn.Linear(2, 3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.01)
    for _ in range(2):
        model(torch.randn(4, 2)).square().sum().backward()
        optimizer.step()
    return {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "epoch": 4}


def wrapped() -> OrderedDict:
    """A state dict of a model within DataParallel, halves, with numbers of every size beside it."""
    torch.manual_seed(1)
    model = nn.Module()
    model.module = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)).half()
    return OrderedDict(
        state_dict=model.state_dict(),
        arch="vit",
        numbers=[0, -1, 255, 65535, -70000, 2**40, -(2**40), 2**62, 0.5],
        flags=(True, False, None),
        dtype=torch.float16,
        size=torch.Size([2, 3]),
    )


def big_endian(data: bytes) -> bytes:
    """The same checkpoint as a big-endian machine would write it, packed by another writer of archives."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("/byteorder"):
                content = b"big"
            if "/data/" in entry.filename:
                content = torch.frombuffer(bytearray(content), dtype=torch.float32).numpy().byteswap().tobytes()
            target.writestr(entry.filename, content)
    return out.getvalue()


def texts(value: Tensor) -> list[str]:
    """Values in C order as Python writes them, rounded to float32; so that nan, inf and -0.0 are there too."""
    held = value.detach().float() if value.is_floating_point() else value
    return [repr(x) for x in held.flatten().tolist()]


def described(value: object) -> object:
    """`value` as JSON: dicts as pairs, tensors and large numbers as objects."""
    if isinstance(value, Tensor):
        return {"shape": list(value.shape), "values": texts(value)}
    if isinstance(value, dict):
        return {"pairs": [[key, described(one)] for key, one in value.items()]}
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [described(one) for one in value]
    if isinstance(value, int) and abs(value) > 2**53:
        return {"integer": str(value)}
    return value


def main() -> None:
    """Everything, anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    values = {
        "dtypes.pt": dtypes(),
        "views.pt": views(),
        "trainer.pth": trainer(),
        "wrapped.pt": wrapped(),
        "tensor.pt": torch.tensor([[1.0, 2.0]]),
    }
    for name, value in values.items():
        torch.save(value, FOLDER / name)
    torch.save(values["trainer.pth"], FOLDER / "protocol-4.pt", pickle_protocol=4)
    (FOLDER / "big-endian.pt").write_bytes(big_endian((FOLDER / "trainer.pth").read_bytes()))
    torch.save(values["tensor.pt"], FOLDER / "before-1.6.pt", _use_new_zipfile_serialization=False)
    names = [*values, "protocol-4.pt", "big-endian.pt"]
    # What torch itself reads out of the very files; its own list of what is allowed knows protocols 2 and 3 only.
    read = {name: torch.load(FOLDER / name, weights_only=name != "protocol-4.pt") for name in names}
    files = [{"name": name, "value": described(value)} for name, value in read.items()]
    write_json(FOLDER / "files.json", files)
    print(f"torch: {len(files)} files")


if __name__ == "__main__":
    main()
