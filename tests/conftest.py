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
