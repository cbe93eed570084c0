"""Augmentation: what each part does, and that a face's fate depends on the face alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_engine.data.augment import PIXEL_MEAN, PIXEL_STD, augment, draw, normalise, to_tensor
from fer_engine.experiments.spec import NO_AUGMENTATION, AugmentSpec

FACES = torch.randn(6, 1, 48, 48, generator=torch.Generator().manual_seed(0))


def test_normalised_pixels_are_those_of_the_formula():
    faces = to_tensor(np.full((1, 48, 48), 51, np.uint8))
    assert faces.shape == (1, 1, 48, 48)
    assert faces.mean().item() == pytest.approx((51 / 255 - PIXEL_MEAN) / PIXEL_STD)


def test_normalising_leaves_the_pixels_that_it_was_given():
    pixels = torch.full((1, 1, 48, 48), 7, dtype=torch.uint8)
    normalise(pixels)
    assert (pixels == 7).all()


def test_without_augmentation_faces_are_as_they_were():
    assert augment(FACES, draw(6, 0, 0), NO_AUGMENTATION, 48) is FACES


def test_flip_mirrors_some_faces_exactly_and_leaves_the_others():
    draws = draw(6, 0, 0)
    flipped = augment(FACES, draws, replace(NO_AUGMENTATION, flip=True), 48)
    for face, result, number in zip(FACES, flipped, draws[:, 0], strict=True):
        expected = face.flip(-1) if number < 0.5 else face
        assert torch.allclose(result, expected, atol=1e-4)
    assert 0 < (draws[:, 0] < 0.5).sum() < 6


def test_quarter_turn_is_the_turn_of_the_pixels():
    draws = torch.full((6, draw(1, 0, 0).shape[1]), 1.0)
    turned = augment(FACES, draws, replace(NO_AUGMENTATION, rotation=90), 48)
    assert torch.allclose(turned, torch.rot90(FACES, 1, (2, 3)), atol=1e-4)


def test_erasing_takes_at_most_a_fifth_of_a_face_and_only_the_chosen_share():
    faces, draws = torch.ones(2000, 1, 48, 48), draw(2000, 0, 0)
    erased = (augment(faces, draws, replace(NO_AUGMENTATION, erase=0.5), 48) == 0).float().mean((1, 2, 3))
    touched = erased > 0
    assert 0.45 < touched.float().mean() < 0.55
    assert erased.max() < 0.25


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.integers(1, 5), st.integers(0, 100))
def test_what_happens_to_a_face_does_not_depend_on_its_batch(order, cut, epoch):
    spec, draws = AugmentSpec(erase=0.5), draw(6, 3, epoch)
    whole = augment(FACES, draws, spec, 40)
    rows = torch.tensor(order)
    parts = [augment(FACES[part], draws[part], spec, 40) for part in (rows[:cut], rows[cut:])]
    assert torch.allclose(torch.cat(parts), whole[rows], atol=1e-6)


def test_every_epoch_and_seed_draws_anew_and_repeatably():
    assert torch.equal(draw(5, 1, 2), draw(5, 1, 2))
    assert not torch.equal(draw(5, 1, 2), draw(5, 1, 3))
    assert not torch.equal(draw(5, 1, 2), draw(5, 2, 2))


def test_result_has_the_size_asked_for():
    assert augment(FACES, draw(6, 0, 0), AugmentSpec(), 36).shape == (6, 1, 36, 36)
