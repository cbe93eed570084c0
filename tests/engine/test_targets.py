"""What faces are taught as, what they count for, and how often they are drawn, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_runs import ONE_THREAD, small

from fer_engine.data.augment import draw
from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.runs.files import file_hash
from fer_engine.training import fit
from fer_engine.training.run import prepare, settle, train_run
from fer_engine.training.targets import epoch_order, face_weights, targets

COLUMNS = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def three(labels=(0, 3, 6)) -> FaceSet:
    n = len(labels)
    return FaceSet(np.zeros((n, 48, 48), np.uint8), np.array(labels), np.full(n, "Training"), np.arange(n))


@pytest.fixture
def votes(tmp_path, monkeypatch):
    """Ten votes each: anger 8, fear 2; happiness 5, contempt 5; nobody for any of the seven."""
    rows = ["Training,a,0,0,0,0,8,0,2,0,0,0", "Training,b,0,5,0,0,0,0,0,5,0,0", "Training,c,0,0,0,0,0,0,0,0,4,6"]
    path = tmp_path / "fer2013new.csv"
    path.write_text("\n".join([COLUMNS, *rows]))
    monkeypatch.setenv("FER_LAB_VOTES", str(path))
    return path


def test_labels_are_the_targets_where_no_votes_are_asked_for():
    assert targets(small(), three()).tolist() == [0, 3, 6]


def test_votes_for_the_seven_make_their_share_of_the_target(votes):
    told = targets(small(votes=0.5), three())
    assert told[0].tolist() == pytest.approx([0.9, 0, 0.1, 0, 0, 0, 0]), "half of 0.8 and half of the label"
    assert told[1].tolist() == pytest.approx([0, 0, 0, 1, 0, 0, 0]), "contempt is none of the seven"
    assert told[2].tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 1]), "without a vote the label is all"
    assert targets(small(votes=1), three())[0].tolist() == pytest.approx([0.8, 0, 0.2, 0, 0, 0, 0])


def test_votes_that_are_not_named_are_a_sentence(monkeypatch):
    monkeypatch.delenv("FER_LAB_VOTES", raising=False)
    with pytest.raises(FerLabError, match="name their file, fer2013new.csv, in FER_LAB_VOTES"):
        targets(small(votes=1), three())


def test_votes_and_the_svm_head_are_refused():
    with pytest.raises(FerLabError, match="votes is for the softmax head"):
        small(votes=0.5, head="svm")


def test_run_on_votes_names_their_file_by_its_content(noise_faces, tmp_path, monkeypatch):
    path = tmp_path / "fer2013new.csv"
    order = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    named = [(split, order[label]) for split, label in zip(noise_faces.split, noise_faces.labels, strict=True)]
    names = COLUMNS.split(",")[2:]
    path.write_text("\n".join([COLUMNS, *(f"{split},x," + ",".join(str(10 * (name == own)) for name in names) for split, own in named)]))
    monkeypatch.setenv("FER_LAB_VOTES", str(path))
    hard = train_run(prepare(small(epochs=1), noise_faces, "hard"), noise_faces, ONE_THREAD)
    soft = train_run(prepare(small(epochs=1, votes=1), noise_faces, "soft"), noise_faces, ONE_THREAD)
    assert soft.manifest["votes"] == {"file": "fer2013new.csv", "sha256": file_hash(path)}
    assert "votes" not in hard.manifest
    assert soft.spec.data.votes_hash == file_hash(path)[:16]
    assert hard.spec.data.votes_hash == ""
    path.write_text(path.read_text() + "\n")
    assert settle(soft.spec, noise_faces).hash != soft.spec.hash, "other votes make another run"
    # Votes that all agree with the label teach what the label does.
    assert soft.history()["train_loss"].tolist() == pytest.approx(hard.history()["train_loss"].tolist(), rel=1e-3)


def test_balanced_weights_are_scikit_learns():
    from sklearn.utils.class_weight import compute_sample_weight

    faces = three((0, 0, 0, 1, 3, 3))
    assert face_weights(small(), faces) is None
    found = face_weights(small(class_weight="balanced"), faces)
    assert found is not None
    assert found.tolist() == pytest.approx([2 / 3] * 3 + [2, 1, 1])
    assert found.tolist() == pytest.approx(compute_sample_weight("balanced", faces.labels).tolist())


def test_all_faces_come_once_an_epoch():
    order = epoch_order(small(), torch.zeros(50, dtype=torch.int64), torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == list(range(50))


def test_a_face_that_is_drawn_again_is_augmented_anew(noise_faces, monkeypatch):
    seen = []
    train_step = fit.train_step
    monkeypatch.setattr(
        fit, "train_step", lambda trainer, rows, draws, size: seen.append((rows, draws)) or train_step(trainer, rows, draws, size)
    )
    for sampling in ("balanced", "all"):
        seen.clear()
        train_run(prepare(small(sampling=sampling, epochs=1), noise_faces, f"drawn-{sampling}"), noise_faces, ONE_THREAD)
        rows, draws = torch.cat([rows for rows, _ in seen]), torch.cat([draws for _, draws in seen])
        assert len(torch.unique(draws, dim=0)) == len(rows)  # no two alike
        assert (len(torch.unique(rows)) < len(rows)) == (sampling == "balanced")
        if sampling == "all":  # each face has the draw of its place, as before
            assert torch.equal(draws, draw(len(rows), 0, 0)[rows])


def test_balanced_sampling_draws_each_emotion_equally_often():
    labels = torch.tensor([0] * 6000 + [1] * 60 + [2] * 2940)
    order = epoch_order(small(sampling="balanced"), labels, torch.Generator().manual_seed(0))
    assert len(order) == 9000
    counts = torch.bincount(labels[order], minlength=3)
    assert all(2800 < int(count) < 3200 for count in counts), "3,000 each, within some five standard deviations"


@pytest.mark.parametrize("changes", [{"class_weight": "balanced"}, {"sampling": "balanced"}])
def test_rare_emotion_is_answered_more_often(noise_faces, changes):
    """Of noise that tells nothing, the frequent emotion is all that is learnt, unless the rare one counts as much."""
    rare = replace(noise_faces, labels=np.where(np.arange(91) % 10 == 0, 1, 3))
    rare = replace(rare, images=np.random.default_rng(1).integers(0, 256, (91, 48, 48), dtype=np.uint8))
    plain = train_run(prepare(small(), rare, "plain"), rare, ONE_THREAD)
    balanced = train_run(prepare(small(**changes), rare, "balanced"), rare, ONE_THREAD)
    assert balanced.predictions()["disgust"].mean() > plain.predictions()["disgust"].mean() + 0.5
