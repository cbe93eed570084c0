"""A small image file as a 48x48 grey face."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from fer_engine.data.faceset import SIZE

MAX_PIXELS = 25_000_000
_WHITE = (255, 255, 255, 255)


class BadImageError(Exception):
    """What is wrong with an image file, without a full stop."""


@dataclass(frozen=True)
class Tile:
    """A face out of an image file.

    Attributes:
        pixels: uint8 (48, 48).
        resized: Whether the image had another size.
        was_grey: Whether it was 8-bit grey to begin with.
        lossy: Whether it was JPEG, so that its pixels are not those it was made from.
    """

    pixels: np.ndarray
    resized: bool
    was_grey: bool
    lossy: bool


def decode_tile(data: bytes) -> Tile:
    """Decode an image file to 48x48 grey: transparency on white, luma of ITU-R BT.601, size by area averaging.

    Raises:
        BadImageError: For what is no image, is truncated, or has over 25 million pixels.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise BadImageError(f"{width}x{height} pixels, more than {MAX_PIXELS // 1_000_000} million")
            image.load()
            grey = _to_grey(ImageOps.exif_transpose(image))
            resized = grey.size != (SIZE, SIZE)
            if resized:
                grey = grey.resize((SIZE, SIZE), Image.Resampling.BOX)
            return Tile(np.array(grey, dtype=np.uint8), resized, image.mode == "L", image.format == "JPEG")
    except BadImageError:
        raise
    except Image.DecompressionBombError as error:
        raise BadImageError(f"more than {MAX_PIXELS // 1_000_000} million pixels") from error
    except Exception as error:  # Pillow's decoders raise whatever a broken file brings them to
        raise BadImageError("not a readable image") from error


def _to_grey(image: Image.Image) -> Image.Image:
    if image.mode == "L":
        return image
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert("L") would cut off at 255
        values = np.asarray(image, dtype=np.float64)
        return Image.fromarray(np.clip(np.rint(values / 257.0), 0, 255).astype(np.uint8))
    if image.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info:
        coloured = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), coloured).convert("L")
    return image.convert("L")
