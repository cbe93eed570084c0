from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_engine import faces
from fer_engine.faces import Box, crop_face, crop_square, detect_faces, find_faces, quality_notices, sharpness
from fer_engine.images import read_image
from fer_engine.samples import get_sample


def noise(height: int = 40, width: int = 60, channels: int = 3) -> np.ndarray:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return get_sample("astronaut").load()


@pytest.fixture(scope="module")
def astronaut_tile(astronaut) -> np.ndarray:
    return find_faces(astronaut).faces[0].tile


# Detection


def overlap(a: Box, b: Box) -> float:
    shared = max(0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (a, b)]
    return shared / (sum(areas) - shared)


ASTRONAUT_FACE = Box(178, 80, 268, 170)


def test_the_astronaut_has_one_face_where_it_is(astronaut):
    found = find_faces(astronaut)
    (face,) = found.faces
    assert overlap(face.box, ASTRONAUT_FACE) > 0.7
    assert face.score > 1
    assert face.tile.shape == (48, 48) and face.tile.dtype == np.uint8
    assert face.notices == () and found.notices == ()
    assert all(isinstance(value, int) for value in tuple(face.box))
    assert found.tiles.shape == (1, 48, 48)


def test_flipping_the_image_flips_the_box(astronaut):
    (face,) = find_faces(astronaut[:, ::-1]).faces
    flipped = Box(512 - ASTRONAUT_FACE.x1, ASTRONAUT_FACE.y0, 512 - ASTRONAUT_FACE.x0, ASTRONAUT_FACE.y1)
    assert overlap(face.box, flipped) > 0.7


@pytest.mark.parametrize("side", [120, 1024, 3000])
def test_the_box_scales_with_the_image(astronaut, side):
    (face,) = find_faces(cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA)).faces
    expected = Box(*(round(value * side / 512) for value in ASTRONAUT_FACE))
    assert overlap(face.box, expected) > 0.6


def test_of_two_faces_both_come_the_largest_first(astronaut):
    canvas = np.full((512, 812, 3), 128, np.uint8)
    canvas[:300, :300] = cv2.resize(astronaut, (300, 300), interpolation=cv2.INTER_AREA)
    canvas[:, 300:] = astronaut
    found = find_faces(canvas)
    large, small = found.faces
    assert overlap(large.box, Box(478, 80, 568, 170)) > 0.6
    assert overlap(small.box, Box(*(round(value * 300 / 512) for value in ASTRONAUT_FACE))) > 0.6
    assert found.notices == ("2 faces were found; the largest comes first.",)


def test_small_faces_of_a_large_photograph_are_found_at_a_finer_look(astronaut):
    canvas = np.full((1600, 1600, 3), 128, np.uint8)
    canvas[1000:1512, 700:1212] = astronaut
    (face,) = find_faces(canvas).faces
    assert overlap(face.box, Box(878, 1080, 968, 1170)) > 0.6


@pytest.mark.parametrize("shape", [(400, 600), (1, 3000), (3000, 1), (97, 97), (1, 2)])
def test_without_a_face_there_is_none_and_the_way_out_is_offered(shape):
    found = find_faces(np.full(shape, 120, np.uint8))
    assert found.faces == () and found.tiles.shape == (0, 48, 48)
    (notice,) = found.notices
    assert "No face was found" in notice and "--whole-image" in notice and "'Whole image'" in notice


def test_doubtful_detections_count_only_where_there_is_no_clear_one(monkeypatch):
    clear, doubtful, worse = Box(0, 0, 100, 100, 1.0), Box(200, 0, 400, 200, 0.1), Box(500, 0, 900, 400, 0.05)
    gray = np.zeros((600, 1000), np.uint8)
    monkeypatch.setattr(faces, "_look", lambda *_: [doubtful, clear, worse])
    assert detect_faces(gray) == (clear,)
    monkeypatch.setattr(faces, "_look", lambda *_: [worse, doubtful])
    assert detect_faces(gray) == (doubtful,)
    assert "not sure" in find_faces(gray).notices[0]


def test_threads_may_detect_at_once(astronaut):
    gray = read_image(astronaut).gray
    with ThreadPoolExecutor(4) as pool:
        assert len({detect_faces(gray) for gray in [gray] * 4}) == 1
        assert len(set(pool.map(detect_faces, [gray] * 4))) == 1


def test_boxes_stay_within_the_image_while_crops_keep_what_the_detector_saw(astronaut):
    cut = astronaut[95:, 190:]  # the forehead and a cheek are outside
    (face,) = find_faces(cut).faces
    height, width = cut.shape[:2]
    assert 0 <= face.box.x0 < face.box.x1 <= width and 0 <= face.box.y0 < face.box.y1 <= height
    assert face.crop.y0 < 0
    assert face.box == face.detected.clipped(width, height)


# Whole images


def test_a_fer2013_like_tile_passes_unchanged():
    tile = noise(48, 48, channels=1)
    found = find_faces(tile)
    (face,) = found.faces
    assert np.array_equal(face.tile, tile)
    assert tuple(face.box) == (0, 0, 48, 48)
    assert found.notices == ("The image is small and nearly square (48 x 48): it was taken whole as one face.",)


@pytest.mark.parametrize(("height", "width", "whole"), [(96, 96, True), (96, 88, True), (97, 97, False), (60, 80, False), (1, 1, True)])
def test_only_small_nearly_square_images_are_taken_whole(height, width, whole):
    found = find_faces(np.full((height, width), 90, np.uint8))
    assert bool(found.faces) is whole
    if whole:
        assert tuple(found.faces[0].box) == (0, 0, width, height) and found.faces[0].tile.shape == (48, 48)


def test_a_small_face_alone_says_so():
    assert any("small (30 pixels" in notice for notice in find_faces(noise(30, 30)).faces[0].notices)


def test_whole_image_takes_the_centred_square_and_says_so():
    pixels = np.zeros((100, 300), np.uint8)
    pixels[:, 100:200] = noise(100, 100, channels=1)
    found = find_faces(pixels, whole_image=True)
    (face,) = found.faces
    assert tuple(face.box) == (100, 0, 200, 100)
    assert np.array_equal(face.tile, cv2.resize(pixels[:, 100:200], (48, 48), interpolation=cv2.INTER_AREA))
    assert found.notices == ("The centred square of 100 x 100 pixels was taken as one face; no face was looked for.",)
    assert find_faces(noise(100, 100), whole_image=True).notices[0].startswith("The whole image was taken as one face")


# Crops


def test_the_crop_has_the_margin_and_shift_of_fer2013():
    square = crop_square(Box(100, 100, 200, 200))
    assert square.side == 119
    assert square.center == (pytest.approx(150, abs=1), pytest.approx(142, abs=1))


def test_margin_and_shift_move_the_crop():
    assert tuple(crop_square(Box(100, 100, 200, 200), margin=2.0, shift=(0.5, -0.25))) == (100, 25, 300, 225)
    gray = noise(300, 400, channels=1)
    moved = crop_face(gray, Box(100, 100, 148, 148), margin=1.0, shift=(0.5, 0.25))
    assert np.array_equal(moved, gray[112:160, 124:172])


def test_beyond_the_border_its_pixels_are_repeated():
    gray = noise(100, 100, channels=1)
    tile = crop_face(gray, Box(-24, 80, 24, 128), margin=1.0, shift=(0.0, 0.0))
    assert np.array_equal(tile[:20, 24:], gray[80:, :24])
    assert (tile[:, :24] == tile[:, 24:25]).all()
    assert (tile[20:] == tile[19]).all()


def test_shrinking_averages_areas():
    gray = noise(480, 480, channels=1)
    tile = crop_face(gray, Box(0, 0, 480, 480), margin=1.0, shift=(0.0, 0.0))
    assert np.abs(tile - gray.reshape(48, 10, 48, 10).mean((1, 3))).max() <= 0.51


@given(st.tuples(*[st.integers(-500, 500)] * 2), st.integers(1, 400), st.floats(0.5, 3.0), st.tuples(*[st.floats(-2, 2)] * 2))
@settings(deadline=None, max_examples=50)
def test_any_box_gives_a_tile(corner, side, margin, shift):
    box = Box(*corner, corner[0] + side, corner[1] + side)
    tile = crop_face(noise(50, 70, channels=1), box, margin=margin, shift=shift)
    assert tile.shape == (48, 48) and tile.dtype == np.uint8


# Quality

BOX = Box(0, 0, 100, 100)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda tile: cv2.GaussianBlur(tile, (0, 0), 1.5), "blurred"),
        (lambda tile: (tile * 0.35).astype(np.uint8), "darker"),
        (lambda tile: (255 - (255 - tile.astype(float)) * 0.4).astype(np.uint8), "brighter"),
        (lambda tile: (tile * 0.2 + 100).astype(np.uint8), "contrast"),
    ],
    ids=["blurred", "dark", "bright", "flat"],
)
def test_a_bad_tile_is_said_to_be_bad(astronaut_tile, change: Callable[[np.ndarray], np.ndarray], word):
    assert quality_notices(astronaut_tile, BOX) == ()
    assert any(word in notice for notice in quality_notices(change(astronaut_tile), BOX))


def test_low_contrast_is_not_called_blur(astronaut_tile):
    flat = (astronaut_tile * 0.5 + 60).astype(np.uint8)
    assert sharpness(flat) == pytest.approx(sharpness(astronaut_tile), rel=0.1)
    assert sharpness(np.full((48, 48), 7, np.uint8)) == 0


@pytest.mark.parametrize(("angle", "view"), [(30, 3), (-30, 4)])
def test_a_tilted_head_is_noticed(astronaut, angle, view):
    turn = cv2.getRotationMatrix2D((222.5, 126), angle, 1)  # positive angles turn counter-clockwise
    tilted = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    face = find_faces(tilted).faces[0]
    assert face.detected.view == view
    assert any("tilted" in notice for notice in face.notices)


def test_a_turned_face_is_noticed(astronaut_tile):
    for view in (1, 2):
        assert any("turned" in notice for notice in quality_notices(astronaut_tile, Box(0, 0, 100, 100, 1.0, view)))
