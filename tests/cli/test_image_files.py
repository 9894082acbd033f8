"""Files that may be images, whole and damaged: an image, or a refusal; and no size fills the memory."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import symbolscope as sy
from symbolscope.cli.image_game import ImageInput

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 10, 3)).astype(np.uint8)
KINDS = [
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "WEBP",
    "DDS",
    "TGA",
    "PPM",
    "JPEG2000",
    "PCX",
    "SGI",
    "AVIF",
    "MPO",
    "QOI",
]


def parse(path, size=None, *, gray=False):
    return ImageInput.parse(path, None, size, None, None, None, gray=gray)


def encoded(kind):
    made = io.BytesIO()
    try:
        Image.fromarray(PIXELS).save(made, kind)
    except (KeyError, OSError, ValueError):
        pytest.skip(f"this Pillow does not write {kind}")
    return made.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_image_is_read_or_refused(tmp_path, kind):
    whole = encoded(kind)
    path = tmp_path / "image"
    path.write_bytes(whole)
    assert parse(path).pixels.shape == (3, 12, 10)
    generator = np.random.default_rng(1)
    for trial in range(60):
        damaged = bytearray(whole)
        for place in generator.integers(0, min(len(damaged), 200 if trial % 2 else len(damaged)), size=1 + trial % 4):
            damaged[place] = int(generator.integers(256))
        path.write_bytes(damaged[: len(damaged) if trial % 3 else int(generator.integers(1, len(damaged)))])
        try:
            pixels = parse(path).pixels
        except sy.SymbolscopeError:
            continue
        else:
            assert np.isfinite(pixels).all()
            assert pixels.size < 1 << 27


def _png(width, height):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("shape", [(30_000, 30_000), (1 << 20, 1 << 20), (1, 1 << 30), (178_956_971, 1)])
def test_a_small_file_of_many_pixels_is_refused(tmp_path, shape):
    (tmp_path / "bomb.png").write_bytes(_png(*shape))
    for size in (None, "8x8"):
        with pytest.raises(sy.SymbolscopeError, match=r"pixels|image"):
            parse(tmp_path / "bomb.png", size)


@pytest.mark.parametrize("size", ["40000x40000", "1x99999999", "99999999x1", "100000x100000", "6000x6000"])
def test_a_size_beyond_any_network_is_refused_before_the_image_is_read(tmp_path, size):
    Image.fromarray(PIXELS).save(tmp_path / "small.png")
    with pytest.raises(sy.SymbolscopeError, match=r"pixels|--size"):
        parse(tmp_path / "small.png", size)
    with pytest.raises(sy.SymbolscopeError):
        parse(tmp_path / "small.png", "9" * 5000 + "x1")


BEGINNINGS = [
    b"",
    b"GIF89a",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0" + b"\xff" * 40,
    b"qoif" + bytes(20),
    b"<svg/>",
    b"DDS " + bytes(200),
]


@pytest.mark.parametrize("content", BEGINNINGS)
def test_a_beginning_alone_is_refused(tmp_path, content):
    (tmp_path / "image").write_bytes(content)
    with pytest.raises(sy.SymbolscopeError):
        parse(tmp_path / "image")


def test_sizes_that_are_taken(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "small.png")
    assert parse(tmp_path / "small.png", "9x11").pixels.shape == (3, 9, 11)
    assert parse(tmp_path / "small.png", gray=True).pixels.shape == (1, 12, 10)
    np.testing.assert_array_equal(parse(tmp_path / "small.png").pixels, np.moveaxis(PIXELS, -1, 0) / np.float32(255))
