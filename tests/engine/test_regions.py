"""Regions of a face: masks by hand, shares, and what always holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_engine.explain.face_pictures import eigenface_image, points_image, regions_image
from fer_engine.explain.regions import OUTSIDE, REGIONS, REST, area_shares, ratio, region_map, region_shares, shares
from fer_engine.features.align import CANONICAL
from fer_engine.features.landmarks import mirrored_points


def hand_made_points() -> np.ndarray:
    """Eyes and brows as squares and lines, a mouth, a nose, and a face from row 6 on, all on whole pixels."""
    points = np.zeros((68, 2))
    points[:17] = [(6, 20)] * 4 + [(6, 40)] * 4 + [(24, 46)] + [(42, 40)] * 4 + [(42, 20)] * 4  # jaw
    points[17:22] = [(10, 10), (12, 10), (14, 10), (16, 10), (18, 10)]
    points[22:27] = [(30, 10), (32, 10), (34, 10), (36, 10), (38, 10)]
    points[27:31] = [(24, 20), (24, 22), (24, 24), (24, 26)]
    points[31:36] = [(21, 28), (22, 28), (24, 28), (26, 28), (27, 28)]
    points[36:42] = [(10, 18), (12, 17), (16, 17), (18, 18), (16, 19), (12, 19)]
    points[42:48] = [(30, 18), (32, 17), (36, 17), (38, 18), (36, 19), (32, 19)]
    points[48:60] = [(16, 36)] * 3 + [(24, 34)] + [(32, 36)] * 3 + [(24, 40)] * 5
    points[60:68] = [(24, 37)] * 8
    return points


def named(regions: np.ndarray, row: int, column: int) -> str:
    return REGIONS[regions[row, column]]


def test_each_place_belongs_to_the_part_that_is_there():
    """The eyes' centres are 20 pixels apart, so that parts reach 2 pixels beyond their hulls."""
    regions = region_map(hand_made_points())
    places = {
        (10, 14): "brows", (8, 14): "brows", (7, 14): REST, (12, 34): "brows", (13, 14): REST,
        (18, 14): "eyes", (15, 14): "eyes", (14, 14): REST, (18, 24): "nose", (17, 24): REST,
        (24, 24): "nose", (28, 29): "nose", (30, 24): "nose", (31, 24): REST,
        (37, 24): "mouth", (36, 14): "mouth", (36, 13): REST, (42, 24): "mouth", (43, 24): REST,
        (30, 8): REST, (45, 24): REST, (30, 5): OUTSIDE, (46, 6): OUTSIDE, (0, 0): OUTSIDE, (47, 47): OUTSIDE,
    }  # fmt: skip
    assert {place: named(regions, *place) for place in places} == places


def test_a_frown_belongs_to_the_brows_and_what_lies_between_the_eyes_to_neither():
    regions = region_map(hand_made_points())
    assert named(regions, 10, 24) == "brows"
    assert named(regions, 18, 21) == REST


def test_the_forehead_belongs_to_the_face():
    """It reaches as far above the brows as the nose is long, here 8 pixels: to row 2."""
    regions = region_map(hand_made_points())
    assert named(regions, 3, 24) == REST
    assert named(regions, 1, 24) == OUTSIDE


def test_a_pixel_within_reach_of_two_parts_goes_to_the_nearer_and_of_two_as_near_to_the_eyes():
    points = hand_made_points()
    points[17:27, 1] = 13  # three rows of pixels between brows and eyes: 14, 15, 16
    regions = region_map(points)
    assert [named(regions, row, 14) for row in (13, 14, 15, 16, 17)] == ["brows", "brows", "eyes", "eyes", "eyes"]


def test_a_part_beyond_the_picture_has_no_pixels():
    points = hand_made_points()
    points[48:68, 1] += 40
    found = {item.region: item for item in region_shares(np.ones((48, 48)), region_map(points))}
    assert found["mouth"].area == 0
    assert found["mouth"].ratio is None


def test_shares_by_hand():
    regions = np.full((48, 48), REGIONS.index(OUTSIDE), np.uint8)
    regions[:4] = REGIONS.index("mouth")  # a twelfth of the area
    heat = np.zeros((48, 48))
    heat[:2] = 1.0
    heat[10] = 2.0
    found = {item.region: item for item in region_shares(heat, regions)}
    assert (found["mouth"].share, found["mouth"].area) == (0.5, pytest.approx(1 / 12))
    assert found["mouth"].ratio == pytest.approx(6)
    assert found[OUTSIDE].share == 0.5
    assert found["nose"].share == 0
    assert found["nose"].ratio is None  # it has no area here
    assert ratio(None, 0.5) is None


def test_a_map_that_is_zero_everywhere_has_no_shares():
    found = region_shares(np.zeros((48, 48)), region_map(hand_made_points()))
    assert all(item.share is None and item.ratio is None and item.area > 0 for item in found)


def test_an_even_map_has_the_shares_of_the_areas():
    regions = region_map(hand_made_points())
    np.testing.assert_allclose(shares(np.full((48, 48), 0.3), regions), area_shares(regions))


@given(
    angle=st.floats(-0.6, 0.6),
    size=st.floats(0.4, 1.6),
    shift=st.tuples(st.floats(-15, 15), st.floats(-15, 15)),
    seed=st.integers(0, 99),
)
def test_every_pixel_belongs_to_exactly_one_region(angle, size, shift, seed):
    random = np.random.default_rng(seed)
    face = np.concatenate([np.stack([np.linspace(3, 44, 17), 47 - 0.07 * (np.linspace(3, 44, 17) - 23.5) ** 2], 1), CANONICAL])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (face - 23.5) @ turn.T * size + 23.5 + np.array(shift) + random.normal(0, 1, (68, 2))
    regions = region_map(points)
    assert (regions.shape, regions.dtype) == ((48, 48), np.dtype(np.uint8))
    assert regions.max() < len(REGIONS)
    assert area_shares(regions).sum() == pytest.approx(1)
    assert shares(random.uniform(size=(48, 48)), regions).sum() == pytest.approx(1)


def test_the_mirror_image_has_the_mirrored_regions():
    points = hand_made_points()
    turned = region_map(mirrored_points(points[None])[0])
    assert (region_map(points)[:, ::-1] != turned).mean() < 0.01  # outlines are drawn from one side


def test_wild_points_are_no_reason_to_fail():
    for points in (np.full((68, 2), 1e6), np.zeros((68, 2)), np.full((68, 2), -1e6)):
        assert area_shares(region_map(points)).sum() == pytest.approx(1)


def test_pictures_have_their_size_and_draw_what_they_are_told():
    face, points = np.full((48, 48), 100, np.uint8), hand_made_points()
    dots = points_image(face, points, 480)
    assert dots.shape == (480, 480, 3)
    x, y = (points[8] + 0.5) * 10
    assert tuple(dots[int(y), int(x)]) == (255, 255, 255)
    assert (dots[0, 0] == 100).all()
    assert regions_image(face, region_map(points), points, 432).shape == (432, 432, 3)
    grey = eigenface_image(np.array([[0.0, 2.0], [-2.0, 1.0]]), size=2)
    assert grey.tolist() == [[128, 255], [0, 191]]
