"""Pictures in the page: the PNG holds the pixels, and each outline encloses exactly its player's pixels."""

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from symbolscope.games.view import ImageView
from symbolscope.report.picture import draw_picture, outline
from symbolscope.report.png import png_uri


def enclosed(path):
    """Signed area inside the loops of a path made of M, H, V and Z."""
    area, here, start = 0.0, (0.0, 0.0), (0.0, 0.0)
    for command, numbers in re.findall(r"([MHVZ])([^MHVZ]*)", path):
        place = [float(number) for number in numbers.split()]
        if command == "M":
            here = start = (place[0], place[1])
            continue
        there = start if command == "Z" else (place[0], here[1]) if command == "H" else (here[0], place[0])
        area += (here[0] * there[1] - there[0] * here[1]) / 2.0
        here = there
    return area


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_an_outline_encloses_as_many_pixels_as_there_are(inside):
    assert enclosed(outline(inside)) == inside.sum()


def test_an_outline_goes_around_a_hole():
    ring = np.ones((3, 3), dtype=np.bool_)
    ring[1, 1] = False
    assert outline(ring).count("M") == 2


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (64, 48)])
def test_a_png_holds_the_pixels(shape):
    image = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    data = base64.b64decode(png_uri(pixels).removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(image.open(io.BytesIO(data))), pixels)


def test_a_large_image_is_shrunk_by_averaging():
    pixels = np.zeros((641, 1000, 3), dtype=np.uint8)
    pixels[:, 500:] = 200
    labels = (np.arange(1000) >= 500).astype(np.int64) * np.ones((641, 1), dtype=np.int64)
    picture = draw_picture(ImageView(pixels, labels))
    assert picture.width == 320
    assert [player for player, _ in picture.regions] == [0, 1]
    areas = [enclosed(path) for _, path in picture.regions]
    assert sum(areas) == pytest.approx(picture.width * picture.height, rel=1e-3)
