import numpy as np
import pytest

from fer_engine.data.source import open_data
from fer_engine.data.synthetic import draw_face, synthetic
from fer_engine.labels import N_CLASSES


@pytest.fixture(scope="module")
def drawn():
    return synthetic(420)


def test_the_same_seed_draws_the_same_bytes(drawn):
    assert synthetic(35).images.tobytes() == drawn.images[:35].tobytes()


def test_a_face_depends_on_its_seed_and_index_alone(drawn):
    assert np.array_equal(draw_face(20 % 7, np.random.default_rng([0, 20])), drawn.images[20])


def test_seeds_draw_different_faces(drawn):
    other = synthetic(21, seed=1)
    assert (other.images != drawn.images[:21]).any(axis=(1, 2)).all()
    assert other.content_hash != drawn.take(np.arange(21)).content_hash


def test_classes_are_balanced_in_every_split(drawn):
    counts = drawn.counts()
    assert {split: set(of.values()) for split, of in counts.items()} == {"Training": {48}, "PublicTest": {6}, "PrivateTest": {6}}


def test_a_small_set_has_every_split():
    assert synthetic(21).splits == ("Training", "PublicTest", "PrivateTest")


@pytest.mark.parametrize("n", [1, 6, 50])
def test_any_size_is_a_face_set_called_synthetic(n):
    faces = synthetic(n)
    assert faces.name == "synthetic"
    assert (faces.images.shape, faces.images.dtype) == ((n, 48, 48), np.uint8)
    assert faces.labels.dtype == np.int64
    assert faces.ids.tolist() == list(range(n))


def test_no_two_faces_are_alike(drawn):
    assert len(np.unique(drawn.images.reshape(len(drawn), -1), axis=0)) == len(drawn)


def test_open_data_says_that_the_faces_are_drawn():
    loaded = open_data("synthetic:14:3")
    assert np.array_equal(loaded.faces.images, synthetic(14, 3).images)
    assert "drawn" in loaded.notices[0]
    assert len(open_data("synthetic:8").faces) == 8


@pytest.mark.parametrize("size", [48, 100, 320])
def test_a_sample_face_comes_in_any_size_and_is_the_same_for_the_same_seed(size):
    one, two = (draw_face(3, np.random.default_rng(5), size, clean=True) for _ in range(2))
    assert one.shape == (size, size)
    assert np.array_equal(one, two)
    assert one.std() > 20


def test_a_person_shows_each_emotion_differently():
    faces = [draw_face(emotion, np.random.default_rng(5), 96, clean=True).astype(int) for emotion in range(N_CLASSES)]
    # Below the brows' highest place and above the chin: the same person, so that all that differs is the expression.
    differences = [np.abs(one - two).mean() for i, one in enumerate(faces) for two in faces[:i]]
    assert min(differences) > 0.5
    assert max(differences) < 20


def test_the_emotion_can_be_learnt_from_the_pixels(drawn):
    from sklearn.linear_model import RidgeClassifier

    pixels = drawn.images.reshape(len(drawn), -1).astype(np.float32)
    pixels = (pixels - pixels.mean(1, keepdims=True)) / (pixels.std(1, keepdims=True) + 1)
    training = drawn.split == "Training"
    score = RidgeClassifier(alpha=300.0).fit(pixels[training], drawn.labels[training]).score(pixels[~training], drawn.labels[~training])
    assert 2 / N_CLASSES < score < 0.9  # far above chance for a linear model, yet not trivial
