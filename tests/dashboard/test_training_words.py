"""What figures of a training mean, in words: protocol, choice of the epoch, and how the two losses differ."""

import json
import shutil

import pytest
from made_runs import made_run

from dashboard.report import report_html
from dashboard.run_tables import chosen_words
from dashboard.text import protocol
from dashboard.training_words import best_so_far, each_epoch, loss_note, of_training_alone
from fer_engine.data.synthetic import synthetic
from fer_engine.experiments import lab, paper, svm_lab
from fer_engine.experiments.spec import override
from fer_engine.runs import records, store
from fer_engine.runs.jobs import Launch
from fer_engine.runs.processes import this_process
from fer_engine.training.run import prepare


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, {"smoothed"}),
        ({"label_smoothing": 0.0}, set()),
        ({"label_smoothing": 0.0, "votes": 0.5}, {"to votes"}),
        ({"class_weight": "balanced", "sampling": "balanced"}, {"smoothed", "weighted", "drawn evenly"}),
        ({"head": "svm"}, {"with penalty"}),  # which is not smoothed, whatever the spec has
        ({"head": "svm", "head_l2": 0.0, "class_weight": "balanced"}, {"weighted"}),
    ],
)
def test_only_what_the_spec_has_is_told_of_the_losses(changes, words):
    spec = override(lab.recipe("net5"), changes)
    assert set(of_training_alone(spec)) == words
    assert bool(loss_note(spec)) == bool(words)
    assert "hinge" not in loss_note(spec) or spec.head == "svm"


def test_an_svm_has_no_losses():
    assert loss_note(svm_lab.svm_recipe("svm-hog")) == ""


def begun(**changes) -> store.Run:
    return store.Run(prepare(override(lab.quick("net2"), changes), synthetic(140), "begun").folder)


def test_faces_count_once_a_process_has_opened_them():
    run = begun()
    assert best_so_far(run) == "PublicTest · best epoch so far, chosen on PublicTest · no TTA · 1 seed · synthetic data"
    records.write_record(run, records.Record(Launch("synthetic:140"), this_process(), detached=True))
    records.keep_faces(run, 14)
    assert best_so_far(run) == "PublicTest · n=14 · best epoch so far, chosen on PublicTest · no TTA · 1 seed · synthetic data"
    assert each_epoch(run) == "each epoch · Training and PublicTest · n=14 · no TTA · 1 seed · synthetic data"
    records.keep_launch(run, Launch("synthetic:140", threads=1))
    assert records.validation_faces(run) == 14


def test_a_last_epoch_is_not_called_chosen():
    assert best_so_far(begun(monitor="last")).startswith("PublicTest · last epoch so far")


@pytest.fixture
def copied(tmp_path) -> store.Run:
    return store.Run(shutil.copytree(store.finished_run("net2-softmax").path, tmp_path / "copied"))


@pytest.mark.parametrize(
    ("monitor", "words"),
    [
        ("last", "The last epoch kept, which no figure chose"),
        ("valid_loss", "Epoch chosen on PublicTest by the lowest validation loss"),
        ("valid_accuracy", "Epoch chosen on PublicTest by the highest validation accuracy"),
    ],
)
def test_a_report_says_what_chose_the_epoch(copied, monitor, words):
    tree = copied.manifest
    tree["protocol"]["monitor"] = monitor
    (copied.path / store.MANIFEST).write_text(json.dumps(tree))
    run = store.Run(copied.path)
    assert chosen_words(run) == words
    if monitor == "last":
        assert words in report_html(run)


def test_a_report_has_every_interval_and_tells_the_losses_apart(copied):
    page = report_html(copied)
    from fer_engine.evaluation.curves import scored_splits
    from fer_engine.evaluation.intervals import macro_f1_interval, top2_interval

    figures = copied.metrics["PublicTest"]
    f1, top2 = macro_f1_interval(scored_splits(copied)["PublicTest"]), top2_interval(figures)
    assert f"{figures['macro_f1']:.3f} ({f1.low:.3f} – {f1.high:.3f})" in page
    assert f"{100 * figures['top2']:.1f}% ({100 * top2.low:.1f} – {100 * top2.high:.1f})" in page
    assert "its labels are smoothed by 0.1" in page
    assert "each epoch · Training and PublicTest · n=3,589 · no TTA · 1 seed" in page


def test_the_papers_losses_are_one_quantity():
    assert of_training_alone(paper.recipe("net12")) == {}


def test_protocol_of_a_run_that_keeps_its_last_epoch_says_so():
    run = made_run("mine", [0, 1], [0, 1])
    assert "· chosen on PublicTest ·" in protocol(run)
    told = run.manifest | {"protocol": run.manifest["protocol"] | {"monitor": "last"}}
    (run.path / store.MANIFEST).write_text(json.dumps(told))
    assert "· last epoch ·" in protocol(store.Run(run.path))
