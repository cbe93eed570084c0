import io
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from explained import NETWORKS, predictor, random_face
from PIL import Image

from fer_engine.errors import FerLabError
from fer_engine.explain.activations import layer_activation
from fer_engine.explain.explanation import explain
from fer_engine.explain.gradcam import ClassMap, Grid
from fer_engine.explain.render import activation_grid, cam_image, channel_image, face_image, overlay, to_png, write_explanation
from fer_engine.labels import NAMES
from fer_engine.models.config import Stage

GAP = [128, 128, 128]


def color_of(level, colors=cv2.COLORMAP_VIRIDIS):
    return cv2.applyColorMap(np.array([[level]], np.uint8), colors)[0, 0, ::-1].tolist()


def cells(grid, side, columns, rows):
    """The colour in the middle of each tile, row by row."""
    return [grid[r * (side + 1) + 1 + side // 2, c * (side + 1) + 1 + side // 2].tolist() for r in range(rows) for c in range(columns)]


@pytest.fixture
def activation():
    """Three even channels of 2x2: 1, 4 and 2."""
    values = np.array([1, 4, 2], np.float32)[:, None, None] * np.ones((3, 2, 2), np.float32)
    return layer_activation(Stage("conv1", "conv", 3, 2), values)


def test_the_grid_shows_the_most_active_channels_first_on_one_scale(activation):
    grid = activation_grid(activation, columns=2, upscale=3)
    assert grid.shape == (2 * 7 + 1, 2 * 7 + 1, 3) and grid.dtype == np.uint8
    assert cells(grid, 6, 2, 2) == [color_of(255), color_of(128), color_of(64), GAP]
    assert grid[0, 0].tolist() == grid[7, 3].tolist() == GAP


def test_the_grid_keeps_the_channels_order_where_asked(activation):
    grid = activation_grid(activation, columns=3, upscale=3, most_active_first=False)
    assert cells(grid, 6, 3, 1) == [color_of(64), color_of(255), color_of(128)]


def test_each_channel_has_its_own_scale_where_asked_and_a_silent_one_stays_dark():
    values = np.zeros((2, 2, 2), np.float32)
    values[0, 0] = 0.001, 0.0005
    grid = activation_grid(layer_activation(Stage("conv1", "conv", 2, 2), values), columns=2, upscale=1, scaling="channel")
    assert grid[1, 1].tolist() == color_of(255) and grid[1, 2].tolist() == color_of(128) and grid[2, 1].tolist() == color_of(0)
    assert grid[1, 4].tolist() == color_of(0)


def test_the_grid_draws_no_more_channels_than_asked(activation):
    assert activation_grid(activation, limit=1, upscale=3).shape == (8, 8, 3)


@pytest.mark.parametrize("scaling", ["layer", "channel"])
def test_units_share_one_scale_and_negative_scores_begin_at_their_minimum(scaling):
    scores = layer_activation(Stage("scores", "scores", 3, 1), np.array([-1, 1, 0], np.float32))
    assert cells(activation_grid(scores, columns=3, upscale=3, scaling=scaling), 3, 3, 1) == [color_of(255), color_of(128), color_of(0)]


def test_one_channel_can_be_enlarged(activation):
    picture = channel_image(activation, 2, upscale=5)
    assert picture.shape == (10, 10, 3)
    assert picture[4, 4].tolist() == color_of(255)


def make_cam(values):
    values = np.asarray(values, np.float32)
    grid = Grid(side=len(values), offset=(48 / len(values) - 1) / 2, step=48 // len(values))
    return ClassMap("conv1", values, grid.spread(values).astype(np.float32), grid)


def test_a_map_is_drawn_at_its_own_resolution():
    picture = cam_image(make_cam([[0, 1], [0.4, 0]]), size=100)
    assert picture.shape == (100, 100, 3)
    for (row, column), level in {(49, 49): 0, (49, 50): 255, (50, 49): 102, (50, 50): 0}.items():
        assert picture[row, column].tolist() == color_of(level, cv2.COLORMAP_INFERNO)


def test_an_overlay_leaves_cold_places_as_the_face_has_them():
    face = random_face()
    cam = make_cam(np.kron([[0, 0], [0, 1]], np.ones((24, 24))))
    picture = overlay(face, cam, opacity=1, size=96)
    plain = face_image(face, 96)
    np.testing.assert_array_equal(picture[:46], plain[:46])
    np.testing.assert_array_equal(picture[60:, 60:], np.broadcast_to(color_of(255, cv2.COLORMAP_INFERNO), (36, 36, 3)))


def test_an_overlay_without_opacity_is_the_face_and_with_more_has_more_colour():
    face, cam = np.full((48, 48), 90, np.uint8), make_cam(np.ones((4, 4)))
    np.testing.assert_array_equal(overlay(face, cam, opacity=0), face_image(face))
    hot = np.array(color_of(255, cv2.COLORMAP_INFERNO))
    np.testing.assert_array_equal(overlay(face, cam, opacity=0.5)[5, 5], np.rint(0.5 * 90 + 0.5 * hot))
    with pytest.raises(FerLabError, match=r"The opacity is 1\.5; it goes from 0 to 1\."):
        overlay(face, cam, opacity=1.5)


def test_a_png_holds_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(to_png(picture))) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), picture)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_written_explanation_has_every_picture_that_its_json_names(network, tmp_path):
    face = random_face()
    explanation = explain(predictor(network, tta="flip"), face, target="disgust")
    path = write_explanation(explanation, face, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "explanation.json"
    tree = json.loads(path.read_text())
    assert (tree["run"], tree["target"], tree["predicted"]) == ("a-run", "disgust", explanation.predicted)
    assert (tree["method"], tree["tta"], tree["default_layer"]) == ("gradcam++", "flip", explanation.default_layer)
    assert tree["probabilities"] == pytest.approx(dict(zip(NAMES, explanation.probabilities, strict=True)))
    named = {"explanation.json", tree["face"]}
    for layer in tree["layers"]:
        kinds = ["activations", "cam", "overlay"] if layer["kind"] == "conv" else ["activations"]
        assert layer["files"] == {kind: f"{kind}-{layer['name']}.png" for kind in kinds}
        named |= set(layer["files"].values())
    assert {entry.name for entry in path.parent.iterdir()} == named
    for entry in path.parent.glob("*.png"):
        with Image.open(entry) as image:
            assert image.mode == ("L" if entry.name == "face.png" else "RGB")
            assert image.size == (48, 48) if entry.name == "face.png" else min(image.size) > 100
    with Image.open(path.parent / "face.png") as image:
        np.testing.assert_array_equal(np.asarray(image), face)


def test_a_folder_that_cannot_be_written_is_refused_with_a_sentence(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(FerLabError, match=r"The explanation cannot be written to .*taken: File exists\. Choose another folder\."):
        write_explanation(explain(predictor(), random_face()), random_face(), taken)


def test_drawing_needs_no_torch():
    imports = "import sys, fer_engine.explain.render, fer_engine.explain.gradcam, fer_engine.explain.activations"
    code = f"{imports}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
