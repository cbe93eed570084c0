"""What all tests share: own areas for runs and cache, and small sets of faces."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch comes in

import hypothesis
import numpy as np
import pytest

from fer_engine.data.faceset import FaceSet

# Examples are not timed: the machine may be busy with a training.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_collection_modifyitems(items):
    """Quick tests first, so that most mistakes are told within minutes; then those with processes, and last the browser's."""
    items.sort(key=lambda item: (item.path.parent.name == "browser", item.get_closest_marker("slow") is not None))


@pytest.fixture(autouse=True)
def own_areas(tmp_path, monkeypatch):
    """No test reads or writes the user's runs or cache, or depends on the user's data set."""
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("FER_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FER_LAB_DATA", raising=False)


@pytest.fixture
def noise_faces() -> FaceSet:
    """Seventy training and twenty-one validation faces of noise, brighter with their class."""
    rng = np.random.default_rng(0)
    labels = np.arange(91) % 7
    images = np.clip(rng.normal(60 + 20 * labels[:, None, None], 40, (91, 48, 48)), 0, 255).astype(np.uint8)
    split = np.where(np.arange(91) < 70, "Training", "PublicTest")
    return FaceSet(images, labels.astype(np.int64), split, np.arange(91), name="noise")


@pytest.fixture
def fit_svm(monkeypatch):
    """Fit and keep a small SVM on drawn faces, by its blocks of features; gives its run.

    Principal components come of the faces' singular vectors: of a few faces these take a hundredth of the time that the
    exact covariance of thousands of features does.
    """
    from fer_engine.classical.fitting import fit_run, prepare_svm
    from fer_engine.data.source import open_data
    from fer_engine.experiments.svm_spec import SvmSpec

    def principal(features, n_components):
        _, values, axes = np.linalg.svd(features - features.mean(0), full_matrices=False)
        return axes[:n_components].astype(np.float32), values[:n_components] ** 2 / (len(features) - 1)

    monkeypatch.setattr("fer_engine.classical.blocks._principal", principal)
    faces = open_data("synthetic:210").faces

    def fit(*features, name="small", network=None, **changes):
        spec = SvmSpec(model="svm-small", features=features, C=3, gamma=1, **changes)
        return fit_run(*prepare_svm(spec, faces, name, network), faces, network)

    return fit
