"""An image file out of a data set as a 48x48 grey face."""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError
from fer_engine.images import decode_image

_JPEG = b"\xff\xd8"


class BadTileError(Exception):
    """Why a row or an image file gives no face: what is wrong, without a full stop."""


@dataclass(frozen=True)
class Tile:
    """A face out of an image file.

    Attributes:
        pixels: uint8 (48, 48).
        resized: Whether the image had another size.
        coloured: Whether it had colours.
        lossy: Whether it was JPEG, so that its pixels are not those it was made from.
    """

    pixels: np.ndarray
    resized: bool
    coloured: bool
    lossy: bool


def decode_tile(data: bytes, name: str) -> Tile:
    """Decode an image file to 48x48 grey; another size by area averaging.

    Raises:
        BadTileError: For what is no image, is damaged or too large.
    """
    try:
        image = decode_image(data, name)
    except FerLabError as error:
        raise BadTileError(str(error).split(";")[0].rstrip(".")) from error
    resized = image.size != (SIZE, SIZE)
    pixels = cv2.resize(image.gray, (SIZE, SIZE), interpolation=cv2.INTER_AREA) if resized else image.gray
    coloured = bool((image.rgb[:, :, :1] != image.rgb[:, :, 1:]).any())
    return Tile(pixels, resized, coloured, data.startswith(_JPEG))
