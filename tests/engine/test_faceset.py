from dataclasses import replace

import numpy as np
import pytest
from fer_files import faces_of_noise, same
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_engine.data.faceset import image_hashes, seen_in_fer2013_training
from fer_engine.errors import FerLabError

FACES = faces_of_noise()


def test_a_part_holds_the_rows_of_its_split_and_keeps_their_ids():
    part = FACES.part("PublicTest")
    assert part.ids.tolist() == [4, 5, 6, 7]
    assert np.array_equal(part.images, FACES.images[4:8])
    assert part.splits == ("PublicTest",)
    assert part.name == FACES.name


def test_a_split_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(FerLabError, match="no PrivateTest rows; it has Training, PublicTest"):
        FACES.take(np.arange(8)).part("PrivateTest")


def test_counts_name_every_emotion_of_every_split():
    counts = FACES.counts()
    assert list(counts) == ["Training", "PublicTest", "PrivateTest"]
    assert counts["Training"] == {"angry": 1, "disgust": 1, "fear": 1, "happy": 1, "sad": 0, "surprise": 0, "neutral": 0}
    assert sum(sum(of.values()) for of in counts.values()) == len(FACES)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)))
def test_the_content_hash_knows_no_order_ids_splits_or_name(order):
    shuffled = FACES.take(np.array(order))
    renamed = replace(shuffled, ids=np.arange(12) + 5, split=np.full(12, "Training"), name="other")
    assert renamed.content_hash == FACES.content_hash


def test_the_content_hash_sees_one_pixel_one_label_one_row():
    images, labels = FACES.images.copy(), FACES.labels.copy()
    images[3, 10, 10] ^= 1
    labels[3] = (labels[3] + 1) % 7
    changed = [replace(FACES, images=images), replace(FACES, labels=labels), FACES.take(np.arange(11))]
    assert len({FACES.content_hash, *(faces.content_hash for faces in changed)}) == 4


def test_image_hashes_are_equal_for_equal_pixels_only():
    images = np.concatenate([FACES.images, FACES.images[:2]])
    hashes = image_hashes(images)
    assert hashes.dtype == np.uint64
    assert hashes[12:].tolist() == hashes[:2].tolist()
    assert len(set(hashes.tolist())) == 12
    assert image_hashes(images[:, :, ::-1][:, :, ::-1]).tolist() == hashes.tolist()


def test_noise_does_not_stand_in_fer2013():
    assert not seen_in_fer2013_training(FACES.images).any()


def test_taking_rows_keeps_the_fields_together():
    order = np.array([5, 1, 1])
    taken = FACES.take(order)
    assert taken.ids.tolist() == [5, 1, 1]
    assert same(taken.take(np.array([0])), FACES.take(np.array([5])))
