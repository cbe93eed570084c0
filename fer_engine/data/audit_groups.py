"""Images that stand in a data set more than once: exact copies by their pixels, near copies by a perceptual hash."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from fer_engine.data.faceset import FaceSet, image_hashes

# Two images are near copies where their hashes differ in at most MAX_BITS of 64 and their pixels correlate by at least
# MIN_CORRELATION. On FER2013 the hash alone takes some strangers for one another from 4 bits on; of 100 pairs
# that pass both, drawn at random and looked at, all were the same photograph (cut, lit or watermarked otherwise). Both limits
# were set by looking at such samples; how many near copies they miss was not measured.
MAX_BITS = 10
MIN_CORRELATION = 0.9
_HASH_BITS = 64
_BANDS = 6  # two hashes that differ in at most 11 bits differ by at most one bit in one of six bands
_AT_ONCE = 1 << 22  # candidate pairs


@dataclass(frozen=True)
class Group:
    """Images that are copies of one another.

    Attributes:
        rows: Their places in the FaceSet, rising.
        labels: Their labels.
        splits: Their splits.
    """

    rows: tuple[int, ...]
    labels: tuple[int, ...]
    splits: tuple[str, ...]

    @property
    def conflicting(self) -> bool:
        """Whether the copies have more than one label."""
        return len(set(self.labels)) > 1

    @property
    def crosses(self) -> bool:
        """Whether the copies stand in more than one split."""
        return len(set(self.splits)) > 1


@dataclass(frozen=True)
class Groups:
    """All groups of copies in a data set: those with conflicting labels first, then those across splits, then the largest."""

    groups: tuple[Group, ...]

    @cached_property
    def images(self) -> int:
        """How many images stand in a group."""
        return sum(len(group.rows) for group in self.groups)

    @property
    def conflicting(self) -> tuple[Group, ...]:
        """The groups whose copies have more than one label."""
        return tuple(group for group in self.groups if group.conflicting)

    @property
    def crossing(self) -> tuple[Group, ...]:
        """The groups whose copies stand in more than one split."""
        return tuple(group for group in self.groups if group.crosses)

    def twins(self, split: str, other: str) -> np.ndarray:
        """Places (M,) of the images of `split` that have a copy in `other`, rising."""
        found = [
            row
            for group in self.groups
            if other in group.splits
            for row, own in zip(group.rows, group.splits, strict=True)
            if own == split and (split != other or group.splits.count(split) > 1)
        ]
        return np.array(sorted(found), dtype=np.int64)


def exact_copies(faces: FaceSet) -> Groups:
    """The images that are equal pixel for pixel, within and across splits."""
    _, number = np.unique(image_hashes(faces.images), return_inverse=True)
    return _groups(faces, number)


def near_copies(faces: FaceSet, blank: np.ndarray, progress: Callable[[float], None] = lambda _: None) -> Groups:
    """The images that are nearly equal: one photograph cut, lit, compressed or watermarked otherwise.

    Exact copies count as one image, so that a group says something that `exact_copies` does not; all of them are listed.

    Args:
        faces: The data set.
        blank: (N,) images that show nothing, and are like each other for no other reason.
        progress: Called with the fraction done.
    """
    hashes, first, number = np.unique(image_hashes(faces.images), return_index=True, return_inverse=True)
    kept = np.flatnonzero(~blank[first])
    rows = first[kept]
    pairs = near_pairs(perceptual_hashes(np.asarray(faces.images)[rows]), progress)
    pairs = pairs[correlations(np.asarray(faces.images), rows[pairs]) >= MIN_CORRELATION]
    joined = _joined(kept[pairs], len(hashes))
    alone = np.bincount(joined, minlength=len(hashes))[joined] == 1
    # Copies of an image that is near to no other are a group of `exact_copies` alone: each is a group of one here.
    unlike = alone[number]
    return _groups(faces, np.where(unlike, len(hashes) + np.arange(len(faces)), joined[number]))


def perceptual_hashes(images: np.ndarray) -> np.ndarray:
    """A hash that changes little where an image changes little (pHash; Zauner, 2010).

    Of the discrete cosine transform the 64 lowest frequencies but for the mean, each above the median of them or not.

    Args:
        images: uint8 (N, 48, 48).

    Returns:
        uint64 (N,).
    """
    from scipy.fft import dct

    rows, columns = np.divmod(np.arange(81), 9)
    lowest = np.lexsort((rows**2 + columns**2, rows + columns))[1 : 1 + _HASH_BITS]
    basis = dct(np.eye(images.shape[1], dtype=np.float32), axis=0, norm="ortho")[:9]
    found = np.empty(len(images), np.uint64)
    for start in range(0, len(images), 4096):
        block = images[start : start + 4096].astype(np.float32)
        low = (basis @ block @ basis.T).reshape(len(block), -1)[:, lowest]
        bits = low > np.median(low, axis=1, keepdims=True)
        found[start : start + 4096] = np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64).ravel()
    return found


def near_pairs(hashes: np.ndarray, progress: Callable[[float], None] = lambda _: None) -> np.ndarray:
    """All pairs of hashes that differ in at most `MAX_BITS` bits.

    Not every pair is looked at: hashes that differ in so few bits agree in one of six bands but for one bit, and equal
    values of a band stand side by side once they are sorted (multi-index hashing; Norouzi et al., 2012).

    Args:
        hashes: uint64 (N,).
        progress: Called with the fraction done.

    Returns:
        Places (P, 2), the smaller first, each pair once.
    """
    edges = np.linspace(0, _HASH_BITS, _BANDS + 1).round().astype(int)
    found = [np.empty((0, 2), np.int64)]
    for band, (low, high) in enumerate(pairwise(edges)):
        values = (hashes >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(values, kind="stable")
        for flipped in (0, *(1 << bit for bit in range(high - low))):
            for pairs in _alike(values, order, flipped):
                apart = np.bitwise_count(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]])
                found.append(pairs[apart <= MAX_BITS])
        progress((band + 1) / _BANDS)
    return np.unique(np.concatenate(found), axis=0)


def _alike(values: np.ndarray, order: np.ndarray, flipped: int) -> Iterator[np.ndarray]:
    """Pairs (P, 2), the smaller place first, whose values differ just in the bits of `flipped`."""
    ranked = values[order]
    wanted = values ^ np.uint64(flipped)
    begin, end = np.searchsorted(ranked, wanted, "left"), np.searchsorted(ranked, wanted, "right")
    count = end - begin
    bounds = np.searchsorted(np.cumsum(count), np.arange(0, max(1, count.sum()) + _AT_ONCE, _AT_ONCE))
    for start, stop in zip(bounds[:-1], [*bounds[1:-1], len(values)], strict=True):
        times = count[start:stop]
        left = np.repeat(np.arange(start, stop), times)
        inside = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        right = order[np.repeat(begin[start:stop], times) + inside]
        once = left < right
        yield np.stack([left[once], right[once]], axis=1)


def correlations(images: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Correlation of the pixels of images (N, 48, 48) that differ from one value, by pairs of places (P, 2): (P,)."""
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), 8192):
        sides = [images[pairs[start : start + 8192, side]].reshape(-1, images[0].size).astype(np.float32) for side in (0, 1)]
        one, other = (side - side.mean(1, keepdims=True) for side in sides)
        scale = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        found[start : start + 8192] = np.einsum("ij,ij->i", one, other) / np.maximum(scale, 1e-6)
    return found


def _joined(pairs: np.ndarray, n: int) -> np.ndarray:
    """The group (n,) of each of n items, of which these pairs belong together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def _groups(faces: FaceSet, number: np.ndarray) -> Groups:
    """The groups of two and more of the images that have the same number (N,)."""
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    groups = []
    for rows in np.split(order, starts[1:]):
        if len(rows) > 1:
            groups.append(Group(tuple(rows.tolist()), tuple(faces.labels[rows].tolist()), tuple(faces.split[rows].tolist())))
    groups.sort(key=lambda group: (not group.conflicting, not group.crosses, -len(group.rows), group.rows))
    return Groups(tuple(groups))
