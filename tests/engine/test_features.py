"""Features of a face: symmetry, against scikit-image, geometry by hand, and the cache."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import hog as their_hog
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from typer.testing import CliRunner

from fer_engine.cli.app import app
from fer_engine.data.faceset import FaceSet
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.features import landmarks as points_of
from fer_engine.features.align import CANONICAL, aligned
from fer_engine.features.cache import cached
from fer_engine.features.hog import Hog, hog_picture
from fer_engine.features.landmarks import REGIONS, Landmarks, from_points, landmarks, mirrored_points, normalised, predictor_file
from fer_engine.features.pixels import Pixels

FACES = open_data("synthetic:42").faces


@pytest.mark.filterwarnings("ignore:Can't test estimator")
@pytest.mark.parametrize("transformer", [Hog(), Pixels(), Landmarks()], ids=lambda item: type(item).__name__)
def test_transformers_are_scikit_learns(transformer):
    """`check_estimator` leaves out what feeds tables: these take pictures. So here is the rest of what a pipeline needs."""
    check_estimator(transformer)
    assert not get_tags(transformer).input_tags.two_d_array
    assert get_tags(transformer).input_tags.three_d_array
    images = FACES.images[:6]
    expected = clone(transformer).transform(images)
    assert expected.dtype == np.float32
    assert np.array_equal(make_pipeline(transformer, "passthrough").fit_transform(images), expected)
    assert np.allclose(clone(transformer).transform(images[3:4]), expected[3:4], atol=1e-6)
    assert np.array_equal(pickle.loads(pickle.dumps(transformer)).transform(images[::-1]), expected[::-1])
    with pytest.raises(FerLabError, match=r"Faces must have the shape \(N, 48, 48\) or \(N, 2304\), not \(6, 5\)"):
        transformer.transform(np.zeros((6, 5)))


def blocks(features: np.ndarray, cells: int, orientations: int) -> np.ndarray:
    """OpenCV's features as (N, column, row, column in block, row in block, orientation)."""
    return features.reshape(-1, cells - 1, cells - 1, 2, 2, orientations)


@pytest.mark.parametrize(("cell", "orientations"), [(6, 8), (8, 9), (4, 8), (12, 6)])
def test_hog_of_the_mirror_image_is_mirrored(cell, orientations):
    hog = Hog(cell=cell, orientations=orientations)
    plain = blocks(hog.transform(FACES.images), 48 // cell, orientations)
    turned = blocks(hog.transform(FACES.images[:, :, ::-1]), 48 // cell, orientations)
    assert np.allclose(plain, turned[:, ::-1, :, ::-1, :, ::-1], atol=1e-5)


def test_hog_tells_much_the_same_as_scikit_images():
    """scikit-image puts all of a gradient in one cell and one direction, OpenCV shares it out among neighbours."""
    ours = np.stack([Hog().cells(face) for face in FACES.images])
    theirs = np.stack([_their_cells(face) for face in FACES.images])
    turned = [np.corrcoef(ours.ravel(), np.roll(theirs, turn, -1).ravel())[0, 1] for turn in range(8)]
    assert np.argmax(turned) == 0
    assert turned[0] > 0.85


def _their_cells(face: np.ndarray) -> np.ndarray:
    found = their_hog(np.sqrt(face / 255), 8, (6, 6), (2, 2), block_norm="L2-Hys", feature_vector=False)
    total, times = np.zeros((8, 8, 8)), np.zeros((8, 8, 1))
    for row, column, inner_row, inner_column in np.ndindex(7, 7, 2, 2):
        total[row + inner_row, column + inner_column] += found[row, column, inner_row, inner_column]
        times[row + inner_row, column + inner_column] += 1
    return total / times


def test_edge_of_known_direction_falls_into_its_bin():
    step = np.zeros((1, 48, 48), np.uint8)
    step[:, :, 24:] = 200  # an upright edge: the gradient points to the right, at 0 degrees, on the border of two bins
    cells = Hog(orientations=8).cells(step[0])
    assert set(np.argsort(cells.sum((0, 1)))[-2:]) == {0, 7}
    assert cells[:, [0, 1, 6, 7]].sum() == pytest.approx(0, abs=1e-6)


def test_hog_takes_rows_and_faces_alike_and_draws_a_picture():
    rows = FACES.images.reshape(len(FACES), -1)
    assert np.array_equal(Hog().transform(rows), Hog().transform(FACES.images))
    assert Hog().transform(FACES.images).shape == (len(FACES), 7 * 7 * 4 * 8)
    picture = hog_picture(FACES.images[0])
    assert (picture.shape, picture.dtype, picture.max()) == ((384, 384), np.dtype(np.uint8), 255)
    assert Hog().transform(FACES.images[:0]).shape == (0, 1568)
    with pytest.raises(FerLabError, match=r"shape \(N, 48, 48\) or \(N, 2304\), not \(3, 5\)"):
        Hog().transform(np.zeros((3, 5)))


def test_pixels_are_scaled_or_standardised():
    rows = Pixels().transform(FACES.images)
    assert (rows.min(), rows.max()) == (FACES.images.min() / np.float32(255), FACES.images.max() / np.float32(255))
    level = Pixels(standardise=True).transform(FACES.images)
    assert np.allclose(level.mean(1), 0, atol=1e-5)
    assert np.allclose(level.std(1), 1, atol=1e-4)
    assert np.array_equal(Pixels(standardise=True).transform(np.full((1, 48, 48), 9, np.uint8)), np.zeros((1, 2304)))


@given(
    angle=st.floats(-1, 1),
    size=st.floats(0.3, 3),
    shift=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)
def test_normalised_points_know_neither_place_nor_tilt_nor_size(angle, size, shift):
    points = np.random.default_rng(1).uniform(0, 48, (1, 68, 2))
    points[:, 36:42] = points[:, 36:42] * 0.1 + [10, 20]  # eyes apart, so that their tilt is sure
    points[:, 42:48] = points[:, 42:48] * 0.1 + [30, 20]
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved = size * points @ turn + np.array(shift)
    assert np.allclose(normalised(moved), normalised(points), atol=1e-4)


def test_normalised_eyes_are_level():
    level = normalised(landmarks(FACES.images[:10]))
    eyes = level[:, 42:48].mean(1) - level[:, 36:42].mean(1)
    assert np.allclose(eyes[:, 1], 0, atol=1e-5)
    assert (eyes[:, 0] > 0).all()


def test_landmarks_lie_in_the_face_and_the_mirror_images_are_mirrored():
    found = landmarks(FACES.images[:10])
    assert (found.shape, found.dtype) == ((10, 68, 2), np.dtype(np.float32))
    assert ((found > -12) & (found < 60)).all()
    turned = landmarks(np.ascontiguousarray(FACES.images[:10, :, ::-1]))
    assert np.abs(mirrored_points(turned) - found).mean() < 2  # pixels; the predictor itself is not symmetric
    assert np.array_equal(mirrored_points(mirrored_points(found)), found)


def test_face_is_moved_onto_the_canonical_points():
    """A face whose points are the canonical ones, turned by 90 degrees and half as large, is turned and enlarged back."""
    points = np.zeros((1, 68, 2))
    level = CANONICAL - CANONICAL.mean(0)
    points[0, 17:] = np.stack([level[:, 1], -level[:, 0]], 1) / 2 + [20, 30]
    face = np.zeros((1, 48, 48), np.uint8)
    x, y = 20 + 4, 30 - 6  # canonical: 12 to the right of the mean and 8 below it
    face[0, y - 1 : y + 2, x - 1 : x + 2] = 255
    moved = aligned(face, points)[0].astype(float)
    rows, columns = np.indices(moved.shape)
    assert (columns * moved).sum() / moved.sum() == pytest.approx(23.5 + 12, abs=0.1)
    assert (rows * moved).sum() / moved.sum() == pytest.approx(24 + 8, abs=0.1)


def test_regions_share_the_points_out():
    told = sorted(number for region in REGIONS.values() for number in region)
    assert told == list(range(68))


def test_forms_of_points_by_hand():
    points = np.zeros((1, 68, 2))
    points[0, 36:42], points[0, 42:48] = [-1, 0], [1, 0]
    level = normalised(points)
    assert (level**2).sum() == pytest.approx(1)
    told = from_points(points, ("coordinates", "distances", "angles"))
    assert told.shape == (1, 136 + 24 + 13)
    between = np.linalg.norm(level[0, 39] - level[0, 42])
    assert between in told[0, 136:160].tolist()
    with pytest.raises(FerLabError, match="forms has colours; there are coordinates, distances, angles"):
        from_points(points, ("colours",))


def test_missing_predictor_is_told_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_LAB_LANDMARKS", str(tmp_path / "none.dat"))
    with pytest.raises(FerLabError, match=r"FER_LAB_LANDMARKS names .*none\.dat, which is no file"):
        predictor_file()
    assert not points_of.available()
    monkeypatch.delenv("FER_LAB_LANDMARKS")
    monkeypatch.setattr(points_of, "find_spec", lambda _: None)
    with pytest.raises(FerLabError, match=r"pip install face_recognition_models.*HOG alone works without it"):
        Landmarks().transform(FACES.images[:1])


def test_damaged_predictor_is_told(monkeypatch, tmp_path):
    (tmp_path / "bad.dat").write_bytes(b"nothing")
    monkeypatch.setenv("FER_LAB_LANDMARKS", str(tmp_path / "bad.dat"))
    with pytest.raises(FerLabError, match="is no predictor of dlib's"):
        landmarks(FACES.images[:1])


def test_cache_gives_what_was_computed_and_survives_a_torn_file(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_LAB_CACHE", str(tmp_path))
    part: FaceSet = FACES.part("Training")
    first = cached({"kind": "a"}, part, lambda: np.arange(len(part), dtype=np.float32)[:, None])
    assert np.array_equal(cached({"kind": "a"}, part, lambda: pytest.fail("computed again")), first)
    assert len(cached({"kind": "b"}, part, lambda: first * 2)) == len(part)
    for file in (tmp_path / "features").iterdir():
        file.write_bytes(file.read_bytes()[:20])
    assert np.array_equal(cached({"kind": "a"}, part, lambda: first + 1), first + 1)
    assert not list((tmp_path / "features").glob("*.tmp"))


def test_faces_in_another_order_have_features_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_LAB_CACHE", str(tmp_path))
    turned = FACES.take(np.arange(len(FACES))[::-1])
    assert turned.content_hash == FACES.content_hash
    first = cached({"kind": "mean"}, FACES, lambda: FACES.images.mean((1, 2)))
    assert np.array_equal(cached({"kind": "mean"}, turned, lambda: turned.images.mean((1, 2))), first[::-1])


def test_cache_that_cannot_be_written_costs_time_alone(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FER_LAB_CACHE", str(tmp_path / "file"))
    part = FACES.part("Training")
    assert len(cached({}, part, lambda: np.zeros((len(part), 1)))) == len(part)


def test_features_from_the_command_line(tmp_path):
    def run(*words: str) -> dict:
        found = CliRunner().invoke(app, ["features", *words, "--data", "synthetic:70", "--split", "Training", "--json"])
        assert found.exit_code == 0, found.output
        return json.loads(found.stdout.splitlines()[-1])

    told = run("hog", "--out", str(tmp_path / "hog.npz"), "--set", "cell=8")
    train = open_data("synthetic:70").faces.part("Training")
    kept = np.load(tmp_path / "hog.npz")
    assert told["faces"] == len(train) == 56
    assert np.array_equal(kept["features"], Hog(cell=8).transform(train.images))
    assert np.array_equal(kept["labels"], train.labels)
    run("landmarks", "--out", str(tmp_path / "points.csv"), "--set", 'forms=["angles"]')
    table = pd.read_csv(tmp_path / "points.csv")
    assert table["id"].tolist() == train.ids.tolist()
    assert table.shape == (56, 15)
    for setting in ("n_components=5", "whiten=true", "unit=false", "weight=2", "kind=pixels"):
        words = ["features", "hog", "--out", str(tmp_path / "no.npz"), "--data", "synthetic:70", "--set", setting]
        refused = CliRunner().invoke(app, words)
        assert f"--set {setting.partition('=')[0]} is nothing that is measured" in str(refused.exception)
    nowhere = CliRunner().invoke(app, ["features", "hog", "--out", str(tmp_path / "none" / "hog.npz"), "--data", "synthetic:70"])
    assert "There is no folder" in str(nowhere.exception)
    refused = CliRunner().invoke(app, ["features", "hog", "--out", "hog.txt", "--data", "synthetic:70"])
    assert str(refused.exception) == "hog.txt is neither a .npz nor a .csv file. Name one of these with --out."
    refused = CliRunner().invoke(app, ["features", "hog", "--out", str(tmp_path / "x.npz"), "--data", "synthetic:70", "--set", "cell=7"])
    assert isinstance(refused.exception, FerLabError)
    assert "cell is 7" in str(refused.exception)
