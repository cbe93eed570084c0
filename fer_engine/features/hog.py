"""Histograms of oriented gradients (Dalal and Triggs, 2005), for whole batches by OpenCV."""

from typing import Any

import cv2
import numpy as np

from fer_engine.features.rows import FaceTransformer, as_faces

_FLAT = 1e4  # OpenCV weighs a block's pixels by a Gaussian that lies half a pixel off its centre; this wide it is flat


class Hog(FaceTransformer):
    """How much gradient of each direction there is in each cell, normalised over blocks of cells that overlap.

    A face and its mirror image give mirrored features. With OpenCV's own Gaussian over each block they would not: it is
    half a pixel off centre.

    Args:
        cell: Side of a cell, pixels; it divides 48.
        block: Side of a block, cells; blocks step by one cell.
        orientations: Directions that are told apart.
        signed: Over 360 degrees; otherwise a gradient and its opposite count as one, over 180.
    """

    def __init__(self, cell: int = 6, block: int = 2, orientations: int = 8, signed: bool = False) -> None:
        self.cell = cell
        self.block = block
        self.orientations = orientations
        self.signed = signed

    def transform(self, inputs: Any) -> np.ndarray:
        """Features (N, D), float32, of faces (N, 48, 48) or rows (N, 2304)."""
        faces = as_faces(inputs)
        descriptor = self._descriptor()
        found = np.empty((len(faces), descriptor.getDescriptorSize()), np.float32)
        for row, face in zip(found, faces, strict=True):
            row[:] = descriptor.compute(np.ascontiguousarray(face)).ravel()
        return found

    def cells(self, face: np.ndarray) -> np.ndarray:
        """Strength of each direction in each cell (rows, columns, orientations) of one face: the mean over its blocks."""
        side, blocks = 48 // self.cell, 48 // self.cell - self.block + 1
        shape = (blocks, blocks, self.block, self.block, self.orientations)  # OpenCV counts columns first
        found = self.transform(face[None])[0].reshape(shape)
        total, times = np.zeros((side, side, self.orientations)), np.zeros((side, side, 1))
        for column, row, inner_column, inner_row in np.ndindex(*shape[:4]):
            total[row + inner_row, column + inner_column] += found[column, row, inner_column, inner_row]
            times[row + inner_row, column + inner_column] += 1
        return (total / times).astype(np.float32)

    def _descriptor(self) -> Any:
        cell, block = (self.cell, self.cell), (self.cell * self.block, self.cell * self.block)
        # Positions: aperture, width of the Gaussian, kind of norm, its clipping, gamma correction, levels, signed.
        return cv2.HOGDescriptor((48, 48), block, cell, cell, self.orientations, 1, _FLAT, 0, 0.2, True, 64, self.signed)


def hog_picture(face: np.ndarray, hog: Hog | None = None, scale: int = 8) -> np.ndarray:
    """A picture of a face's gradients: in each cell a stroke along each edge, as bright as the edge is strong.

    Args:
        face: uint8 (48, 48).
        hog: Its cells and directions; by default `Hog()`.
        scale: Pixels of the picture to a pixel of the face.

    Returns:
        uint8 (48 * scale, 48 * scale).
    """
    hog = hog or Hog()
    cells = hog.cells(face)
    picture = np.zeros((48 * scale, 48 * scale), np.float32)
    span = (2 if hog.signed else 1) * np.pi
    for row, column, number in np.ndindex(*cells.shape):
        angle = (number + 0.5) * span / hog.orientations + np.pi / 2  # an edge runs across its gradient
        centre = (np.array([column, row]) + 0.5) * hog.cell * scale
        reach = 0.45 * hog.cell * scale * np.array([np.cos(angle), np.sin(angle)])
        stroke = np.zeros_like(picture)
        begin, end = (tuple(round(float(value)) for value in point) for point in (centre - reach, centre + reach))
        cv2.line(stroke, begin, end, float(cells[row, column, number]), 1, cv2.LINE_AA)
        picture = np.maximum(picture, stroke)
    return np.rint(255 * picture / max(float(picture.max()), 1e-6)).astype(np.uint8)
