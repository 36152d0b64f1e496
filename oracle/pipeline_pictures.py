"""Pictures of every kind that libraries read: sizes, color types, formats, orientation. The same on every run."""

import struct
import zlib
from pathlib import Path

import numpy
from PIL import Image

ORIENTATION = 0x0112


def scene(width: int, height: int, seed: int) -> numpy.ndarray:
    """Gradients, a disc, stripes and noise: uint8 [height, width, 3]."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    u, v = x / width, y / height
    ramps = numpy.stack([u, v, 1 - (u + v) / 2], -1) * random.uniform(120, 250, 3)
    disc = ((u - 0.6) ** 2 + (v - 0.4) ** 2 < 0.06)[..., None] * random.uniform(-120, 120, 3)
    stripes = (numpy.sin(x / 2.3 + y / 5.1) > 0.7)[..., None] * 60
    noise = random.normal(0, 6, (height, width, 3))
    return numpy.clip(ramps + disc + stripes + noise, 0, 255).round().astype(numpy.uint8)


def photo(width: int, height: int, seed: int) -> Image.Image:
    """A scene in RGB."""
    return Image.fromarray(scene(width, height, seed))


def translucent(width: int, height: int, seed: int) -> Image.Image:
    """A scene with opacity from 0 to 255."""
    alpha = numpy.clip(scene(width, height, seed + 1)[..., :1].astype(int) * 2 - 130, 0, 255).astype(numpy.uint8)
    return Image.fromarray(numpy.concatenate([scene(width, height, seed), alpha], -1))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def save_rgb16(path: Path, samples: numpy.ndarray) -> None:
    """A PNG of 16 bits a sample, which Pillow reads but does not write."""
    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b""))


def _keyed() -> Image.Image:
    """A scene, one of whose colors is meant to be transparent."""
    values = scene(70, 50, 31)
    values[10:30, 20:45] = (12, 200, 99)
    return Image.fromarray(values)


def save_pictures(folder: Path) -> list[str]:
    """Writes all of them; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    rotated = Image.Exif()
    rotated[ORIENTATION] = 6
    jpeg = {"quality": 88, "subsampling": "4:2:0"}
    palette = photo(90, 70, 20).quantize(24)
    pictures: dict[str, tuple[Image.Image, dict]] = {
        "rgb-120x90.png": (photo(120, 90, 1), {}),
        "rgb-77x131.png": (photo(77, 131, 2), {}),
        "rgb-48x48.png": (photo(48, 48, 3), {}),
        "rgb-13x9.png": (photo(13, 9, 4), {}),
        "rgb-1x1.png": (photo(1, 1, 5), {}),
        "rgb-400x11.png": (photo(400, 11, 6), {}),
        "rgb-9x333.png": (photo(9, 333, 7), {}),
        "grey-100x75.png": (photo(100, 75, 8).convert("L"), {}),
        "bits-64x50.png": (photo(64, 50, 9).convert("1"), {}),
        "palette-90x70.png": (palette, {}),
        "palette-alpha-90x70.png": (palette, {"transparency": bytes(range(0, 240, 10))}),
        "grey-alpha-80x60.png": (translucent(80, 60, 10).convert("LA"), {}),
        "rgba-110x80.png": (translucent(110, 80, 12), {}),
        "rgb-key-70x50.png": (_keyed(), {"transparency": (12, 200, 99)}),
        "photo-160x120.jpg": (photo(160, 120, 13), jpeg),
        "progressive-150x101.jpg": (photo(150, 101, 14), {**jpeg, "progressive": True}),
        "grey-90x120.jpg": (photo(90, 120, 15).convert("L"), jpeg),
        "turned-120x80.jpg": (photo(120, 80, 16), {**jpeg, "exif": rotated}),
        "palette-60x44.gif": (photo(60, 44, 24).quantize(40), {}),
        "cmyk-80x60.jpg": (photo(80, 60, 17).convert("CMYK"), jpeg),
        "photo-130x97.webp": (photo(130, 97, 18), {"quality": 85}),
        "turned-90x60.webp": (photo(90, 60, 23), {"quality": 90, "exif": rotated}),
        "lossless-64x80.webp": (photo(64, 80, 19), {"lossless": True}),
    }
    for name, (picture, options) in pictures.items():
        picture.save(folder / name, **options)
    grey16 = scene(60, 40, 21)[..., 0].astype(numpy.uint16) * 257
    Image.fromarray(grey16).save(folder / "grey16-60x40.png")
    save_rgb16(folder / "rgb16-60x40.png", scene(60, 40, 22).astype(numpy.uint16) * 257 - 100 * (scene(60, 40, 22) > 9))
    return [*pictures, "grey16-60x40.png", "rgb16-60x40.png"]
