"""The runs in `checkpoints/ablations/`: whole, small, rows of a study that anyone can find, and true to their predictions."""

import numpy as np
import pytest

from fer_engine import settings
from fer_engine.ablations.ledger import settled
from fer_engine.evaluation.metrics import measure
from fer_engine.experiments.studies import PAPER_STUDIES
from fer_engine.labels import NAMES
from fer_engine.runs.files import file_hash
from fer_engine.runs.store import Run

AREA = settings.checkpoints_dir() / "ablations"
FILES = {"calibration.json", "history.csv", "manifest.json", "metrics.json", "predictions.parquet", "spec.json", "weights.safetensors"}
ROWS = sorted(path.name for path in AREA.iterdir() if path.name.startswith("ablate-"))
# Nine convolutions have 2.6 M parameters, which half precision keeps in 5.2 MB.
LARGE = {"conv-9": 5.5e6}
# Their 11 M parameters would take 22 MB each: they ship without, and answer for no face.
WITHOUT_WEIGHTS = {"net2-softmax", "net2-svm"}


def row_of(name: str) -> str:
    return name.removeprefix("ablate-").rpartition("-s")[0]


@pytest.fixture(params=sorted(path.name for path in AREA.iterdir()))
def run(request) -> Run:
    return Run(AREA / request.param)


def test_every_run_is_finished_and_its_files_are_those_of_its_manifest(run):
    assert run.finished
    there = FILES - {"weights.safetensors"} if row_of(run.name) in WITHOUT_WEIGHTS else FILES
    assert {path.name for path in run.path.iterdir()} == there
    assert run.answers == ("weights.safetensors" in there)
    assert run.manifest["spec_hash"] == run.spec.hash
    assert set(run.manifest["files"]) == FILES - {"manifest.json"}
    for name, entry in ((name, entry) for name, entry in run.manifest["files"].items() if name in there):
        assert file_hash(run.path / name) == entry["sha256"], name


def test_figures_follow_from_the_predictions(run):
    table, kept = run.predictions(), run.metrics["PublicTest"]
    again = measure(table[list(NAMES)].to_numpy(), table["label"].to_numpy(), np.zeros(len(table), bool))
    assert len(table) == kept["n"] == 3589
    assert again.accuracy == pytest.approx(kept["accuracy"])
    assert again.confusion_matrix == kept["confusion_matrix"]
    assert kept["n_deduplicated"] == 3589 - 280


@pytest.mark.parametrize("name", ROWS)
def test_run_is_a_row_of_the_papers_studies_and_named_after_it(name):
    spec = Run(AREA / name).spec
    keys = {row.key for study in PAPER_STUDIES for row in study.rows if settled(row.spec, spec.data, spec.seed).hash == spec.hash}
    assert [name] == [f"ablate-{key}-s{spec.seed}" for key in keys]


@pytest.mark.parametrize("name", [name for name in ROWS if row_of(name) not in WITHOUT_WEIGHTS])
def test_weights_are_small(name):
    assert (AREA / name / "weights.safetensors").stat().st_size <= LARGE.get(row_of(name), 5e6)


def test_every_net5_has_its_weights():
    assert not [name for name in ROWS if Run(AREA / name).spec.model == "net5" and row_of(name) in WITHOUT_WEIGHTS]


def test_all_are_small():
    assert sum(path.stat().st_size for path in AREA.rglob("*") if path.is_file()) < 150e6


def test_no_run_holds_a_path_of_the_machine_that_trained_it(run):
    for name in ("manifest.json", "spec.json", "metrics.json"):
        text = (run.path / name).read_text(encoding="utf-8")
        assert "/home/" not in text, name
        assert str(settings.PROJECT_ROOT) not in text, name
