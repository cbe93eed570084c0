"""Which parts of the face decide: brows, eyes, nose, mouth, the rest of the face, or what is around it.

A share says little alone, since a map that is the same everywhere gives each region the share of its area. So each share
stands beside the area, and their ratio: above 1 the region counts for more than its area.
"""

from dataclasses import asdict, dataclass

import cv2
import numpy as np

from fer_engine.data.faceset import SIZE
from fer_engine.features.landmarks import REGIONS as POINTS

REST, OUTSIDE = "rest", "outside"
# In the order of precedence: a pixel that is as near to two parts belongs to the first.
PARTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "eyes": (POINTS["eyes"][:6], POINTS["eyes"][6:]),  # one hull for both eyes would take the bridge of the nose
    "brows": (POINTS["brows"],),  # with the place between them, where a frown is
    "mouth": (POINTS["mouth"],),
    "nose": (POINTS["nose"],),
}
REGIONS = ("brows", "eyes", "nose", "mouth", REST, OUTSIDE)  # from top to bottom, as tables show them
TITLES = {name: name for name in REGIONS} | {REST: "rest of the face", OUTSIDE: "outside the face"}
REACH = 0.1  # of the distance between the eyes: how far a part goes beyond the hull of its points
LICENCE = (
    "The points are found by dlib's predictor, which was trained on iBUG 300-W, whose licence excludes commercial use: "
    "no commercial use of what is made of them."
)


@dataclass(frozen=True)
class RegionShare:
    """How much of a map lies in one region of a face.

    Attributes:
        region: One of `REGIONS`.
        share: Part of the map's sum that lies in it, from 0 to 1; None for a map that is 0 everywhere.
        area: Part of the 48x48 pixels that it has.
        ratio: `share` divided by `area`; None where either is missing.
    """

    region: str
    share: float | None
    area: float
    ratio: float | None

    def to_dict(self) -> dict:
        """The fields by name."""
        return asdict(self)


def region_map(points: np.ndarray, size: int = SIZE) -> np.ndarray:
    """The region that each pixel belongs to, by its place in `REGIONS`: uint8 (size, size).

    Eyes, brows, mouth and nose are the convex hulls of their landmarks and what lies within a tenth of the distance of the
    eyes around them (two pixels in most faces of FER2013): the points mark outlines, and miss by a pixel or so. The brows
    are one hull, with the place of a frown between them. A pixel within reach of two parts belongs to the nearer one. The
    face is the hull of all points and of the forehead, which has no points: the brows moved up by the length of the nose,
    as the rule of thirds has it.

    Args:
        points: The 68 points (68, 2), x and y in pixels of the face.
        size: Side of the face, pixels.
    """
    hulls = [_hulls([points[list(group)] for group in groups], size) for groups in PARTS.values()]
    distances = np.stack([_distance(hull) for hull in hulls])
    eyes = points[list(POINTS["eyes"][6:])].mean(0) - points[list(POINTS["eyes"][:6])].mean(0)
    reach = max(1.0, REACH * float(np.linalg.norm(eyes)))
    forehead = points[list(POINTS["brows"])] + points[27] - points[33]
    whole = _hulls([np.concatenate([points, forehead])], size)
    found = np.where(whole, REGIONS.index(REST), REGIONS.index(OUTSIDE)).astype(np.uint8)
    order = np.array([REGIONS.index(part) for part in PARTS], np.uint8)
    return np.where(distances.min(0) <= reach, order[distances.argmin(0)], found)


def _hulls(groups: list[np.ndarray], size: int) -> np.ndarray:
    """Where the convex hulls of groups of points (P, 2) lie: bool (size, size)."""
    mask = np.zeros((size, size), np.uint8)
    for group in groups:
        corners = np.clip(np.rint(group), -4 * size, 4 * size).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(corners), 1)
    return mask.astype(bool)


def _distance(mask: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest one of a mask, in pixels; infinite where the mask is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def area_shares(regions: np.ndarray) -> np.ndarray:
    """Part of the pixels that each region has (6,), of a map (48, 48) as `region_map` gives it."""
    return np.bincount(regions.ravel(), minlength=len(REGIONS)) / regions.size


def shares(heat: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Part of the sum of a map that lies in each region (6,); NaN for a map that is 0 everywhere.

    Args:
        heat: (48, 48), not negative.
        regions: uint8 (48, 48), as `region_map` gives it.
    """
    sums = np.bincount(regions.ravel(), weights=heat.ravel(), minlength=len(REGIONS))
    total = sums.sum()
    return sums / total if total > 0 else np.full(len(REGIONS), np.nan)


def region_shares(heat: np.ndarray, regions: np.ndarray) -> tuple[RegionShare, ...]:
    """Share, area and ratio of each region, in the order of `REGIONS`; arguments as of `shares`."""
    found = []
    for name, share, area in zip(REGIONS, shares(heat, regions), area_shares(regions), strict=True):
        known = None if np.isnan(share) else float(share)
        found.append(RegionShare(name, known, float(area), ratio(known, float(area))))
    return tuple(found)


def ratio(share: float | None, area: float) -> float | None:
    """Share divided by area; None where there is no share or no area."""
    return None if share is None or area <= 0 else share / area
