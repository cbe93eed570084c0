"""Any image a user may bring, as upright 8-bit pixels: files, bytes, arrays and Pillow images."""

import io
import threading
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image

from fer_engine.errors import FerLabError

MAX_PIXELS = 25_000_000
MAX_FILE_BYTES = 256_000_000  # what 25 megapixels need at most, in 16 bits with alpha, and room
# Only what people keep photographs in: Pillow also opens formats that start other programs (EPS) or hold images
# of another size than they say (ICO).
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DECODE_LOCK = threading.Lock()  # `warnings.catch_warnings` changes the whole process


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image, upright.

    Attributes:
        rgb: uint8 (H, W, 3), for people to look at; grey images have three equal channels.
        name: What messages call it, for example the file's name.
    """

    rgb: np.ndarray
    name: str = "image"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @cached_property
    def gray(self) -> np.ndarray:
        """Luma after ITU-R BT.601, what detector and models see: uint8 (H, W). Grey pixels keep their value."""
        return cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY)


ImageSource = str | Path | bytes | np.ndarray | Image.Image | DecodedImage


def read_image(source: ImageSource, name: str | None = None) -> DecodedImage:
    """Read an image from whatever holds one.

    Args:
        source: A path, the bytes of an image file, an array uint8 (H, W), (H, W, 3) or (H, W, 4) in the order red, green,
            blue, alpha, or a Pillow image.
        name: What messages call it; by default the file's name, else 'image'.

    Raises:
        FerLabError: If there is no such file or it holds no image that can be read.
    """
    if isinstance(source, DecodedImage):
        return source
    if isinstance(source, (str, Path)):
        return decode_image(_read_file(Path(source)), name or Path(source).name)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return decode_image(bytes(source), name or "image")
    if isinstance(source, np.ndarray):
        return _from_array(source, name or "image")
    if isinstance(source, Image.Image):
        return _from_pillow(source, name or "image")
    raise FerLabError(f"An image can be a path, bytes, an array or a Pillow image, not {type(source).__name__}.")


def decode_image(data: bytes, name: str = "image") -> DecodedImage:
    """Decode the bytes of an image file: the first frame, turned upright as EXIF says, alpha over white.

    Args:
        data: The file's content, in one of `FORMATS`, of any colour mode and depth. 16-bit grey is scaled from 0..65535.
        name: What messages call it.

    Raises:
        FerLabError: If it is empty, no image, damaged, or has over 25 megapixels.
    """
    if not data:
        raise FerLabError(f"'{name}' is empty (zero bytes); choose another file.")
    with _DECODE_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters about a file is said by an error of ours
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError:
            raise _too_large(name) from None
        # Pillow's readers raise whatever damaged bytes lead them to: OSError, ValueError, SyntaxError, struct.error, ...
        except Exception:
            raise FerLabError(f"'{name}' is no image that can be read; bring a PNG, JPEG, WebP, GIF, BMP or TIFF file.") from None
        with image:
            return _from_pillow(image, name)


def _read_file(path: Path) -> bytes:
    """The bytes of a file, which must exist and be of a size that an image can have."""
    path = path.expanduser()
    try:
        if path.is_dir():
            raise FerLabError(f"'{path}' is a folder; name an image file.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise FerLabError(f"'{path}' has over {MAX_FILE_BYTES // 1_000_000} MB; bring a smaller image.")
        return path.read_bytes()
    except FileNotFoundError:
        raise FerLabError(f"There is no file '{path}'; check the path.") from None
    except (OSError, ValueError) as error:
        raise FerLabError(f"'{path}' cannot be read ({error}); check the path and its permissions.") from None


def _from_array(array: np.ndarray, name: str) -> DecodedImage:
    """An array as an image; it must be uint8, as a guess about another range could be wrong by a factor of 255."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise FerLabError(
            f"'{name}' is an array {array.dtype} {array.shape}; an image is uint8 of shape (H, W), (H, W, 3) or (H, W, 4), values 0 to 255."
        )
    return _from_pillow(Image.fromarray(np.ascontiguousarray(array)), name)


def _from_pillow(image: Image.Image, name: str) -> DecodedImage:
    """Check the size, then load, turn upright and convert to RGB."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(name, image.size)
    if not width * height:
        raise FerLabError(f"'{name}' has no pixels ({width} x {height}); choose another image.")
    try:
        image.load()
    except Exception:  # as above: anything may come out of damaged bytes
        raise FerLabError(f"'{name}' is damaged or cut short; save or download it again.") from None
    try:
        return DecodedImage(_to_rgb(_upright(image)), name)
    except (ValueError, OSError):
        raise FerLabError(f"'{name}' has a colour mode that cannot be shown ({image.mode}); save it as RGB or grey.") from None


def _too_large(name: str, size: tuple[int, int] | None = None) -> FerLabError:
    told = f"{size[0] * size[1] / 1e6:.1f} megapixels ({size[0]} x {size[1]})" if size else "far too many pixels"
    return FerLabError(f"'{name}' has {told}; the limit is {MAX_PIXELS // 1_000_000} megapixels. Scale it down first.")


def _upright(image: Image.Image) -> Image.Image:
    """Turn the image as its EXIF orientation says. Asked after `load`, as Pillow turns TIFF files by itself."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged EXIF block should not cost the picture
        return image
    method = _TRANSPOSE.get(orientation) if isinstance(orientation, int) else None
    return image if method is None else image.transpose(method)


def _to_rgb(image: Image.Image) -> np.ndarray:
    """Convert any of Pillow's colour modes to uint8 (H, W, 3)."""
    if image.mode.startswith(("I", "F")):
        gray = _to_uint8(np.asarray(image), image.mode)
        return np.repeat(gray[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(background, image)
    return np.array(image.convert("RGB"))


def _to_uint8(values: np.ndarray, mode: str) -> np.ndarray:
    """Scale deep grey values to 0..255.

    16-bit values by their type's range. Of 32-bit integers and floats the range is not written in the file: 0..1 (floats only),
    0..255 and 0..65535 are taken as such if the values fit, anything else from its minimum to its maximum.
    """
    if mode.startswith("I;16"):
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 is 255 times 257
    exact = np.float32 if mode == "F" else np.float64  # which holds 32-bit integers
    values = np.nan_to_num(values.astype(exact), copy=False, posinf=0.0, neginf=0.0)  # in place: an image may have 25 megapixels
    low, high = float(values.min()), float(values.max())
    if low >= 0:
        ranges = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
        low, high = 0.0, next((top for top in ranges if high <= top), high)
    if not 1e-30 < high - low < 1e37:  # beyond what 32 bits can tell
        values = values.astype(np.float64)
    values -= low
    values *= 255.0 / max(high - low, 1e-12)
    return np.rint(values, out=values).astype(np.uint8)
