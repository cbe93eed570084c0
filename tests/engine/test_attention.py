"""Where a run looks over a split: means by hand, and the command."""

import csv
import io
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from fer_engine import load, settings
from fer_engine.__main__ import main
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import FeatureSpec
from fer_engine.explain import attention
from fer_engine.explain.attention import Looking, region_report
from fer_engine.explain.explanation import explain
from fer_engine.explain.occlusion import occlusion_map
from fer_engine.explain.regions import REGIONS, TITLES, area_shares, region_map, shares
from fer_engine.features.landmarks import landmarks
from fer_engine.runs.store import Run

DATA = "synthetic:70"
FACES = open_data(DATA).faces
NET = Run(settings.checkpoints_dir() / "net2-softmax")  # that which ships, whatever own runs there are


def by_hand(split="PublicTest", layer="conv2", target=None):
    """Shares, areas and emotion of each face."""
    predictor, part = load("net2-softmax"), FACES.part(split)
    for face, label in zip(part.images, part.labels, strict=True):
        told = explain(predictor, face, target=None if target is None else int(label), layers=[layer])
        regions = region_map(landmarks(face[None])[0])
        yield shares(told.cams[layer].map_48, regions), area_shares(regions), told.target


def test_means_are_those_of_the_maps_of_each_face():
    report = region_report(NET, FACES, "PublicTest")
    found = list(by_hand())
    everything, *emotions = report.emotions
    assert (report.n, everything.n, everything.emotion, report.tta) == (len(found), len(found), "all", "flip")
    assert (report.looking.method, report.looking.layer, report.looking.of) == ("gradcam++", "conv2", "answer")
    assert [item.share for item in everything.regions] == pytest.approx(np.mean([item[0] for item in found], axis=0))
    assert [item.area for item in everything.regions] == pytest.approx(np.mean([item[1] for item in found], axis=0))
    for emotion in emotions:
        answered = [item[0] for item in found if item[2] == emotion.emotion]
        assert emotion.n == len(answered)
        if answered:
            assert [item.share for item in emotion.regions] == pytest.approx(np.mean(answered, axis=0))
            assert all(item.ratio == pytest.approx(item.share / item.area) for item in emotion.regions)
        else:
            assert all(item.share is None and item.ratio is None for item in emotion.regions)
    assert sum(item.n for item in report.emotions[1:]) == report.n


def test_of_the_label_each_face_counts_under_its_label():
    report = region_report(NET, FACES, "PublicTest", Looking(of="label"))
    counts = FACES.counts()["PublicTest"]
    assert {item.emotion: item.n for item in report.emotions[1:]} == counts
    found = [item[0] for item in by_hand(target="label")]
    assert [item.share for item in report.emotions[0].regions] == pytest.approx(np.mean(found, axis=0))


def test_intervals_and_blank_maps_by_hand():
    """Shares 0.2 and 0.4 of the brows: mean 0.3, deviation sqrt(0.02), 1.96 * sqrt(0.02 / 2) to either side."""
    rest = np.array([[0.8, 0, 0, 0, 0], [0.6, 0, 0, 0, 0], [np.nan] * 5])
    found = np.hstack([[[0.2], [0.4], [np.nan]], rest])
    sizes = np.tile([0.1, 0.5, 0.1, 0.1, 0.1, 0.1], (3, 1))
    everything, angry, *_, neutral = attention._means(found, sizes, np.array([0, 6, 6]))
    brows = everything.regions[0]
    assert (everything.n, everything.blank, brows.share, brows.area) == (2, 1, pytest.approx(0.3), pytest.approx(0.1))
    assert (brows.low, brows.high) == (pytest.approx(0.3 - 1.959964 * 0.1), pytest.approx(0.3 + 1.959964 * 0.1))
    assert brows.ratio == pytest.approx(3)
    assert (angry.n, angry.regions[0].share, angry.regions[0].low) == (1, pytest.approx(0.2), None)
    assert (neutral.n, neutral.blank) == (1, 1)


def test_a_limit_takes_faces_from_the_whole_split():
    report = region_report(NET, FACES, "Training", limit=3)
    assert report.n == 3
    assert report.data == FACES.part("Training").take(np.array([0, 28, 55])).content_hash  # of 56


def test_an_svm_is_asked_by_occlusion(fit_svm):
    run = fit_svm(FeatureSpec(kind="hog", n_components=20))
    looking = Looking(patch=16, stride=16)
    report = region_report(run, FACES, "PublicTest", looking, limit=4)
    assert (report.looking.method, report.looking.layer) == ("occlusion", None)
    faces = FACES.part("PublicTest").take(np.linspace(0, 6, 4).round().astype(int)).images
    found = []
    for face in faces:
        heat = occlusion_map(load(run.path), face, patch=16, stride=16).evidence.map_48
        found.append(shares(heat, region_map(landmarks(face[None])[0])))
    known = [item for item in found if not np.isnan(item).any()]
    assert report.emotions[0].n == len(known)
    assert [item.share for item in report.emotions[0].regions] == pytest.approx(np.mean(known, axis=0), abs=1e-6)
    with pytest.raises(FerLabError, match=r"gradcam needs the layers of a network, and this run is none\. Take --method occlusion\."):
        region_report(run, FACES, "PublicTest", replace(looking, method="gradcam"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "shap"}, "There is no method 'shap'; there are gradcam++, gradcam, occlusion."),
        ({"of": "guess"}, "Maps are of the answer or of the label, not of 'guess'."),
        ({"fill": "noise"}, "A patch cannot be filled with 'noise'; there are blur and mean."),
        ({"patch": 40}, "The patch is 40 pixels wide; it goes from 1 to 24."),
    ],
)
def test_what_there_is_not_is_refused_with_a_sentence(changes, sentence):
    with pytest.raises(FerLabError) as error:
        Looking(**changes)
    assert str(error.value) == sentence


@pytest.fixture
def command(monkeypatch, capsys):
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["fer_engine", "regions", *words])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_the_command_prints_what_the_engine_says(command):
    report = region_report(NET, FACES, "PublicTest", limit=3)
    words = ("net2-softmax", "--data", DATA, "--limit", "3")
    status, output, errors = command(*words, "--json")
    assert status == 0, errors
    tree = json.loads(output)
    assert {**tree, "seconds": 0} == {**json.loads(json.dumps(report.to_dict())), "seconds": 0}
    assert "excludes commercial use" in " ".join(errors.split())
    rows = list(csv.DictReader(io.StringIO(command(*words, "--csv")[1])))
    assert len(rows) == 8 * len(REGIONS)
    assert float(rows[3]["share"]) == pytest.approx(report.emotions[0].regions[3].share)
    assert (rows[3]["region"], rows[3]["emotion"], rows[3]["n"]) == ("mouth", "all", "3")
    table = command(*words)[1]
    assert all(title.split()[0] in table for title in TITLES.values())


def test_the_command_answers_what_cannot_be_with_a_sentence(command, monkeypatch):
    assert "standard output holds one of them" in " ".join(command("net2-softmax", "--data", DATA, "--json", "--csv")[2].split())
    monkeypatch.setenv("FER_LAB_LANDMARKS", "/nowhere/points.dat")
    status, output, errors = command("net2-softmax", "--data", DATA)
    assert (status, output) == (1, "")
    assert "FER_LAB_LANDMARKS names /nowhere/points.dat, which is no file" in " ".join(errors.split())
    assert "Traceback" not in errors
