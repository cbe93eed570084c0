"""Faces as tensors, and their augmentation, for whole batches at a time."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from fer_engine.experiments.spec import AugmentSpec

# Mean and standard deviation of all pixels of FER2013's Training split, in [0, 1].
PIXEL_MEAN, PIXEL_STD = 0.5077, 0.2551
N_DRAWS = 10  # random numbers that one face's augmentation takes


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """Faces uint8 (N, 48, 48) as float32 (N, 1, 48, 48), normalised by FER2013's mean and standard deviation."""
    return normalise(torch.from_numpy(np.array(images, copy=True))[:, None])


def normalise(faces: torch.Tensor) -> torch.Tensor:
    """Bring uint8 pixels to float32 of about zero mean and unit variance, whatever the shape."""
    return faces.to(torch.float32).div_(255).sub_(PIXEL_MEAN).div_(PIXEL_STD)


def draw(n: int, seed: int, epoch: int) -> torch.Tensor:
    """The random numbers of an epoch's augmentation, uniform in [0, 1): (n, N_DRAWS).

    A row belongs to a face, not to a place in a batch, so that neither the order nor the number of devices changes
    what happens to a face; where faces are drawn with replacement it belongs to a place in the epoch's order.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return torch.rand(n, N_DRAWS, generator=generator)


def augment(faces: torch.Tensor, draws: torch.Tensor, spec: AugmentSpec, size: int) -> torch.Tensor:
    """Mirror, turn, scale, shift, relight and erase normalised faces, and bring them to `size` x `size`.

    Args:
        faces: Normalised (N, 1, 48, 48).
        draws: Uniform random numbers (N, N_DRAWS), a row a face.
        spec: How strongly.
        size: Side of the result, pixels.

    Returns:
        (N, 1, size, size). Faces leave their frame over its edge pixels.
    """
    if spec.off and size == faces.shape[-1]:
        return faces
    grid = F.affine_grid(_affine(draws, spec), [len(faces), 1, size, size], align_corners=False)
    faces = F.grid_sample(faces, grid, padding_mode="border", align_corners=False)
    if spec.light:
        contrast, brightness = (1 + spec.light * (2 * draws[:, 5:7] - 1)).unbind(1)
        faces = faces * contrast[:, None, None, None] + (brightness - 1)[:, None, None, None]
    return _erase(faces, draws, spec.erase) if spec.erase else faces


def _affine(draws: torch.Tensor, spec: AugmentSpec) -> torch.Tensor:
    """Matrices (N, 2, 3) from places in the result to places in the face, both in [-1, 1]."""
    centred = 2 * draws - 1
    angle = centred[:, 1] * math.radians(spec.rotation)
    zoom = 1 + spec.scale * centred[:, 2]
    mirror = torch.where(draws[:, 0] < 0.5, -1.0, 1.0) if spec.flip else torch.ones_like(angle)
    cosine, sine = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    # A shift by a share of the side is twice that share of [-1, 1].
    shift_x, shift_y = 2 * spec.shift * centred[:, 3], 2 * spec.shift * centred[:, 4]
    rows = torch.stack([cosine * mirror, -sine, shift_x, sine * mirror, cosine, shift_y], dim=1)
    return rows.view(-1, 2, 3)


def _erase(faces: torch.Tensor, draws: torch.Tensor, share: float) -> torch.Tensor:
    """Set a rectangle of 2 to 20% of the area to mean grey in a share of the faces."""
    size = faces.shape[-1]
    chosen = draws[:, 7] < share
    area = 0.02 + 0.18 * draws[:, 7] / share
    ratio = torch.exp(math.log(0.3) + draws[:, 8] * (math.log(1 / 0.3) - math.log(0.3)))
    height, width = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    top, left = (1 - height) * draws[:, 9], (1 - width) * torch.frac(draws[:, 9] * 97)
    place = (torch.arange(size, device=faces.device) + 0.5) / size
    rows = (place >= top[:, None]) & (place < (top + height)[:, None])
    columns = (place >= left[:, None]) & (place < (left + width)[:, None])
    mask = rows[:, :, None] & columns[:, None, :] & chosen[:, None, None]
    return faces.masked_fill(mask[:, None], 0.0)
