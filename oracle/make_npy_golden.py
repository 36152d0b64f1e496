"""Writes npy files with NumPy: every type we read, both orders, all versions; and what is in them."""

from pathlib import Path

import numpy as np

from golden_files import write_json

FOLDER = Path(__file__).resolve().parent.parent / "packages/tensor/test/golden/npy"

FLOATS = [0.0, -0.0, 1.5, -2.25, np.inf, -np.inf, np.nan, 6e-8, 65504.0, 1e-4, 3.0, 7.0]
SINGLES = [*FLOATS[:7], 1e-45, 3.4028235e38, 0.1, -1e-38, 7.0]
WHOLE = [0, 1, 2, 127, 5, 6, 100, 8, 9, 10, 11, 12]


def signed(lowest: int) -> list[int]:
    """WHOLE, with the least number there is."""
    return [lowest, -1, *WHOLE[2:]]


# Name, values, NumPy's type, shape, order, version.
CASES: list[tuple[str, list, str, tuple[int, ...], str, tuple[int, int]]] = [
    ("f4", SINGLES, "<f4", (3, 4), "C", (1, 0)),
    ("f4-fortran", SINGLES, "<f4", (3, 4), "F", (1, 0)),
    ("f4-fortran-3d", SINGLES, "<f4", (2, 3, 2), "F", (2, 0)),
    ("f4-big", SINGLES, ">f4", (12,), "C", (1, 0)),
    ("f4-scalar", [2.5], "<f4", (), "C", (1, 0)),
    ("f4-empty", [], "<f4", (0, 3), "C", (1, 0)),
    ("f4-v3", SINGLES, "<f4", (1, 12), "C", (3, 0)),
    ("f2", FLOATS, "<f2", (12,), "C", (1, 0)),
    ("f8", SINGLES, "<f8", (4, 3), "C", (2, 0)),
    ("f8-big-fortran", SINGLES, ">f8", (4, 3), "F", (1, 0)),
    ("i1", signed(-128), "|i1", (12,), "C", (1, 0)),
    ("i2", signed(-32768), "<i2", (3, 4), "C", (1, 0)),
    ("i4", signed(-2147483648), "<i4", (2, 2, 3), "C", (1, 0)),
    ("i4-big", signed(-2147483648), ">i4", (12,), "C", (1, 0)),
    ("i8", [-2147483648, 2147483647, *WHOLE[2:]], "<i8", (12,), "C", (3, 0)),
    ("u1", [255, *WHOLE[1:]], "|u1", (12,), "C", (1, 0)),
    ("u2", [65535, *WHOLE[1:]], "<u2", (12,), "C", (1, 0)),
    ("u4", [4294967295, *WHOLE[1:]], "<u4", (6, 2), "F", (1, 0)),
    ("b1", [True, False] * 6, "|b1", (3, 4), "C", (1, 0)),
]


def texts(values: np.ndarray) -> list[str]:
    """Values in C order as Python writes them, so that nan, inf and -0.0 are there too."""
    return [repr(x) for x in values.ravel(order="C").tolist()]


def main() -> None:
    """Everything, anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, values, dtype, shape, order, version in CASES:
        array = np.asarray(np.array(values, dtype=dtype).reshape(shape), order=order)
        with open(FOLDER / f"{name}.npy", "wb") as file:
            np.lib.format.write_array(file, array, version=version, allow_pickle=False)
        single = array.astype(np.float32) if array.dtype.kind == "f" else array
        entries.append({"name": name, "shape": list(shape), "saved": version == (1, 0), "values": texts(single)})
    write_json(FOLDER / "files.json", entries)
    print(f"npy: {len(entries)} files")


if __name__ == "__main__":
    main()
