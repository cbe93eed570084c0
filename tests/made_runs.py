"""Finished run folders with made-up answers: what pages and comparisons read of a run, without weights."""

import json

import numpy as np
import pandas as pd

from fer_engine.evaluation.metrics import measure
from fer_engine.experiments import lab
from fer_engine.experiments.spec import override, to_json
from fer_engine.labels import NAMES
from fer_engine.runs.store import Run, run_path

SURE = {"method": "temperature", "scale": 1.0, "split": "PublicTest", "n": 1, "nll": 1, "nll_before": 1, "ece": 0, "ece_before": 0}


def made_run(name: str, labels: list[int], answers: list[int], **changes) -> Run:
    """A finished own run of net5, or of the `spec` given, that gave these answers to faces with these labels.

    Args:
        name: Its name.
        labels: Of each face.
        answers: To each face.
        changes: `rows` or `first_row` of the data set, `seconds`, `milliseconds`, `classes`, `learnt` (faces), `chosen_on`, `spec`; all
            else is of the spec.
    """
    rows = changes.pop("rows", None) or list(range(changes.pop("first_row", 0), 10**6))[: len(labels)]
    usual = (("seconds", 60), ("milliseconds", 8), ("classes", list(NAMES)), ("learnt", 100))
    told = {key: changes.pop(key, value) for key, value in usual}
    chosen = changes.pop("chosen_on", "PublicTest")
    spec = override(changes.pop("spec", lab.recipe("net5")), {"data.train_hash": "t", "data.valid_hash": "v"} | changes)
    folder = run_path(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.json").write_text(to_json(spec))
    scores = np.zeros((len(labels), 7), np.float32)
    scores[np.arange(len(labels)), answers] = 2
    frame = pd.DataFrame({"id": np.array(rows, np.int64), "split": "PublicTest", "label": np.array(labels, np.int64)})
    pd.concat([frame, pd.DataFrame(scores, columns=list(NAMES))], axis=1).to_parquet(folder / "predictions.parquet", index=False)
    metrics = measure(scores, np.array(labels), np.zeros(len(labels), bool))
    (folder / "metrics.json").write_text(json.dumps({"PublicTest": vars(metrics)}))
    (folder / "calibration.json").write_text(json.dumps(SURE))
    if spec.family == "cnn":
        (folder / "history.csv").write_text(HISTORY)
    (folder / "manifest.json").write_text(json.dumps(_manifest(name, spec, chosen, told)))
    return Run(folder)


HISTORY = (
    "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_macro_f1,learning_rate,size,seconds\n"
    "1,1.9,0.2,1.8,0.25,0.2,0.01,48,10\n2,1.7,0.3,1.6,0.375,0.3,0.02,48,12\n"
)


def _manifest(name, spec, chosen, told) -> dict:
    return {
        "name": name,
        "family": spec.family,
        "spec_hash": spec.hash,
        "finished": "2026-01-01T00:00:00+00:00",
        "machine": {"processor": "a processor", "device": "cpu", "threads": 1},
        "seconds": told["seconds"],
        "epochs": 2,
        "best_epoch": 2,
        "parameters": 1000,
        "milliseconds_per_face": told["milliseconds"],
        "classes": told["classes"],
        "counts": {"Training": {"happy": told["learnt"] - 5, "sad": 5}},
        "protocol": {"trained_on": "Training", "chosen_on": chosen, "tta": spec.tta, "seeds": [spec.seed], "monitor": spec.monitor},
        "starts_from": None,
    }
