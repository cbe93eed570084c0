"""What an SVM sees: eigenfaces by hand, gradients, points, votes; and its occlusion map."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fer_engine import load
from fer_engine.__main__ import main
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import FeatureSpec
from fer_engine.explain.classical import explain_svm, margins
from fer_engine.explain.occlusion import occlusion_map
from fer_engine.features.align import aligned
from fer_engine.features.hog import Hog, hog_picture
from fer_engine.features.landmarks import landmarks
from fer_engine.labels import NAMES
from fer_engine.runs.store import finished_run

FACES = open_data("synthetic:210").faces
FACE = FACES.images[0]
PIXELS = FeatureSpec(kind="pixels", n_components=20)


@pytest.fixture
def fitted(fit_svm):
    """The predictor of a small SVM on drawn faces, by its blocks of features."""
    return lambda *features, **changes: load(fit_svm(*features, **changes).path)


def test_the_rebuilt_face_is_the_mean_and_the_sum_of_its_eigenfaces(fitted):
    predictor = fitted(PIXELS)
    (view,) = explain_svm(predictor, FACE).blocks
    block, pixels = predictor.blocks[0], FACE.reshape(-1) / 255
    along = [float((pixels - block.mean) @ axis) for axis in block.components]
    whole = float(((pixels - block.mean) ** 2).sum())
    assert [item.number for item in view.eigenfaces] == list(range(1, 13))
    assert [item.coefficient for item in view.eigenfaces] == pytest.approx(along[:12], abs=1e-4)
    assert [item.share for item in view.eigenfaces] == pytest.approx([value**2 / whole for value in along[:12]], abs=1e-4)
    rebuilt = block.mean + sum(value * axis for value, axis in zip(along, block.components, strict=True))
    assert np.abs(view.rebuilt.astype(float) - np.clip(255 * rebuilt.reshape(48, 48), 0, 255)).max() <= 1
    assert view.kept == pytest.approx(1 - float(((pixels - rebuilt) ** 2).sum()) / whole, abs=1e-4)
    assert 0.5 < view.kept < 1
    assert np.linalg.norm(view.eigenfaces[0].pixels) == pytest.approx(1, abs=1e-2)  # kept in half precision


def test_a_standardised_face_is_rebuilt_in_its_own_grey(fitted):
    (view,) = explain_svm(fitted(replace(PIXELS, n_components=140, standardise=True)), FACE).blocks
    assert np.corrcoef(view.rebuilt.ravel(), FACE.ravel())[0, 1] > 0.9
    assert abs(float(view.rebuilt.mean()) - float(FACE.mean())) < 5


def test_gradients_are_those_of_the_face_as_the_run_uses_it(fitted):
    (view,) = explain_svm(fitted(FeatureSpec(kind="hog", n_components=20, cell=8, orientations=6, align=1.2)), FACE).blocks
    moved = aligned(FACE[None], landmarks(FACE[None]), 1.2)[0]
    assert np.array_equal(view.face, moved)
    assert view.aligned
    assert np.array_equal(view.gradients, hog_picture(moved, Hog(cell=8, orientations=6)))
    assert not view.eigenfaces
    assert view.points is None


def test_points_are_those_of_the_face(fitted):
    pixels, points = explain_svm(fitted(PIXELS, FeatureSpec(kind="landmarks")), FACE).blocks
    assert np.array_equal(points.points, landmarks(FACE[None])[0])
    assert (points.kind, points.kept, pixels.points) == ("landmarks", None, None)


def test_an_svm_on_a_network_says_which_layer_it_reads_and_leaves_the_network_alone(fitted):
    predictor = fitted(FeatureSpec(kind="cnn", n_components=10), network=finished_run("net2-softmax"))
    (view,) = explain_svm(predictor, FACE).blocks
    stage = predictor.network.model.stages[-2]
    assert (view.network, view.layer, view.width) == ("net2-softmax", stage.name, stage.channels * stage.side**2)
    predictor.network.model.train()
    quiet = load("small")
    found = occlusion_map(predictor, FACE, patch=16, stride=16)
    assert predictor.network.model.training
    assert np.array_equal(found.map, occlusion_map(quiet, FACE, patch=16, stride=16).map)


@pytest.mark.parametrize("tta", ["none", "flip"])
def test_duels_margins_and_votes_are_the_machines(fitted, tta):
    predictor = fitted(PIXELS, tta=tta)
    told = explain_svm(predictor, FACE, target="sad")
    assert (told.target, told.tta, list(told.duels)) == ("sad", tta, [name for name in NAMES if name != "sad"])
    sides = [FACE, FACE[:, ::-1]] if tta == "flip" else [FACE]
    decisions = np.mean([predictor.machine.decisions(predictor.features(side[None]))[0] for side in sides], axis=0)
    pairs = [(first, second) for first in range(7) for second in range(first + 1, 7)]
    by_pair = dict(zip(pairs, decisions, strict=True))
    assert told.duels["angry"] == pytest.approx(-by_pair[0, 4], abs=1e-5)
    assert told.duels["neutral"] == pytest.approx(by_pair[4, 6], abs=1e-5)
    mean, votes = margins(predictor, FACE[None])
    assert mean[0, 4] == pytest.approx(np.mean(list(told.duels.values())), abs=1e-6)
    assert np.allclose(votes, predictor.scores(FACE[None]), atol=1e-5)
    assert told.predicted == NAMES[int(predictor.scores(FACE[None]).argmax())]
    assert np.allclose(told.probabilities, predictor.probabilities(FACE[None])[0], atol=1e-5)


def test_the_occlusion_map_of_an_svm_is_that_of_its_margins_and_moves_finely(fitted):
    predictor = fitted(PIXELS)
    found = occlusion_map(predictor, FACE, target="happy", fill="mean", patch=16, stride=8)
    hidden = FACE.copy()
    hidden[8:24, 16:32] = round(float(FACE.mean()))
    whole, without = margins(predictor, FACE[None])[0], margins(predictor, hidden[None])[0]
    assert found.unit == "margin"
    assert found.map[1, 2] == pytest.approx((whole - without)[0, 3], abs=1e-5)
    assert found.probability == pytest.approx(float(predictor.probabilities(FACE[None])[0, 3]), abs=1e-6)
    assert len(np.unique(found.map)) > 15


def test_numbers_become_json(fitted):
    tree = explain_svm(fitted(PIXELS, FeatureSpec(kind="landmarks"), FeatureSpec(kind="hog", n_components=5)), FACE).to_dict()
    tree = json.loads(json.dumps(tree, allow_nan=False))
    assert [block["kind"] for block in tree["blocks"]] == ["pixels", "landmarks", "hog"]
    assert np.shape(tree["blocks"][1]["points"]) == (68, 2)
    assert list(tree["probabilities"]) == list(NAMES)


def test_what_is_no_svm_no_face_or_no_emotion_is_refused_with_a_sentence(fitted):
    with pytest.raises(FerLabError, match=r"This explains SVMs; choose a run of an SVM\."):
        explain_svm(load("net2-softmax"), FACE)
    predictor = fitted(PIXELS)
    with pytest.raises(FerLabError, match="A face to explain is 48x48 pixels of 8 bits, not"):
        explain_svm(predictor, np.zeros((3, 3)))
    with pytest.raises(FerLabError, match="There is no emotion 'bored'"):
        explain_svm(predictor, FACE, target="bored")


def test_the_command_writes_what_an_svm_sees(fit_svm, monkeypatch, capsys, tmp_path):
    fit_svm(PIXELS, FeatureSpec(kind="landmarks"), FeatureSpec(kind="hog", n_components=5, align=1.2))
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)
    Image.fromarray(FACE).save(tmp_path / "face.png")
    words = ["fer_engine", "explain", str(tmp_path / "face.png"), "--whole-image", "--run", "small", "--out", str(tmp_path / "why")]
    monkeypatch.setattr(sys, "argv", [*words, "--target", "sad", "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    captured = capsys.readouterr()
    assert end.value.code == 0
    assert "no commercial use" in " ".join(captured.err.split())
    printed = json.loads(captured.out)
    kept = json.loads((tmp_path / "why" / "explanation.json").read_text())
    files = [kept["face"], *kept["occlusion"]["files"].values(), *(name for block in kept["blocks"] for name in block["files"].values())]
    assert sorted(files) == sorted(path.name for path in (tmp_path / "why").glob("*.png"))
    assert [list(block["files"]) for block in kept["blocks"]] == [["rebuilt", "eigenfaces"], ["landmarks"], ["aligned", "hog"]]
    for name in files:
        with Image.open(tmp_path / "why" / name) as picture:
            picture.load()
    assert printed["target"] == kept["target"] == kept["occlusion"]["target"] == "sad"
    assert printed["occlusion"]["drops"] == kept["occlusion"]["drops"]
    monkeypatch.setattr(sys, "argv", [*words, "--layer", "conv1"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "An SVM has no layers: leave out --layer and --method." in " ".join(capsys.readouterr().err.split())


def test_the_command_writes_the_occlusion_map_of_a_network(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)
    Image.fromarray(FACE).save(tmp_path / "face.png")
    words = ["explain", str(tmp_path / "face.png"), "--whole-image", "--run", "net2-softmax", "--out", str(tmp_path / "why")]
    monkeypatch.setattr(sys, "argv", ["fer_engine", *words, "--method", "occlusion", "--json"])
    with pytest.raises(SystemExit):
        main()
    printed = json.loads(capsys.readouterr().out)
    found = occlusion_map(load("net2-softmax"), FACE)
    assert np.allclose(printed["occlusion"]["drops"], found.map, atol=1e-3)
    assert printed["probabilities"][found.predicted] == pytest.approx(found.probability, abs=1e-5)
    kept = json.loads((tmp_path / "why" / "explanation.json").read_text())
    assert {kept["face"], *kept["occlusion"]["files"].values()} == {path.name for path in (tmp_path / "why").glob("*.png")}
