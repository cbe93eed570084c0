"""The learning rates of the study 'optimizers' are those that the trials in docs/studies/ speak for."""

from pathlib import Path

import pandas as pd
import pytest

from fer_engine.ablations.catalogue import find_study
from fer_engine.ablations.ledger import settled
from fer_engine.ablations.userfile import parse_study
from fer_engine.runs.files import file_hash
from fer_engine.runs.store import HISTORY, Run, finished_run

STUDIES = Path(__file__).resolve().parents[2] / "docs" / "studies"
TRIALS = pd.read_csv(STUDIES / "rates.csv")
OPTIMIZERS = find_study("optimizers")


@pytest.mark.parametrize("row", OPTIMIZERS.rows, ids=lambda row: row.key)
def test_each_optimizer_has_the_rate_of_the_least_validation_loss(row):
    optimizer = row.spec.optimizer
    tried = TRIALS[(TRIALS["optimizer"] == optimizer.name) & (TRIALS["momentum"] == optimizer.momentum)]
    assert tried.loc[tried["valid_loss"].idxmin(), "learning_rate"] == optimizer.lr
    *first, last = (f"{rate:g}" for rate in sorted(tried["learning_rate"]))
    assert f"{', '.join(first)} and {last}" in row.note


def told(run: Run) -> dict:
    """A trial's row in the table, made of its folder."""
    spec = run.spec
    row = {"optimizer": spec.optimizer.name, "momentum": spec.optimizer.momentum, "learning_rate": spec.optimizer.lr, "epochs": 0}
    if not run.finished:
        return row | {"spec_hash": spec.hash}
    last = run.history().iloc[-1]
    assert file_hash(run.path / HISTORY) == run.manifest["files"][HISTORY]["sha256"]
    figures = {name: round(last[name], 4) for name in ("train_loss", "valid_loss", "valid_accuracy")}
    return row | {"epochs": int(last["epoch"])} | figures | {"spec_hash": spec.hash}


def test_the_table_is_what_the_trials_folders_say():
    found = pd.DataFrame(told(Run(folder)) for folder in (STUDIES / "trials").iterdir())
    found = found.sort_values(["optimizer", "momentum", "learning_rate"])[list(TRIALS.columns)]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), TRIALS)
    (diverged,) = [folder for folder in (STUDIES / "trials").iterdir() if not Run(folder).finished]
    assert "the training diverged" in (diverged / "progress.json").read_text()


def test_trials_are_those_of_the_files_on_fer2013():
    data = finished_run("ablate-base-s0").spec.data
    studies = [parse_study(path.read_text(encoding="utf-8"), path.stem, path.name) for path in sorted(STUDIES.glob("rates-*.toml"))]
    assert {settled(row.spec, data, 0).hash for study in studies for row in study.rows} == set(TRIALS["spec_hash"])
    trained = TRIALS["valid_loss"].notna()
    assert set(TRIALS.loc[trained, "epochs"]) == {3}
    assert TRIALS.loc[~trained, ["optimizer", "momentum", "learning_rate"]].to_numpy().tolist() == [["sgd", 0.0, 0.3]]  # it diverged
