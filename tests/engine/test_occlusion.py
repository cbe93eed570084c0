"""Occlusion maps: by hand, for any predictor, and without a trace."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from explained import predictor, random_face

from fer_engine.errors import FerLabError
from fer_engine.explain.face_pictures import signed_image
from fer_engine.explain.occlusion import class_scores, occluded, occlusion_map, patch_grid
from fer_engine.labels import NAMES
from fer_engine.predictors import Predictor

HAPPY, SAD = NAMES.index("happy"), NAMES.index("sad")


class OnePatch(Predictor):
    """The log-odds of happy are the share of white among the pixels of rows 8 to 15, columns 24 to 31, and no more."""

    def __init__(self):
        self.asked = []

    def scores(self, faces):
        self.asked.append(len(faces))
        scores = np.zeros((len(faces), 7), np.float32)
        scores[:, HAPPY] = faces[:, 8:16, 24:32].mean((1, 2)) / 255
        return scores

    def probabilities(self, faces):
        happy = 1 / (1 + np.exp(-self.scores(faces)[:, HAPPY].astype(float)))
        given = np.tile(((1 - happy) / 6)[:, None], (1, 7))
        given[:, HAPPY] = happy
        return given


def face_of_one_patch():
    face = np.zeros((48, 48), np.uint8)
    face[8:16, 24:32] = 255
    return face


def test_the_map_is_what_each_place_takes_from_the_score():
    """The face's mean is 64 white of 2304 pixels: 7 of 255. A patch that hides a share s of the white takes s * 248 / 255."""
    model = OnePatch()
    found = occlusion_map(model, face_of_one_patch(), target="happy", fill="mean")
    per_axis = {"rows": np.zeros(11), "columns": np.zeros(11)}
    per_axis["rows"][[1, 2, 3]] = [0.5, 1, 0.5]  # patches from row 4, 8, 12
    per_axis["columns"][[5, 6, 7]] = [0.5, 1, 0.5]  # from column 20, 24, 28
    expected = np.outer(per_axis["rows"], per_axis["columns"]) * (248 / 255)
    np.testing.assert_allclose(found.map, expected, atol=1e-6)
    assert (found.unit, found.target, found.predicted, found.run) == ("log-odds", "happy", "happy", "")
    assert found.score == pytest.approx(1)
    odds = 1 / (1 + np.exp(-1.0))
    assert found.probability == pytest.approx(odds)
    assert found.largest_probability_drop == pytest.approx(odds - 1 / (1 + np.exp(-7 / 255)), abs=1e-6)
    assert found.evidence.peak == (12, 28)  # centres at 11.5 and 27.5, rounded to even
    assert model.asked == [122]  # one batch: the face and its 121 copies


def test_at_the_faces_size_the_map_lies_between_the_centres_of_the_patches():
    found = occlusion_map(OnePatch(), face_of_one_patch(), target="happy", fill="mean")
    peak = 248 / 255
    assert found.map_48.shape == (48, 48)
    # Centres of patches lie at 3.5, 7.5, ...: pixels 11 and 12 are an eighth of a step beside the peak's centre at 11.5.
    assert found.map_48[11, 27] == pytest.approx(peak * (0.875 + 0.125 * 0.5) ** 2)
    assert found.map_48[0, 0] == 0
    np.testing.assert_allclose(found.evidence.map_48, found.map_48 / peak, atol=1e-6)
    assert found.evidence.map.max() == 1


def test_what_speaks_against_an_emotion_is_below_zero_and_no_evidence():
    found = occlusion_map(OnePatch(), face_of_one_patch(), target="sad", fill="mean")
    assert found.map.min() < 0 <= found.map.max()
    assert (found.target, found.predicted) == ("sad", "happy")
    assert found.evidence.blank


def test_faint_evidence_beside_strong_counter_evidence_stays_faint():
    found = replace(occlusion_map(OnePatch(), face_of_one_patch()), map=np.array([[1.0, -4.0]]), map_48=np.array([[1.0, -4.0]]))
    assert found.evidence.map.tolist() == found.evidence.map_48.tolist() == [[0.25, 0.0]]


def test_log_odds_keep_moving_where_a_probability_stands_still():
    class Sure(Predictor):
        def scores(self, faces):
            return np.zeros((len(faces), 7), np.float32)

        def probabilities(self, faces):
            given = np.full((len(faces), 7), 1e-20 / 6)
            given[:, SAD] = 1.0
            given[1:, [0, 1, 2, 3, 5, 6]] *= 10
            return given

    _, scores, _ = class_scores(Sure(), np.zeros((2, 48, 48), np.uint8))
    assert scores[0, SAD] == pytest.approx(np.log(1e20))
    assert scores[0, SAD] - scores[1, SAD] == pytest.approx(np.log(10))


def test_copies_hide_one_place_each():
    face = random_face()
    copies = occluded(face, 16, 8, "mean")
    assert copies.shape == (25, 48, 48)
    hidden = copies != face
    for number, (row, column) in enumerate(np.ndindex(5, 5)):
        inside = np.zeros((48, 48), bool)
        inside[8 * row : 8 * row + 16, 8 * column : 8 * column + 16] = True
        assert not hidden[number][~inside].any()
        assert (copies[number][inside] == round(float(face.mean()))).all()


def test_a_blurred_patch_keeps_the_brightness_and_draws_no_edge():
    face = np.tile(np.linspace(0, 255, 48).astype(np.uint8), (48, 1))
    blurred, grey = (occluded(face, 8, 4, fill)[60].astype(int) for fill in ("blur", "mean"))
    inner = np.s_[20:28, 20:28]
    assert abs(blurred[inner].mean() - face[inner].mean()) < 1
    corner = occluded(face, 8, 4, "blur")[0].astype(int), occluded(face, 8, 4, "mean")[0].astype(int)
    edges = [np.abs(np.diff(picture[4])).max() for picture in corner]
    assert edges[0] < 20 < edges[1]
    assert not np.array_equal(blurred, grey)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"patch": 0}, "The patch is 0 pixels wide; it goes from 1 to 24."),
        ({"patch": 8, "stride": 3}, "The stride is 3 pixels. A patch of 8 comes from border to border of a face of 48, hiding every pixel, "
         "in steps of 1, 2, 4, 5, 8."),
        ({"fill": "noise"}, "A patch cannot be filled with 'noise'; there are blur and mean."),
        ({"target": "bored"}, "There is no emotion 'bored'. The emotions are "),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_a_sentence(arguments, sentence):
    with pytest.raises(FerLabError) as error:
        occlusion_map(OnePatch(), random_face(), **arguments)
    assert str(error.value).startswith(sentence)


def test_steps_reach_both_borders():
    for patch, stride in ((8, 4), (6, 3), (12, 6), (16, 8)):
        grid = patch_grid(patch, stride)
        assert grid.centre(0) - (patch - 1) / 2 == 0
        assert grid.centre(grid.side - 1) + (patch - 1) / 2 == 47


@pytest.mark.parametrize("tta", ["none", "flip"])
@pytest.mark.parametrize("training", [False, True])
def test_a_network_is_left_as_it_was_and_answers_as_in_evaluation_mode(tta, training):
    asked, quiet = predictor(tta=tta), predictor(tta=tta)
    asked.model.train(training)
    before = {name: value.clone() for name, value in asked.model.state_dict().items()}
    found = occlusion_map(asked, random_face(), patch=16, stride=8)
    assert all(module.training is training for module in asked.model.modules())
    assert all(torch.equal(value, before[name]) for name, value in asked.model.state_dict().items())
    np.testing.assert_array_equal(found.map, occlusion_map(quiet, random_face(), patch=16, stride=8).map)
    assert found.probability == pytest.approx(float(quiet.probabilities(random_face()[None]).max()), abs=1e-6)
    assert found.run == "a-run"


def test_a_network_is_put_back_after_a_failure():
    asked = predictor()
    asked.model.train()
    asked.scores = None
    with pytest.raises(TypeError):
        occlusion_map(asked, random_face())
    assert asked.model.training


def test_the_mirror_image_has_the_mirrored_map_with_test_time_flip():
    asked, face = predictor(tta="flip"), random_face()
    left, right = (occlusion_map(asked, np.ascontiguousarray(side), fill="mean") for side in (face, face[:, ::-1]))
    np.testing.assert_allclose(left.map, right.map[:, ::-1], atol=1e-4)


def test_numbers_become_json():
    tree = occlusion_map(OnePatch(), face_of_one_patch(), fill="mean").to_dict()
    assert json.loads(json.dumps(tree, allow_nan=False))["peak"] == [12, 28]
    assert np.shape(tree["drops"]) == (11, 11)
    assert (tree["patch"], tree["stride"], tree["fill"]) == (8, 4, "mean")


def test_a_signed_picture_is_bright_above_zero_and_blue_below():
    picture = signed_image(np.array([[1.0, 0.0], [0.0, -1.0]]), size=8)
    assert picture.shape == (8, 8, 3)
    assert picture[0, 0].sum() > 600
    assert picture[0, 7].sum() < 20
    assert tuple(picture[7, 7]) == (86, 180, 233)
