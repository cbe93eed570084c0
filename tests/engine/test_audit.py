"""The audit finds what was put into a data set, and FER2013's own faults where that is at hand."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import commands
import numpy as np
import pytest
from fer_files import faces_of_noise, write_csv, write_folders
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_engine.data.audit import audit, copy_numbers, groups_table
from fer_engine.data.audit_findings import Further, against_votes, look_further
from fer_engine.data.audit_groups import MAX_BITS, correlations, exact_copies, near_copies, near_pairs, perceptual_hashes
from fer_engine.data.audit_labels import LabelCheck, check_labels, out_of_fold, ranking_precision
from fer_engine.data.audit_quality import blank_images, face_scores, measure_quality
from fer_engine.data.audit_votes import CHOICES, Votes, read_votes
from fer_engine.data.faceset import FaceSet
from fer_engine.data.synthetic import synthetic
from fer_engine.errors import FerLabError
from fer_engine.faces import NO_DETECTION
from fer_engine.labels import NAMES

command = commands.command  # the fixture
REAL = os.environ.get("FER_LAB_DATA", "")


@pytest.fixture(scope="module")
def flawed() -> FaceSet:
    """Seventy drawn faces: 10 copied to 60 (a test face), 11 to 12 and 13 (other labels), 20 and 21 of one grey."""
    faces = synthetic(70)
    images = faces.images.copy()
    images[60] = images[10]
    images[12] = images[13] = images[11]
    images[20], images[21] = 7, 200
    images[21, 0, 0] = 203
    split = np.full(70, "Training", dtype="<U11")
    split[56:63], split[63:] = "PublicTest", "PrivateTest"
    labels = faces.labels.copy()
    labels[60] = labels[10]
    return FaceSet(images, labels, split, np.arange(100, 170), "flawed")


def test_exact_copies_conflicts_first_then_across_splits(flawed):
    found = exact_copies(flawed)
    assert [group.rows for group in found.groups] == [(11, 12, 13), (10, 60)]
    assert (found.groups[0].conflicting, found.groups[0].crosses) == (True, False)
    assert (found.groups[1].conflicting, found.groups[1].crosses) == (False, True)
    assert found.images == 5


def test_twins_are_counted_from_either_side(flawed):
    found = exact_copies(flawed)
    assert found.twins("PublicTest", "Training").tolist() == [60]
    assert found.twins("Training", "PublicTest").tolist() == [10]
    assert found.twins("Training", "Training").tolist() == [11, 12, 13]
    assert found.twins("PrivateTest", "Training").tolist() == []


def test_counts_of_an_audit(flawed):
    counts = audit(flawed).counts()
    assert {name: counts[name] for name in list(counts)[:7]} == {
        "images": 70,
        "duplicate_groups": 2,
        "duplicate_images": 5,
        "conflicting_groups": 1,
        "cross_split_groups": 1,
        "in_training_too": {"PublicTest": 1, "PrivateTest": 0},
        "blank_images": 2,
    }


def test_a_data_set_without_copies_has_no_group():
    found = audit(faces_of_noise())
    assert found.exact.groups == found.near.groups == ()
    assert not found.blank.any()


def test_the_table_of_groups_names_rows_of_the_source(flawed):
    table = groups_table(flawed, exact_copies(flawed))
    assert table["row"].tolist() == [111, 112, 113, 110, 160]
    assert table["group"].tolist() == [1, 1, 1, 2, 2]
    assert table["labels_conflict"].tolist() == [True, True, True, False, False]
    assert groups_table(flawed, exact_copies(flawed.take(np.arange(5)))).empty


@settings(max_examples=25)
@given(st.permutations(range(70)))
def test_the_order_of_rows_does_not_change_the_counts(flawed, order):
    shuffled = flawed.take(np.array(order))
    assert audit(shuffled, near=False).counts() == audit(flawed, near=False).counts()


def shifted(image: np.ndarray) -> np.ndarray:
    """The same picture a little brighter, with a watermark and some noise."""
    changed = np.clip(image.astype(int) * 0.9 + 20 + np.random.default_rng(0).normal(0, 3, image.shape), 0, 255)
    changed[44:46, 5:17] = 255
    return changed.astype(np.uint8)


def test_near_copies_are_found_and_exact_ones_alone_are_not_repeated(flawed):
    images = flawed.images.copy()
    images[65], images[66] = shifted(images[10]), shifted(images[30])
    faces = replace(flawed, images=images)
    found = near_copies(faces, blank_images(images))
    assert {group.rows for group in found.groups} == {(10, 60, 65), (30, 66)}
    numbers = copy_numbers(audit(faces))
    assert numbers[10] == numbers[60] == numbers[65] != numbers[30] == numbers[66]
    assert numbers[11] == numbers[12] == numbers[13]
    assert len(set(numbers.tolist())) == 70 - 2 - 2 - 1


def test_drawn_strangers_are_no_near_copies():
    faces = synthetic(350)
    assert near_copies(faces, blank_images(faces.images)).groups == ()


def bits_apart(hashes: np.ndarray) -> set[tuple[int, int]]:
    pairs = [(i, j) for i in range(len(hashes)) for j in range(i + 1, len(hashes))]
    return {(i, j) for i, j in pairs if int(hashes[i] ^ hashes[j]).bit_count() <= MAX_BITS}


@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.sets(st.integers(0, 63), max_size=14)), max_size=12),
)
def test_the_search_finds_just_the_pairs_that_comparing_all_finds(seeds, changes):
    hashes = list(seeds)
    for place, bits in changes:
        if seeds:
            hashes.append(seeds[place % len(seeds)] ^ sum(1 << bit for bit in bits))
    array = np.array(hashes, dtype=np.uint64)
    assert {tuple(pair) for pair in near_pairs(array).tolist()} == bits_apart(array)


def test_the_hash_ignores_light_and_contrast():
    images = synthetic(20).images
    lit = np.clip(images.astype(float) * 0.5 + 60, 0, 255).round().astype(np.uint8)
    assert np.bitwise_count(perceptual_hashes(images) ^ perceptual_hashes(lit)).max() <= 4


def test_correlation_is_numpys():
    images = synthetic(4).images
    pairs = np.array([[0, 1], [2, 3], [1, 1]])
    expected = [np.corrcoef(images[i].ravel(), images[j].ravel())[0, 1] for i, j in pairs]
    assert correlations(images, pairs) == pytest.approx(expected, abs=1e-5)


def test_quality_of_even_and_striped_images():
    stripes = np.tile(np.array([0, 200], np.uint8), (48, 24))
    found = measure_quality(np.stack([np.full((48, 48), 90, np.uint8), stripes]))
    assert found.brightness.tolist() == [90, 100]
    assert found.contrast.tolist() == [0, 100]
    assert found.sharpness[0] == 0
    assert found.sharpness[1] > 10
    assert found.blank.tolist() == [True, False]


def test_no_face_is_found_in_noise_and_the_scores_are_kept(tmp_path):
    faces = faces_of_noise(3)
    assert face_scores(faces).tolist() == [NO_DETECTION] * 3
    assert len(list((tmp_path / "cache" / "features").glob("*.npy"))) == 1
    assert face_scores(faces).tolist() == [NO_DETECTION] * 3


def votes_file(path, faces, counts=None, usage=None):
    """A file in FER+'s form; by default nine votes for the label and one for unknown."""
    order = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
    classes = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", *order[7:])
    place = {name: number for number, name in enumerate(classes)}
    if counts is None:
        counts = np.zeros((len(faces), 10), int)
        counts[np.arange(len(faces)), faces.labels] = 9
        counts[:, 8] = 1
    lines = ["Usage,Image name," + ",".join(order)]
    for row, split in enumerate(faces.split if usage is None else usage):
        lines.append(f"{split},fer{row:07}.png," + ",".join(str(counts[row][place[name]]) for name in order))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_votes_are_read_by_row(tmp_path):
    faces = faces_of_noise()
    votes = read_votes(votes_file(tmp_path / "fer2013new.csv", faces), faces.take(np.array([7, 2, 11])))
    assert votes.counts.sum(1).tolist() == [10, 10, 10]
    assert votes.majority.tolist() == [0, 2, 4]
    assert votes.agreement.tolist() == votes.support(np.array([0, 2, 4])).tolist() == [0.9, 0.9, 0.9]


def test_votes_of_a_data_set_without_a_middle_split_follow_their_order(tmp_path):
    faces = faces_of_noise()
    path = votes_file(tmp_path / "fer2013new.csv", faces)
    kept = faces.take(np.flatnonzero(faces.split != "PublicTest"))
    apart = replace(kept, ids=np.arange(len(kept)))  # as out of a file that leaves PublicTest out
    assert read_votes(path, apart).majority.tolist() == kept.labels.tolist()


def test_votes_of_another_order_are_refused(tmp_path):
    faces = synthetic(140)
    path = votes_file(tmp_path / "fer2013new.csv", replace(faces, labels=np.roll(faces.labels, 1)), usage=faces.split)
    with pytest.raises(FerLabError, match="0% of the faces only, as of rows in another order"):
        read_votes(path, faces)
    with pytest.raises(FerLabError, match="votes for 4 Training, 4 PublicTest, 4 PrivateTest, and the data set has 112 Training"):
        read_votes(votes_file(path, faces_of_noise()), faces)


@pytest.mark.parametrize(
    ("text", "told"),
    [("a,b\n1,2\n", "no column Usage"), ("", "cannot be read as FER"), (None, "There is no file")],
)
def test_what_is_no_file_of_votes_is_refused(tmp_path, text, told):
    path = tmp_path / "votes.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(FerLabError, match=told):
        read_votes(path, faces_of_noise())


@pytest.mark.parametrize("value", ["x", "-1", "0.5", ""])
def test_a_vote_that_is_no_number_is_named_by_its_line(tmp_path, value):
    path = votes_file(tmp_path / "votes.csv", faces_of_noise())
    lines = path.read_text().splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0] + f",{value}"
    path.write_text("\n".join(lines))
    with pytest.raises(FerLabError, match="line 4: votes must be whole numbers"):
        read_votes(path, faces_of_noise())


def test_a_label_that_shares_the_first_place_does_not_differ():
    counts = np.zeros((3, 10), int)
    counts[0, [0, 1]], counts[1, [2, 9]], counts[2, 7] = 5, (3, 7), 10
    votes = Votes(counts)
    assert votes.differs(np.array([1, 2, 6])).tolist() == [False, True, True]
    assert [CHOICES[choice] for choice in votes.majority] == ["angry", "no face", "contempt"]


def sure_of(labels: np.ndarray) -> np.ndarray:
    """Probabilities of a model that is fairly sure of labels (N,)."""
    found = np.full((len(labels), 7), 0.02)
    found[np.arange(len(labels)), labels] = 0.88
    return found


def test_wrong_labels_are_suspected_with_the_right_one_proposed():
    truth = np.arange(210) % 7
    labels = truth.copy()
    labels[[3, 50, 120]] = (labels[[3, 50, 120]] + 2) % 7
    found = check_labels(labels, sure_of(truth))
    assert sorted(found.ranked.tolist()) == [3, 50, 120]
    assert found.proposed[found.ranked].tolist() == truth[found.ranked].tolist()
    differs = labels != truth
    assert ranking_precision(differs, found.quality) == 1.0
    votes = Votes(np.eye(10, dtype=int)[truth] * 10)
    told = against_votes(np.arange(210), found, votes, labels)
    assert told["label_ranking_chance"] == pytest.approx(3 / 210)
    assert told["suspects_confirmed_by_votes"] == 1.0


def test_suspects_come_with_the_likeliest_error_first():
    check = LabelCheck(np.array([0.3, 0.1, 0.9, 0.2]), np.zeros(4, int), np.array([True, True, False, True]))
    assert check.ranked.tolist() == [1, 3, 0]


def test_without_a_face_of_an_emotion_labels_cannot_be_checked():
    with pytest.raises(FerLabError, match="no face here is labelled disgust"):
        check_labels(np.array([0, 2, 3, 4, 5, 6]), np.full((6, 7), 1 / 7))


@pytest.mark.slow
def test_out_of_fold_predictions_know_drawn_faces_and_come_out_of_the_cache(monkeypatch):
    part = synthetic(700).part("Training")
    probabilities = out_of_fold(part, np.arange(len(part)))
    assert probabilities.shape == (560, 7)
    assert probabilities.sum(1) == pytest.approx(1)
    assert (probabilities.argmax(1) == part.labels).mean() > 0.6
    monkeypatch.setattr("fer_engine.features.hog.Hog.transform", None)
    assert np.array_equal(out_of_fold(part, np.arange(len(part))), probabilities)


def test_out_of_fold_needs_five_faces_of_each_emotion():
    with pytest.raises(FerLabError, match="at least 5 faces of each emotion, but angry has 4"):
        out_of_fold(synthetic(28), np.arange(28))


def test_looking_further_gives_a_column_for_each_thing(tmp_path, flawed):
    found = audit(flawed)
    path = votes_file(tmp_path / "votes.csv", replace(flawed, ids=np.arange(70)))
    faces = replace(flawed, ids=np.arange(70))
    found = replace(found, faces=faces)
    further = look_further(found, votes=path, faceless=False, labels=True, progress=lambda share, what: None)
    table = further.table(found)
    assert table["votes_for_label"].tolist() == [0.9] * 70
    assert table.loc[table["copies_group"] == 1, "row"].tolist() == [11, 12, 13]
    assert table["label_quality"].notna().tolist() == (faces.split == "Training").tolist()
    counts = further.counts(found)
    assert counts["votes_label_has_most"] == 1.0
    assert counts["suspect_labels_in_training"] == (table["proposed_label"] != "").sum()
    assert set(table["proposed_label"]) <= {"", *NAMES}
    assert list(Further().table(found)) == ["row", "split", "label", "copies_group", "near_copies_group", "blank"]


def test_the_command_line_tells_the_counts(tmp_path, flawed, command):
    path = write_csv(tmp_path / "flawed.csv", flawed)
    status, output, _ = command("data", "audit", str(path), "--json", "--table", str(tmp_path / "found.csv"))
    told = json.loads(output)
    assert status == 0
    assert (told["duplicate_groups"], told["duplicate_images"], told["conflicting_groups"]) == (2, 5, 1)
    assert (told["cross_split_groups"], told["blank_images"]) == (1, 2)
    lines = (tmp_path / "found.csv").read_text().splitlines()
    assert lines[0] == "row,split,label,copies_group,near_copies_group,blank"
    assert len(lines) == 71
    assert command("data", "audit", str(path))[0] == 0


def test_the_command_line_tells_what_a_data_set_holds(tmp_path, command):
    root = write_folders(tmp_path / "set", faces_of_noise())
    (root / "train" / "angry" / "broken.png").write_bytes(b"no picture")
    status, output, _ = command("data", "info", str(root), "--json")
    told = json.loads(output)
    assert status == 0
    assert (told["faces"], told["refused"]) == (12, 1)
    assert "broken.png" in " ".join(told["notices"])
    assert told["splits"]["Training"]["emotions"]["angry"] == {"faces": 1, "share": 0.25}
    assert command("data", "info", str(root))[0] == 0


def test_a_table_that_cannot_be_written_is_a_sentence(tmp_path, command):
    status, _, errors = command("data", "audit", "synthetic:14", "--table", str(tmp_path / "none" / "x.csv"))
    assert status == 1
    assert "Name another file with --table" in errors


@pytest.fixture(scope="module")
def real_audit():
    from fer_engine.data.fer2013 import load

    if not REAL or REAL.startswith("synthetic"):
        pytest.skip("FER_LAB_DATA does not name FER2013: its known faults cannot be checked.")
    faces = load(REAL, use_cache=False).faces
    return audit(faces.take(np.flatnonzero(faces.split != "PrivateTest")))


def test_fer2013_has_its_known_copies(real_audit):
    counts = real_audit.counts()
    assert counts["duplicate_groups"] == 1271
    assert counts["duplicate_images"] == 2801
    assert counts["conflicting_groups"] == 47
    assert counts["cross_split_groups"] == 270
    assert counts["in_training_too"] == {"PublicTest": 280}
    assert counts["blank_images"] == 13


def test_fer2013_has_near_copies_beyond_the_exact_ones(real_audit):
    assert len(real_audit.near.groups) == 931
    exact = set(real_audit.leaked("PublicTest").tolist())
    near = set(real_audit.near.twins("PublicTest", "Training").tolist())
    assert len(near - exact) > 100


def test_fer2013s_votes_are_in_the_order_of_its_rows(real_audit):
    path = Path(REAL).parent / "fer2013new.csv"
    if not path.is_file():
        pytest.skip("FER+'s votes, fer2013new.csv, do not lie beside the data set.")
    votes = read_votes(path, real_audit.faces)
    assert 1 - votes.differs(np.asarray(real_audit.faces.labels)).mean() == pytest.approx(0.646, abs=0.001)
    assert (votes.majority == CHOICES.index("no face")).sum() == 161


@pytest.mark.parametrize("name", ["net5-softmax", "svm-hog-landmarks"])
def test_readme_says_what_copies_cost_as_the_run_folders_do(name):
    from fer_engine.runs.store import finished_run

    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    told = readme.split("## Look at the data")[1].split(f"`{name}`")[1]
    figures = finished_run(name).metrics["PublicTest"]
    right = round(figures["accuracy"] * figures["n"]) - round(figures["accuracy_deduplicated"] * figures["n_deduplicated"])
    shares = figures["accuracy_deduplicated"], right / (figures["n"] - figures["n_deduplicated"])
    printed = re.findall(r"([\d.]+)%", told.replace("(95%", "("))[:2]
    assert printed == [f"{100 * share:.1f}" for share in shares]
