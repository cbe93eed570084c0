import io
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from fer_engine import images
from fer_engine.errors import FerLabError
from fer_engine.images import _to_uint8, decode_image, read_image

WHITE = (255, 255, 255)


def encode(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def noise(height: int = 40, width: int = 60, channels: int = 3) -> np.ndarray:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


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


def test_16_bit_values_are_rounded_to_the_nearest():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(_to_uint8(values, "I;16"), np.rint(values / 257).astype(np.uint8))


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


USUAL_MODES = ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "I", "F", "LAB", "LA", "PA", "RGBA", "RGBa", "I;16", "I;16B"]


@pytest.mark.parametrize("mode", USUAL_MODES)
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
