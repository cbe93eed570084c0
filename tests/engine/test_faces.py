import io
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from fer_engine import faces, images
from fer_engine.errors import FerLabError
from fer_engine.faces import Box, crop_face, crop_square, detect_faces, find_faces, quality_notices, sharpness
from fer_engine.images import decode_image, read_image
from fer_engine.samples import get_sample

WHITE = (255, 255, 255)


def encode(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def noise(height: int = 40, width: int = 60, channels: int = 3) -> np.ndarray:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return get_sample("astronaut").load()


@pytest.fixture(scope="module")
def astronaut_tile(astronaut) -> np.ndarray:
    return find_faces(astronaut).faces[0].tile


# Decoding


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_keep_every_pixel(file_format):
    pixels = noise()
    assert np.array_equal(decode_image(encode(Image.fromarray(pixels), file_format)).rgb, pixels)


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "AVIF", "JPEG2000"])
def test_lossy_formats_come_out_close(file_format):
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    decoded = decode_image(encode(Image.fromarray(ramp), file_format)).rgb
    assert np.abs(decoded.astype(int) - ramp).mean() < 4


def test_grey_values_pass_unchanged_into_rgb_and_gray():
    pixels = noise(channels=1)
    decoded = decode_image(encode(Image.fromarray(pixels)))
    assert np.array_equal(decoded.gray, pixels)
    assert (decoded.rgb == pixels[:, :, None]).all()
    assert decoded.size == (60, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_every_exif_orientation_gives_the_upright_image(orientation, file_format):
    upright = Image.fromarray(noise(channels=1))
    undo = {  # how a camera stores the upright image under each orientation
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert np.array_equal(decode_image(encode(stored, file_format, exif=exif)).gray, np.asarray(upright))


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_an_orientation_that_means_nothing_is_ignored(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    pixels = noise(channels=1)
    assert np.array_equal(decode_image(encode(Image.fromarray(pixels), exif=exif)).gray, pixels)


def test_alpha_is_blended_over_white():
    rgba = Image.new("RGBA", (4, 1), (10, 20, 30, 255))
    rgba.putpixel((1, 0), (10, 20, 30, 0))
    rgba.putpixel((2, 0), (0, 0, 0, 128))
    row = decode_image(encode(rgba)).rgb[0].tolist()
    assert row[0] == [10, 20, 30]
    assert row[1] == list(WHITE)
    assert row[2] == [127, 127, 127]


def test_grey_with_alpha_is_blended_over_white():
    image = Image.new("LA", (2, 1), (40, 255))
    image.putpixel((1, 0), (40, 0))
    assert decode_image(encode(image)).gray.tolist() == [[40, 255]]


def test_a_transparent_palette_colour_is_white():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([200, 0, 0, 0, 0, 90])
    image.putpixel((1, 0), 1)
    assert decode_image(encode(image)).rgb.tolist() == [[[200, 0, 0], [0, 0, 90]]]
    assert decode_image(encode(image, transparency=1)).rgb.tolist() == [[[200, 0, 0], list(WHITE)]]


def test_one_bit_images_are_black_and_white():
    bits = np.array([[True, False], [False, True]])
    assert decode_image(encode(Image.fromarray(bits))).gray.tolist() == [[255, 0], [0, 255]]


def test_cmyk_keeps_light_light_and_dark_dark():
    image = Image.new("CMYK", (32, 16), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (16, 0, 32, 16))
    gray = decode_image(encode(image, "JPEG", quality=95)).gray
    assert gray[:, :12].min() > 240
    assert gray[:, 20:].max() < 15


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_a_16_bit_ramp_keeps_its_range(file_format):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(8, 0)
    assert np.array_equal(decode_image(encode(Image.fromarray(ramp), file_format)).gray[0], np.arange(256))


def test_dim_16_bit_images_stay_dim():
    dim = np.full((4, 4), 65535 // 4, np.uint16)
    assert set(decode_image(encode(Image.fromarray(dim))).gray.ravel().tolist()) == {64}


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 255.0), (0.0, 65535.0), (-3.0, 5.0), (0.0, 1e9)])
def test_float_images_span_black_to_white(low, high):
    ramp = np.linspace(low, high, 256, dtype=np.float32)[None].repeat(2, 0)
    assert np.abs(decode_image(encode(Image.fromarray(ramp), "TIFF")).gray[0].astype(int) - np.arange(256)).max() <= 1


def test_float_images_survive_nan_and_infinity():
    values = np.array([[0.0, 1.0, np.nan, np.inf]], np.float32)
    assert decode_image(encode(Image.fromarray(values), "TIFF")).gray.tolist() == [[0, 255, 0, 0]]


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_of_an_animation_the_first_frame_counts(file_format):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    decoded = decode_image(encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options))
    assert np.abs(decoded.rgb[8, 8].astype(int) - (255, 0, 0)).max() < 4


def test_an_image_that_cannot_be_converted_is_refused_with_a_sentence():
    with pytest.raises(FerLabError, match=r"^'odd' has a colour mode that cannot be shown \(La\); save it as RGB or grey\.$"):
        read_image(Image.new("La", (8, 8)), "odd")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "I", "F", "LAB", "LA", "PA", "RGBA", "RGBa", "I;16", "I;16B"])
def test_every_usual_colour_mode_is_read(mode):
    assert read_image(Image.new(mode, (3, 2))).rgb.shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"^'me\.jpg' is empty \(zero bytes\); choose another file\.$"),
        (b"Dear diary, this is no image.\n" * 50, r"^'me\.jpg' is no image that can be read; bring a PNG, JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no image that can be read"),
        (encode(Image.fromarray(noise(200, 200)), "JPEG")[:3000], r"^'me\.jpg' is damaged or cut short; save or download it again\.$"),
        (encode(Image.fromarray(noise(200, 200)))[:3000], "is damaged or cut short"),
    ],
    ids=["empty", "text", "postscript", "cut jpeg", "cut png"],
)
def test_what_is_no_whole_image_is_refused_with_a_sentence(data, message):
    with pytest.raises(FerLabError, match=message):
        decode_image(data, "me.jpg")


@pytest.mark.parametrize("side", [5001, 9600, 14000], ids=["over the limit", "Pillow warns", "Pillow refuses"])
def test_over_25_megapixels_is_refused_before_the_pixels_are_decoded(side, monkeypatch):
    data = encode(Image.new("1", (side, side)))

    def load(*_):
        raise AssertionError("the pixels were decoded")

    monkeypatch.setattr(Image.Image, "load", load)
    with pytest.raises(FerLabError, match=r"'huge\.png' has .*; the limit is 25 megapixels\. Scale it down first\."):
        decode_image(data, "huge.png")


def test_25_megapixels_are_accepted():
    assert decode_image(encode(Image.new("1", (5000, 5000)))).size == (5000, 5000)


def test_no_warning_leaks():
    palette = Image.new("P", (8, 8))
    palette.putpalette([1, 2, 3, 4, 5, 6])
    bomb = encode(Image.new("1", (9600, 9600)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decode_image(encode(palette, transparency=b"\x00\x80"))
        with pytest.raises(FerLabError):
            decode_image(bomb)


def save(file_format: str, **options) -> bytes:
    return encode(Image.fromarray(noise(24, 24)), file_format, **options)


EXIF = Image.Exif()
EXIF[ExifTags.Base.Orientation] = 6
WHOLE = [save("PNG", exif=EXIF), save("JPEG", exif=EXIF), save("GIF"), save("WEBP", exif=EXIF), save("TIFF"), save("BMP"), save("JPEG2000")]


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for position in draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        data[position] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), damaged_files()))
def test_any_bytes_give_an_image_or_a_sentence(data):
    try:
        decoded = decode_image(data)
    except FerLabError as error:
        assert str(error).endswith(".")
        return
    width, height = decoded.size
    assert decoded.rgb.dtype == np.uint8 and decoded.rgb.shape == (height, width, 3)
    assert decoded.gray.shape == (height, width)


# Reading from whatever holds an image


def test_path_bytes_array_and_pillow_image_are_the_same_image(tmp_path):
    pixels = noise()
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.fromarray(pixels)))
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), pixels, Image.fromarray(pixels)):
        assert np.array_equal(read_image(source).rgb, pixels)
    assert read_image(path).name == "a.png"


def test_arrays_may_be_grey_coloured_or_have_alpha():
    gray = noise(channels=1)
    assert np.array_equal(read_image(gray).gray, gray)
    assert np.array_equal(read_image(gray[:, :, None]).gray, gray)
    clear = np.zeros((3, 3, 4), np.uint8)
    assert (read_image(clear).rgb == 255).all()
    assert np.array_equal(read_image(gray[:, ::-1]).gray, gray[:, ::-1])


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_other_arrays_are_refused(array):
    with pytest.raises(FerLabError, match=r"is an array .*; an image is uint8 of shape"):
        read_image(array)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FerLabError, match=r"There is no file '.*gone\.png'; check the path\."):
        read_image(tmp_path / "gone.png")
    with pytest.raises(FerLabError, match="is a folder; name an image file"):
        read_image(tmp_path)
    with pytest.raises(FerLabError, match="cannot be read"):
        read_image("a\0b")
    with pytest.raises(FerLabError, match="not int"):
        read_image(7)  # type: ignore[arg-type]


def test_a_file_too_large_to_be_an_image_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 1_000_000)
    path = tmp_path / "film.png"
    path.write_bytes(bytes(1_000_001))
    with pytest.raises(FerLabError, match="has over 1 MB"):
        read_image(path)


# Detection


def overlap(a: Box, b: Box) -> float:
    shared = max(0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (a, b)]
    return shared / (sum(areas) - shared)


ASTRONAUT_FACE = Box(178, 80, 268, 170)


def test_the_astronaut_has_one_face_where_it_is(astronaut):
    found = find_faces(encode(Image.fromarray(astronaut)), "astronaut.png")
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
