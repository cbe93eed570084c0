"""From one set to another: only emotions that both have count, the head can learn alone, and before and after are told."""

import json
from dataclasses import replace

import commands
import numpy as np
import pytest
import torch
from fer_files import write_folders
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_runs import ONE_THREAD, small

from fer_engine.data.faceset import FaceSet
from fer_engine.data.known import FER2013_COUNTS, is_fer2013
from fer_engine.data.synthetic import synthetic
from fer_engine.errors import FerLabError
from fer_engine.evaluation.evaluate import _same_set, among, evaluate, keep, later_evaluations, read_evaluation, usual_split
from fer_engine.predictors import load_predictor
from fer_engine.runs.files import read_json
from fer_engine.runs.store import Run, finished_run
from fer_engine.training.run import prepare, train_run

command = commands.command  # the fixture


@pytest.fixture
def trained(noise_faces) -> Run:
    return train_run(prepare(small(epochs=1), noise_faces, "first"), noise_faces, ONE_THREAD)


def other_set(labels=(0, 3, 4), name="other") -> FaceSet:
    """Forty-two drawn faces, all Training, of some emotions."""
    faces = synthetic(98)
    own = faces.take(np.flatnonzero(np.isin(faces.labels, labels)))
    return replace(own, split=np.full(len(own), "Training"), ids=np.arange(len(own)), name=name)


def test_only_emotions_that_both_have_count(trained):
    faces = other_set()
    found = evaluate(trained, faces, "Training")
    scores = load_predictor(trained).scores(faces.images)
    answers = np.array([0, 3, 4])[scores[:, [0, 3, 4]].argmax(1)]
    assert found.classes == ("angry", "happy", "sad")
    assert found.metrics.accuracy == pytest.approx((answers == faces.labels).mean())
    assert np.array(found.metrics.confusion_matrix)[:, [1, 2, 5, 6]].sum() == 0
    own = [found.metrics.per_class[name]["f1"] for name in found.classes]
    assert found.metrics.macro_f1 == pytest.approx(np.mean(own))
    assert "'noise'" in found.notices[0]
    assert "These faces have 3 of the seven emotions (angry, happy, sad)" in found.notices[1]
    tree = read_json(keep(trained, found))
    assert (tree["data_name"], tree["classes"]) == ("other", ["angry", "happy", "sad"])
    assert tree["notices"] == list(found.notices)
    assert found.notices[2:] == (
        "What first learnt from is not at hand: the figure without copies leaves out those in FER2013's Training alone.",
    )


def test_an_evaluation_counts_for_the_weights_that_it_is_of(trained):
    found = evaluate(trained, other_set(), "Training")
    path = keep(trained, found)
    kept = read_evaluation(trained, found.data, "Training")
    assert kept is not None
    assert kept.metrics == found.metrics
    assert later_evaluations(trained) == (path,)
    weights = trained.path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")  # a run that ships was trained anew
    assert read_evaluation(trained, found.data, "Training") is None
    assert later_evaluations(trained) == ()


def test_a_set_with_all_seven_is_scored_as_ever_and_what_was_learnt_from_is_told(trained, noise_faces):
    found = evaluate(trained, noise_faces, "PublicTest")
    assert found.metrics.accuracy == trained.metrics["PublicTest"]["accuracy"]
    assert found.notices == ("first was chosen on these very faces.",)
    assert "learnt from these very faces" in evaluate(trained, noise_faces, "Training").notices[0]
    private = replace(noise_faces.part("Training"), split=np.full(70, "PrivateTest"), images=255 - noise_faces.part("Training").images)
    whole = FaceSet(
        *(np.concatenate([getattr(one, name) for one in (noise_faces, private)]) for name in ("images", "labels", "split", "ids"))
    )
    assert evaluate(trained, whole, "PrivateTest").notices == (), "the same set under another name"


def relabelled(faces, split):
    """The set with other labels in a split."""
    return replace(faces, labels=np.where(faces.split == split, (faces.labels + 1) % 7, faces.labels))


def test_a_name_alone_makes_no_set_the_same(trained, noise_faces):
    other = relabelled(relabelled(noise_faces, "Training"), "PublicTest")
    assert "go by that name, but have other images or labels (PublicTest)" in evaluate(trained, other, "PublicTest").notices[0]
    altered = relabelled(noise_faces, "Training")
    told = "first learnt from faces of this set's Training: this is no measure of what it can do."
    assert told in evaluate(trained, altered, "Training").notices, "the set is known by its PublicTest"


def test_fer2013_is_known_by_its_labels():
    labels = np.repeat(np.arange(7), list(FER2013_COUNTS["PrivateTest"].values()))
    faces = FaceSet(np.zeros((3589, 48, 48), np.uint8), labels, np.full(3589, "PrivateTest"), np.arange(3589), name="fer2013")
    assert is_fer2013(faces)
    assert not is_fer2013(replace(faces, labels=np.where(np.arange(3589) == 0, 6, labels))), "as FER+ has other labels"
    net5 = finished_run("net5-softmax").spec.data
    assert _same_set(faces, net5)
    assert not _same_set(replace(faces, labels=labels[::-1] * 0), net5)


def test_faces_that_the_run_before_learnt_from_are_told(trained, noise_faces):
    other = relabelled(relabelled(noise_faces, "Training"), "PublicTest")
    spec = replace(small(epochs=1), network=trained.network_spec.config)
    second = train_run(prepare(spec, other, "second", trained), other, ONE_THREAD)
    told = evaluate(second, noise_faces, "Training").notices
    assert "second builds on first, which learnt from these very faces: this is no measure of what it can do." in told


def test_copies_of_what_a_run_learnt_from_are_left_out(noise_faces):
    images = noise_faces.images.copy()
    images[70:80] = images[:10]  # the first ten of PublicTest stand in Training, too
    run = train_run(prepare(small(epochs=1), copied := replace(noise_faces, images=images), "copied"), copied, ONE_THREAD)
    assert run.metrics["PublicTest"]["n_deduplicated"] == 11
    assert evaluate(run, copied, "PublicTest").metrics.n_deduplicated == 11


@given(
    scores=arrays(np.float32, (6, 7), elements=st.floats(-9, 9, width=32)),
    classes=st.sets(st.integers(0, 6), min_size=1).map(lambda found: np.array(sorted(found))),
)
def test_answers_are_the_likeliest_of_the_classes_that_count(scores, classes):
    answers = among(scores, classes).argmax(1)
    assert np.isin(answers, classes).all()
    assert np.array_equal(scores[np.arange(6), answers], scores[:, classes].max(1))


def test_the_usual_split_is_public_test_or_the_only_one(noise_faces):
    assert usual_split(noise_faces) == "PublicTest"
    assert usual_split(other_set()) == "Training"
    two = replace(other_set(), split=np.where(np.arange(42) < 9, "Training", "PrivateTest"))
    with pytest.raises(FerLabError, match="has no PublicTest rows; it has Training, PrivateTest"):
        usual_split(two)


def test_the_command_line_takes_another_set_and_says_so(trained, tmp_path, command):
    root = write_folders(tmp_path / "other", other_set(), folder_of={"Training": "all"})
    status, output, errors = command("evaluate", "first", "--data", str(root), "--json")
    assert status == 0, errors
    told = json.loads(output)
    assert (told["split"], told["classes"], told["data_name"]) == ("Training", ["angry", "happy", "sad"], "other")
    assert "Another data set" in errors.replace("\n", " ")


def test_the_head_learns_alone_and_all_else_stays(trained):
    faces = synthetic(140)
    spec = replace(small(epochs=3, learns="head"), network=trained.network_spec.config)
    run = train_run(prepare(spec, faces, "head", trained), faces, ONE_THREAD)
    first, second = (load_predictor(each).model.state_dict() for each in (trained, run))
    changed = {name for name, value in first.items() if not torch.equal(value, second[name])}
    assert changed == {"body.scores.1.weight", "body.scores.1.bias"}, "not even the statistics of batch normalisation"
    assert run.manifest["parameters"] == first["body.scores.1.weight"].numel() + 7
    before = evaluate(trained, faces, "PublicTest").metrics
    assert run.manifest["before"]["accuracy"] == before.accuracy
    assert run.manifest["starts_from"] == "first"


def test_the_head_alone_needs_a_run_to_start_from(noise_faces):
    with pytest.raises(FerLabError, match="name a finished run to start from"):
        prepare(small(learns="head"), noise_faces, "fresh")


def test_a_run_with_the_head_alone_goes_on_as_if_never_stopped(trained, noise_faces):
    from fer_engine.training.run import reopen

    class StopAfterOne:
        def batch(self, *_): ...
        def measuring(self): ...
        def epoch(self, row, epochs):
            raise KeyboardInterrupt

    spec = replace(small(epochs=3, learns="head"), network=trained.network_spec.config)
    whole = train_run(prepare(spec, noise_faces, "whole", trained), noise_faces, ONE_THREAD)
    with pytest.raises(KeyboardInterrupt):
        train_run(prepare(spec, noise_faces, "parts", trained), noise_faces, ONE_THREAD, StopAfterOne())
    parts = train_run(reopen(Run(whole.path.with_name("parts")), noise_faces), noise_faces, ONE_THREAD)
    one, other = (load_predictor(run).model.state_dict() for run in (whole, parts))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_the_command_line_tells_before_and_after(trained, command):
    words = ("train", "--from", "first", "--data", "synthetic:140", "--name", "second", "--epochs", "1", "--batch-size", "16")
    status, output, errors = command(*words, "--set", "learns=head", "--set", "optimizer.lr=0.01", "--json")
    assert status == 0, errors
    told = json.loads(output.splitlines()[-1])
    assert told["accuracy_before"] == Run(trained.path.with_name("second")).manifest["before"]["accuracy"]
