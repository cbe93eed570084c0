"""What pages say of how figures came about, in cases that are not FER2013's usual ones."""

import os
from dataclasses import replace

import numpy as np
import pytest
from made_runs import made_run

from dashboard import ablation_tables, reference_tables, resources, run_tables, text
from dashboard.components.ablation_launch import data_labels
from dashboard.components.transfer_result import protocol
from dashboard.training_words import of_different_faces, ways
from fer_engine.ablations import catalogue, ledger
from fer_engine.ablations.results import conclude, results
from fer_engine.data.audit import audit
from fer_engine.data.audit_costs import costs
from fer_engine.data.synthetic import synthetic
from fer_engine.evaluation.curves import scored_splits
from fer_engine.evaluation.evaluate import Evaluation
from fer_engine.evaluation.metrics import measure
from fer_engine.experiments import lab
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import override
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.runs.store import finished_run

HAPPY, SAD = 3, 4
LABELS = [HAPPY] * 40


def test_sets_that_share_their_training_faces_are_told_apart():
    first = DataSpec("fer2013", train_hash="a" * 16, valid_hash="b" * 16)
    cleaned, other = replace(first, valid_hash="c" * 16), replace(first, train_hash="d" * 16)
    assert data_labels([first, cleaned, other, replace(first, votes_hash="v")]) == {
        "fer2013 (aaaaaa, PublicTest bbbbbb)": first,
        "fer2013 (aaaaaa, PublicTest cccccc)": cleaned,
        "fer2013 (dddddd)": other,
    }


def test_a_run_whose_last_epoch_is_kept_was_chosen_on_nothing():
    chosen, last = made_run("chosen", LABELS, LABELS), made_run("last", LABELS, LABELS, monitor="last")
    assert (text.choice(chosen), text.choice(last)) == ("chosen on PublicTest", "last epoch")
    metrics = measure(np.eye(7)[LABELS], np.array(LABELS), np.zeros(40, bool))
    found = Evaluation("x", "PrivateTest", metrics, "none", "hash", 1.0, "fotos")
    assert "chosen on fer2013's PublicTest" in protocol(chosen, found)
    assert "last epoch" in protocol(last, found)


def test_a_page_of_runs_data_says_what_was_chosen(open_page):
    made_run("last", LABELS, LABELS, monitor="last")
    told = " ".join(item.value for item in open_page("runs", run="last", section="Data").markdown)
    assert "The last epoch kept, which no figure chose." in told
    assert "measured and calibrated on PublicTest" in told


def test_curves_of_different_faces_are_marked(open_page):
    runs = {name: made_run(name, LABELS, LABELS, **changes) for name, changes in (("a", {}), ("b", {"epochs": 3}))}
    assert list(ways(runs).values()) == [["a", "b"]]
    same = made_run("same", LABELS, LABELS, **{"data.train_hash": "cleaned"})  # learnt from others, is judged by the same
    assert not of_different_faces([runs["a"], same], "valid_accuracy")
    assert of_different_faces([runs["a"], same], "train_accuracy")
    made_run("drawn", LABELS, LABELS, **{"data.name": "synthetic", "data.train_hash": "x", "data.valid_hash": "y"})
    app = open_page("compare", view="Training", runs=["a", "drawn"])
    said = [item.value for item in app.caption]
    assert {"a", "drawn", "These curves are of different faces: their heights do not compare."} <= set(said)


def test_networks_and_svms_of_one_protocol_share_a_table_without_gaps():
    runs = [made_run("net", LABELS, LABELS), made_run("machine", LABELS, LABELS, spec=SvmSpec(model="svm-pixels"))]
    frame = reference_tables.table(runs)
    assert not frame.isna().any().any()
    assert frame["Model"].tolist() == [text.model_words(run.spec) for run in runs]


def test_the_papers_figure_stands_beside_its_own_svm_alone():
    spec = finished_run("svm-pca-paper").spec
    assert run_tables.paper_accuracy(spec) == pytest.approx(0.3998)
    assert run_tables.paper_accuracy(override(spec, {"C": 1})) is None


def test_a_study_that_claims_nothing_marks_what_is_clear_after_correction(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = {recipe = "quick", model = "net5"}\n[vary]\nnetwork.dropout = [0.0, 0.1, 0.2]\n')
    study = catalogue.bring(path)
    labels, right = [HAPPY] * 200, {"mine-base": 100}
    for row in study.rows:  # p of the second is 0.017 alone, and 0.050 as one of three
        better = 113 if row is study.rows[1] else 100
        answers = [HAPPY if place < right.get(row.key, better) else SAD for place in range(200)]
        if row is study.rows[1]:
            answers[:10] = [SAD] * 10
            answers[100:125] = [HAPPY] * 25
        made_run(row.key, labels, answers, spec=row.spec)
    found = results(study, ledger.cells(study, DataSpec(train_hash="t", valid_hash="v")))
    conclusion = conclude(study, found)
    assert conclusion.sentence.startswith("No row differs from 'base' by more than chance")
    assert conclusion.differences[0].p == pytest.approx(3 * 0.01668, abs=0.002)
    assert not any(item.clear for item in ablation_tables.differences(conclusion))


def test_costs_are_told_of_a_set_that_lacks_an_emotion():
    faces = synthetic(700)
    faces = faces.take(np.flatnonzero(faces.labels != 1))
    part = faces.part("PublicTest")
    labels, same = part.labels.tolist(), {"rows": part.ids.tolist(), "data.valid_hash": part.content_hash}
    runs = [made_run(name, labels, labels, spec=lab.recipe(name), **same) for name in ("net2", "net5")]
    rows = costs(audit(faces), runs, [scored_splits(run)["PublicTest"] for run in runs], None)
    assert {row.run for row in rows} == {"net2", "net5"}


def test_a_picture_that_comes_into_a_folder_changes_the_set(tmp_path):
    inner = tmp_path / "train" / "happy"
    inner.mkdir(parents=True)
    os.utime(inner, ns=(1, 1))
    resources.last_changed.clear()
    before = resources.last_changed(str(tmp_path))
    os.utime(inner, ns=(before + 10**9, before + 10**9))
    resources.last_changed.clear()
    assert resources.last_changed(str(tmp_path)) == before + 10**9
    assert resources.last_changed("synthetic:70") == 0


def test_the_gallery_is_of_the_first_runs_that_share_faces(open_page):
    drawn = {"data.name": "synthetic", "data.train_hash": "x", "data.valid_hash": "y"}
    made_run("drawn", LABELS, LABELS, first_row=500, **drawn)
    for name in ("a", "b"):
        made_run(name, LABELS, [SAD] * 40, epochs=len(name) + 1 if name == "a" else 9)
    app = open_page("compare", view="Agreement", runs=["drawn", "a", "b"])
    assert any("The faces themselves are not shown." in item.value for item in app.info), "they are looked for"
