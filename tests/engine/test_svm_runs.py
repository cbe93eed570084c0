"""SVM runs: features, fit, file, predictor, folder and command, on drawn faces."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.svm import SVC

from fer_engine import load
from fer_engine.classical.blocks import fit_block, measures
from fer_engine.classical.files import VECTORS, load_machine
from fer_engine.classical.fitting import fit, fit_run, prepare_svm, reopen_svm
from fer_engine.classical.machine import from_dual
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments import lab
from fer_engine.experiments.spec import from_json, override, to_json
from fer_engine.experiments.svm_lab import SVM_REFERENCE, svm_models, svm_recipe
from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec
from fer_engine.features.align import aligned
from fer_engine.features.hog import Hog
from fer_engine.features.landmarks import landmarks, predictor_hash
from fer_engine.labels import NAMES
from fer_engine.runs import store
from fer_engine.runs.checks import check_run
from fer_engine.runs.files import file_hash
from fer_engine.runs.package import pack, unpack
from fer_engine.training.hardware import Hardware
from fer_engine.training.run import prepare, train_run

FACES = open_data("synthetic:420").faces
SMALL = SvmSpec(model="svm-hog", features=(FeatureSpec(kind="hog", n_components=40),), C=3, gamma=1)


@pytest.fixture(autouse=True)
def own_area(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("FER_LAB_CACHE", str(tmp_path / "cache"))


def fitted(spec: SvmSpec = SMALL, name: str = "mine", network: store.Run | None = None) -> store.Run:
    settled, run = prepare_svm(spec, FACES, name, network)
    return fit_run(settled, run, FACES, network)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_machine_answers_as_scikit_learn_does(kernel):
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(7), 40)
    rows = (random.normal(size=(280, 5)) + np.eye(7, 5)[labels]).astype(np.float32)
    theirs = SVC(kernel=kernel, C=2, gamma=0.3, break_ties=True).fit(rows, labels)
    gamma = 0.3 if kernel == "rbf" else 0.0
    ours = from_dual(theirs.support_vectors_, theirs.dual_coef_, theirs.n_support_, theirs.intercept_, gamma)
    assert np.allclose(ours.scores(rows), theirs.decision_function(rows), atol=1e-4)
    assert (ours.scores(rows).argmax(1) == theirs.predict(rows)).all()
    assert ours.vectors.shape == ((len(theirs.support_vectors_), 5) if kernel == "rbf" else (21, 5))


def test_saved_machine_answers_as_the_fitted_one():
    run = fitted()
    part = FACES.part("Training")
    predictor = load("mine")
    rows = predictor.features(part.images)
    again = SVC(C=3, gamma=1, break_ties=True).fit(rows, part.labels)
    assert (predictor.scores(part.images).argmax(1) == again.predict(rows)).mean() >= 0.999
    assert run.manifest["support_vectors"] == len(again.support_vectors_)


def test_machine_is_fitted_on_what_half_precision_keeps():
    """Else a high C multiplies what is rounded off."""
    found = fit(replace(SMALL, C=1000), FACES.part("Training"))
    vectors = found.arrays[VECTORS]
    assert np.array_equal(vectors, vectors.astype(np.float16).astype(np.float32))
    for block in found.blocks:
        if block.components is not None:
            assert np.array_equal(block.components, block.components.astype(np.float16).astype(np.float32))


def test_block_by_hand():
    features = np.array([[0, 0], [2, 0], [0, 4], [2, 4]], np.float32)  # variances 1 and 4
    plain = fit_block(FeatureSpec(kind="hog"), features)
    assert plain.rows(features)[3] == pytest.approx(np.array([1, 2]) / np.sqrt(5))
    white = fit_block(FeatureSpec(kind="hog", n_components=2, whiten=True, unit=False, weight=3), features)
    assert np.abs(white.rows(features)) == pytest.approx(np.full((4, 2), 3 * np.sqrt(3 / 4)), rel=1e-5)  # PCA divides by n - 1
    assert white.rebuilt(white.coefficients(features)) == pytest.approx(features, abs=1e-5)


def test_aligned_features_are_those_of_the_aligned_face():
    spec = FeatureSpec(kind="hog", align=1.2)
    plain, *_ = measures((spec,))
    faces = FACES.images[:4]
    assert np.allclose(plain(faces), Hog().transform(aligned(faces, landmarks(faces), 1.2)))


def test_more_components_than_there_can_be_are_refused():
    with pytest.raises(FerLabError, match=r"n_components is 9, but 4 faces with 2 features give at most 2\."):
        fit_block(FeatureSpec(kind="hog", n_components=9), np.zeros((4, 2), np.float32))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"C": 0}, "C is 0.0; it is a number above 0."),
        ({"features": []}, "features is empty; an SVM needs at least one block of them."),
        (
            {"features": [{"kind": "hog", "cell": 7}]},
            "features.cell is 7 and features.block 2; cells divide 48 pixels, blocks fit in them.",
        ),
        ({"features": [{"kind": "pixels", "whiten": True}]}, "features.whiten needs components to whiten; set features.n_components."),
        ({"features": [{"kind": "cnn"}, {"kind": "cnn"}]}, "features has two blocks of the kind 'cnn'; a run reads one network."),
        ({"model": "hog"}, "model is 'hog'; an SVM is called 'svm-' and then small letters, digits and '-'."),
        ({"data.valid": "Training"}, "data.train and data.valid are both Training; what is learnt from cannot choose."),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(changes, sentence):
    with pytest.raises(FerLabError) as caught:
        override(SMALL, changes)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("model", svm_models())
def test_recipes_go_to_json_and_back(model):
    spec = svm_recipe(model)
    assert from_json(to_json(spec)) == spec
    assert spec.hash != replace(spec, C=spec.C * 2).hash


def test_hash_stays_what_it_is():
    """Runs are known by it: a new field joins with a default that does nothing, and no default ever changes."""
    assert SMALL.hash == "42e3790c6e1f"


def test_run_folder_explains_itself_and_travels(tmp_path):
    run = fitted()
    assert run.finished
    assert run.metrics["PublicTest"]["accuracy"] > 0.7
    assert run.history().empty
    assert not (run.path / store.HISTORY).exists()
    assert run.manifest["family"] == "svm"
    assert sorted(run.manifest["files"]) == sorted([store.SPEC, store.WEIGHTS, store.CALIBRATION, store.PREDICTIONS, store.METRICS])
    scores = load("mine").scores(FACES.part("PublicTest").images)
    assert np.allclose(scores, run.predictions()[list(NAMES)].to_numpy(), atol=1e-5)
    check_run(run.path)
    parcel = pack(run)
    run.path.rename(tmp_path / "away")
    assert unpack(parcel).name == "mine"
    assert np.allclose(load("mine").scores(FACES.part("PublicTest").images), scores)


def test_probabilities_are_calibrated_and_test_time_augmentation_treats_both_sides_alike():
    fitted(replace(SMALL, tta="flip", mirror=True))
    predictor = load("mine")
    faces = FACES.images[:9]
    assert np.allclose(predictor.probabilities(faces).sum(1), 1)
    assert np.allclose(predictor.scores(faces), predictor.scores(faces[:, :, ::-1]), atol=1e-5)
    assert predictor.scores(faces[:0]).shape == (0, 7)


def test_hidden_layer_of_a_network_is_read_again_from_the_very_weights():
    spec = SvmSpec(model="svm-on-net2", features=(FeatureSpec(kind="cnn", n_components=20),))
    network = store.finished_run("net2-softmax")
    run = fitted(spec, "on-net2", network)
    assert run.spec.start == network.spec.hash
    assert run.manifest["starts_from"] == "net2-softmax"
    strange = store.run_path("aaa")
    strange.mkdir()
    (strange / store.SPEC).write_text('{"family": "cnn", "of_a_newer_version": 1}')
    (strange / store.MANIFEST).write_text("{}")
    assert load("on-net2").network.name == "net2-softmax"
    told = (run.path / store.MANIFEST).read_text()
    (run.path / store.MANIFEST).write_text(told.replace(run.manifest["network_sha256"], "0" * 64))
    with pytest.raises(FerLabError, match=r"reads the network of the run 'net2-softmax' .*Bring that run, too\."):
        load("on-net2")


def test_an_unfinished_svm_goes_on_with_the_data_and_the_network_that_it_was_begun_with(small_network):
    spec = SvmSpec(model="svm-on-net2", features=(FeatureSpec(kind="cnn", n_components=5),))
    _, begun = prepare_svm(spec, FACES, "begun", small_network)
    found = reopen_svm(begun, FACES)
    assert found is not None
    assert found.path == small_network.path, "not the network that ships, which the recipe of that name reads"
    with pytest.raises(FerLabError, match="'begun' was begun on other data"):
        reopen_svm(begun, open_data("synthetic:280").faces)
    run = fit_run(begun.spec, begun, FACES, found)
    assert run.manifest["network_sha256"] == file_hash(small_network.path / store.WEIGHTS)
    assert not (run.path / "start.json").exists()
    with pytest.raises(FerLabError, match="'begun' is finished"):
        reopen_svm(run, FACES)


def test_an_svm_leaves_the_folder_of_an_unfinished_network_alone(tmp_path):
    folder = store.run_path("half")
    folder.mkdir(parents=True)
    (folder / store.RESUME).write_bytes(b"state")
    (folder / store.SPEC).write_text("its own")
    with pytest.raises(FerLabError, match="There is an unfinished run 'half' already"):
        prepare_svm(SMALL, FACES, "half")
    assert (folder / store.SPEC).read_text() == "its own"


def test_features_of_one_network_with_and_without_the_mirror_image_are_not_taken_for_each_other(small_network):
    spec = SvmSpec(model="svm-on-net2", features=(FeatureSpec(kind="cnn", n_components=5),))
    flipped = fitted(spec, "flipped", small_network)
    text = (small_network.path / store.SPEC).read_text()
    (small_network.path / store.SPEC).write_text(text.replace('"tta": "flip"', '"tta": "none"'))
    alone = fitted(spec, "alone", store.Run(small_network.path))
    assert not np.array_equal(blocks_of(flipped)[0].mean, blocks_of(alone)[0].mean)


def test_an_svm_on_landmarks_answers_with_the_predictor_of_its_fit_alone(monkeypatch):
    run = fitted(SvmSpec(model="svm-landmarks", features=(FeatureSpec(kind="landmarks"),)), "points")
    assert run.manifest["landmarks_sha256"] == predictor_hash()
    assert load("points").scores(FACES.images[:2]).shape == (2, 7)
    told = (run.path / store.MANIFEST).read_text()
    (run.path / store.MANIFEST).write_text(told.replace(predictor_hash(), "0" * 64))
    with pytest.raises(FerLabError, match="'points' was fitted on landmarks by another predictor than .*FER_LAB_LANDMARKS"):
        load("points")


@pytest.fixture
def small_network() -> store.Run:
    """A finished network of net2's name with few layers."""
    spec = override(lab.quick("net2"), {"network.widths": (4, 4), "network.hidden": (8,), "network.pool_after": (1,), "epochs": 1})
    return train_run(prepare(spec, FACES, "small-net2"), FACES, Hardware(device="cpu", threads=1))


def blocks_of(run: store.Run):
    return load_machine(run.spec, run.path / store.WEIGHTS)[0]


def test_network_is_asked_for_where_one_is_needed_and_refused_where_none_is():
    spec = SvmSpec(model="svm-on-x", features=(FeatureSpec(kind="cnn"),))
    with pytest.raises(FerLabError, match="svm-on-x reads a network: say which one with --from"):
        prepare_svm(spec, FACES, "a")
    with pytest.raises(FerLabError, match="svm-hog reads no network: leave out --from"):
        prepare_svm(SMALL, FACES, "a", store.finished_run("net2-softmax"))


def test_machine_that_would_be_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("fer_engine.classical.fitting.MEGABYTES", 0.001)
    with pytest.raises(FerLabError, match=r"0 MB; 0\.001 MB are allowed\. Lower features\.n_components"):
        fit(SMALL, FACES.part("Training"))


def test_features_come_out_of_the_cache_the_second_time(monkeypatch):
    part = FACES.part("Training")
    first = fit(SMALL, part)
    monkeypatch.setattr("fer_engine.features.hog.Hog.transform", lambda *_: pytest.fail("computed again"))
    again = fit(SMALL, part)
    assert all(np.array_equal(first.arrays[name], again.arrays[name]) for name in first.arrays)


def test_damaged_file_is_told_in_a_sentence():
    run = fitted()
    (run.path / store.WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(FerLabError, match=r"The SVM .* cannot be read"):
        load("mine")


def test_reference_svms_read_reference_networks():
    for reference in SVM_REFERENCE.values():
        assert bool(reference.starts_from) == reference.spec.needs_network
        assert reference.spec.model == reference.name
