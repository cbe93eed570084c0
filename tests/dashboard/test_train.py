"""Train: the form is filled from presets and runs, refuses what makes no sense, measures, launches, and shows what becomes of it."""

from dataclasses import replace

import pandas as pd
import pytest
from train_pages import csv_of_faces, expected, finished_copy, own_run, shown, widget, words

from dashboard import live_charts
from dashboard.components import train_live
from dashboard.components.train_draft import numbers_of, pairs_of, preset_base, preset_words
from dashboard.components.train_words import duration, memory
from fer_engine import settings
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments import lab, paper
from fer_engine.experiments.bases import told
from fer_engine.models import registry
from fer_engine.runs import jobs, records, store
from fer_engine.runs.jobs import Job, Launch, LiveProgress
from fer_engine.runs.processes import this_process


def history(epochs):
    rows = range(1, epochs + 1)
    tree = {"epoch": rows, "train_loss": 2.0, "valid_loss": [2.0 - 0.1 * row for row in rows], "train_accuracy": 0.2, "seconds": 10.0}
    tree |= {"valid_accuracy": [0.2 + 0.1 * (row == 2) for row in rows], "valid_macro_f1": 0.2, "learning_rate": 0.01, "size": 48}
    return pd.DataFrame(tree)


@pytest.mark.parametrize(
    ("preset", "recipe", "model", "head"),
    [("ours", lab.recipe, "net12", "svm"), ("paper", paper.recipe, "res8", "softmax"), ("quick", lab.quick, "net2", "softmax")],
)
def test_a_preset_fills_every_field(open_page, preset, recipe, model, head):
    app = open_page("train")
    app.selectbox(key="model").set_value(model)
    assert app.segmented_control(key="head").options == ["softmax", "linear SVM"]
    app.segmented_control(key="head").set_value(head)
    app.segmented_control(key="preset").set_value(preset).run()
    assert shown(app, f"{preset}-{model}-{head}") == expected(recipe(model, head))
    assert "Nothing." in words(app)


def test_without_a_data_set_the_page_offers_the_synthetic_one_by_its_name(open_page):
    app = open_page("train")
    assert app.segmented_control(key="data").value == "synthetic"
    assert "synthetic: 1,680 Training" in words(app)
    assert app.segmented_control(key="preset").value == "quick"
    app.segmented_control(key="data").set_value("fer2013").run()
    assert app.segmented_control(key="preset").value == "ours"
    assert app.button(key="launch").disabled


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("epochs", 0, "epochs is 0; it must be at least 1."),
        ("network.kernel", 4, "network.kernel is 4; it must be odd and positive, so that a kernel has a centre."),
        ("optimizer.momentum", 1.0, "optimizer.momentum is 1.0; it is a share from 0 to below 1."),
        ("network.hidden", "64, many", "network.hidden.1: input should be a valid integer"),
    ],
)
def test_an_impossible_value_shows_the_specs_sentence_and_nothing_can_be_launched(open_page, path, value, sentence):
    app = open_page("train")
    widget(app, path).set_value(value).run()
    assert sentence in app.error[0].value.replace("\\", "")
    assert app.button(key="launch").disabled
    assert app.button(key="measure").disabled


def test_what_differs_from_the_preset_is_listed(open_page):
    app = open_page("train")
    widget(app, "epochs").set_value(3)
    widget(app, "network.widths").set_value("8, 8, 16").run()
    assert "Epochs `epochs`: 6 → **3**" in words(app)
    assert f"`network.widths`: {told((64, 64, 64, 128, 128))} → **8-8-16**" in words(app)
    assert "Nothing." not in words(app)


def test_launch_makes_a_run_folder_and_a_job_and_the_address_names_it(open_page, launched):
    app = open_page("train")
    app.number_input(key="size").set_value(140)
    app.text_input(key="name").set_value("mine")
    widget(app, "epochs").set_value(3).run()
    app.button(key="launch").click().run()
    ((run, launch),) = launched
    assert (run.path, launch.data) == (settings.runs_dir() / "mine", "synthetic:140")
    assert replace(run.spec, data=lab.quick("net5").data) == replace(lab.quick("net5"), epochs=3)
    assert app.query_params["job"] == "mine"
    assert app.subheader[0].value == "mine"
    assert not app.error


def test_a_taken_name_is_said_and_nothing_is_launched(open_page, launched):
    finished_copy("mine")
    app = open_page("train")
    app.text_input(key="name").set_value("mine").run()
    app.button(key="launch").click().run()
    assert "There is a run 'mine' already" in app.error[0].value
    assert not launched


def test_a_name_that_no_folder_can_have_is_said_before_the_launch(open_page):
    app = open_page("train")
    app.text_input(key="name").set_value("../mine").run()
    assert "cannot name a run" in app.error[0].value
    assert app.button(key="launch").disabled


@pytest.mark.parametrize("head", ["softmax", "svm"])
@pytest.mark.parametrize("model", registry.names())
@pytest.mark.parametrize("preset", ["ours", "paper", "quick"])
def test_words_of_a_preset_are_those_of_its_spec(preset, model, head):
    for start in (None, *(run for run in store.list_runs() if run.spec.model == model)):
        base = preset_base(preset, model, head, start)
        spec, told = base.spec, preset_words(preset, base)
        assert ("SGD" in told, "AdamW" in told) == (spec.optimizer.name == "sgd", spec.optimizer.name == "adamw")
        assert ("grow" in told) == (len(set(spec.sizes)) > 1)
        assert ("smoothing" in told) == (head == "softmax" and spec.label_smoothing > 0)
        assert ("averaged" in told) == (spec.average > 0)
        assert f"batches of {spec.batch_size}, {'up to ' if spec.patience else ''}{spec.epochs} epochs" in told
        assert ("start from a softmax run" in told) == (preset == "ours" and head == "svm" and start is None)
        assert (start is None) or f"going on from {start.name}" in told


def test_a_preset_is_told_as_the_form_has_it(open_page):
    app = open_page("train")
    app.selectbox(key="model").set_value("net2")
    app.segmented_control(key="preset").set_value("ours").run()
    assert "one-cycle SGD, batches of 128, 28 epochs, faces of 48 pixels, augmented faces, label smoothing 0.1" in words(app)
    app.selectbox(key="from-net2").set_value("net2-softmax").run()
    assert "Our recipe for FER2013, going on from net2-softmax" in words(app)
    assert "Start from: fresh weights → **net2-softmax**" in words(app)


def test_another_place_is_opened_though_a_variable_names_one(open_page, monkeypatch, tmp_path):
    monkeypatch.setenv("FER_LAB_DATA", str(tmp_path / "nowhere.csv"))
    path = csv_of_faces(tmp_path / "fer2013.csv")
    app = open_page("train")
    assert "nowhere.csv" in app.error[0].value
    assert "FER_LAB_DATA names a place" in words(app)
    app.text_input(key="data-path").set_value(str(path)).run()
    app.button(key="data-open").click().run()
    assert not app.error
    assert "14 Training, 6 PublicTest" in words(app)
    assert "(opened here)" in words(app)
    assert settings.remembered_data_path() == path


def test_each_click_measures_once_and_the_figures_are_called_those_of_a_loaded_machine(open_page, monkeypatch, measured):
    asked, _ = measured

    busy = Job(own_run("other"), "running")
    monkeypatch.setattr(jobs, "list_jobs", lambda: (busy,))
    app = open_page("train")
    app.button(key="measure").click().run()
    app.text_input(key="name").set_value("anything").run()
    assert asked == [(6, "synthetic:2100", "cpu", None, False)]
    assert [metric.value for metric in app.metric] == ["1 min 15 s", "7 min 30 s", "1.2 GB"]
    assert "loaded machine" in app.warning[0].value
    app.button(key="measure").click().run()
    assert [metric.value for metric in app.metric][:2] == ["2 min 30 s", "15 min"]
    widget(app, "epochs").set_value(5).run()
    assert not app.metric


def test_what_cannot_be_measured_is_said_until_the_next_click(open_page, measured):
    asked, faults = measured
    faults.append(FerLabError("It takes too long."))
    app = open_page("train")
    app.button(key="measure").click().run()
    app.text_input(key="name").set_value("anything").run()
    assert [item.value for item in app.error] == ["It takes too long."]
    assert len(asked) == 1
    app.button(key="measure").click().run()
    assert not app.error
    assert len(app.metric) == 3


def test_a_measure_begins_where_the_launch_would(open_page, measured, tmp_path):
    asked, _ = measured
    path = csv_of_faces(tmp_path / "fer2013.csv", bad_rows=1)
    settings.remember_data_path(path)
    app = open_page("train")
    app.toggle(key="skip-bad").set_value(True)
    app.selectbox(key="model").set_value("net2")
    app.segmented_control(key="preset").set_value("quick").run()
    app.selectbox(key="from-net2").set_value("net2-softmax").run()
    widget(app, "batch_size", "quick-net2-softmax-net2-softmax").set_value(7)
    widget(app, "learns", "quick-net2-softmax-net2-softmax").set_value("head").run()
    app.button(key="measure").click().run()
    assert asked == [(6, str(path), "cpu", store.finished_run("net2-softmax"), True)]


def test_a_data_set_is_opened_remembered_and_found_again(open_page, tmp_path):
    path = csv_of_faces(tmp_path / "fer2013.csv")
    app = open_page("train", data="FER2013")
    app.text_input(key="data-path").set_value(str(tmp_path / "nowhere")).run()
    app.button(key="data-open").click().run()
    assert "There is no file or folder" in app.error[0].value
    assert settings.data_path() is None
    app.text_input(key="data-path").set_value(str(path)).run()
    app.button(key="data-open").click().run()
    assert settings.data_path() == path
    assert "14 Training, 6 PublicTest" in words(app)
    assert len(open_data().faces) == 20
    assert open_page("train").segmented_control(key="data").value == "fer2013"


def test_a_run_that_trains_is_told_in_words_and_figures(open_page, monkeypatch):
    run = own_run("mine")
    history(4).to_csv(run.path / store.HISTORY, index=False)
    records.write_record(run, records.Record(Launch("synthetic:70"), this_process(), detached=True, faces=7))
    (run.path / "log.txt").write_text("epoch 4/30 done\n")
    progress = LiveProgress("training", 5, 30, 20, 80, 512.0, 260.0)
    monkeypatch.setattr(jobs, "find_job", lambda run: Job(run, "running", progress=progress, launch=Launch("synthetic:70")))
    app = open_page("train", job="mine")
    assert [(metric.label, metric.value) for metric in app.metric] == [
        ("PublicTest, epoch 2", "30.0%"),
        ("Learning rate", "0.01"),
        ("Images a second", "512"),
        ("Time left, about", "4 min 20 s"),
    ]
    assert "95% interval 8.2 – 64.1" in words(app)  # of two right answers of seven
    assert "PublicTest · n=7 · best epoch so far, chosen on PublicTest · no TTA · 1 seed" in words(app)
    assert "each epoch · Training and PublicTest · n=7 · no TTA · 1 seed" in words(app)
    assert "its labels are smoothed by 0.1" in words(app)
    (bar,) = app.get("progress")
    assert bar.proto.text == "Trains · epoch 5 of 30 · step 20 of 80"
    assert bar.proto.value == round(100 * 4.25 / 30)
    assert app.code[0].value == "epoch 4/30 done"
    assert {button.key for button in app.button} >= {"stop", "duplicate", "delete"}


@pytest.mark.parametrize(("state", "button"), [("stopped", "resume"), ("failed", "resume"), ("unfinished", "resume"), ("queued", "stop")])
def test_each_state_has_its_sentence_and_its_button(open_page, monkeypatch, launched, state, button):
    own_run("mine")
    stopped = []
    monkeypatch.setattr(jobs, "find_job", lambda run: Job(run, state, sentence="So it is.", launch=Launch("synthetic:70", threads=1)))
    monkeypatch.setattr(jobs, "stop", stopped.append)
    app = open_page("train", job="mine")
    assert [item.value for item in (app.error if state == "failed" else app.info)] == ["So it is."]
    app.button(key=button).click().run()
    assert [launch for _, launch in launched] == ([Launch("synthetic:70", threads=1)] if button == "resume" else [])
    assert [run.name for run in stopped] == (["mine"] if button == "stop" else [])


def test_a_run_whose_history_is_damaged_can_be_deleted_all_the_same(open_page):
    run = own_run("mine")
    (run.path / store.RESUME).touch()
    (run.path / store.HISTORY).write_bytes(b"epoch\n\xff\n")
    app = open_page("train", job="mine")
    assert not app.error
    assert {button.key for button in app.button} >= {"resume", "delete", "watch-mine"}


def test_a_finished_run_whose_metrics_are_damaged_can_be_deleted_all_the_same(open_page):
    run = finished_copy("mine")
    (run.path / store.METRICS).write_text("{")
    app = open_page("train", job="mine")
    assert "'mine'" in app.error[0].value or "metrics.json" in app.error[0].value
    assert "delete" in {button.key for button in app.button}


def test_a_finished_run_shows_its_figure_with_protocol_and_leads_on(open_page):
    run = finished_copy("mine")
    figures = run.metrics["PublicTest"]
    app = open_page("train", job="mine")
    assert app.metric[0].value == f"{100 * figures['accuracy']:.1f}%"
    assert "chosen on PublicTest · flip TTA" in words(app)
    assert {link.proto.query_string for link in app.get("page_link")} == {"run=mine", "a=mine"}


def test_deleting_removes_the_folder_and_goes_back_to_the_form(open_page):
    run = own_run("mine")
    app = open_page("train", job="mine")
    assert run.path.exists()
    app.button(key="delete").click().run()
    assert not run.path.exists()
    assert "job" not in app.query_params
    assert app.button(key="launch")


def test_a_run_that_is_gone_is_a_sentence(open_page):
    app = open_page("train", job="gone")
    assert "There is no run 'gone'" in app.error[0].value
    app.button(key="new-run").click().run()
    assert not app.error


def test_the_queue_is_in_order_and_can_be_changed(open_page, monkeypatch):
    running, first, second, idle = (own_run(name) for name in ("z-running", "y-first", "x-second", "w-idle"))
    queue = (
        Job(second, "queued", 2, "It waits."),
        Job(first, "queued", 1, "It waits."),
        Job(idle, "stopped", sentence="Stopped."),
        Job(running, "running", progress=LiveProgress("training", 2, 9, 1, 4, 100.0, 95.0)),
    )
    done = []
    monkeypatch.setattr(jobs, "list_jobs", lambda: queue)
    monkeypatch.setattr(jobs, "advance", lambda run: done.append(("advance", run.name)))
    monkeypatch.setattr(jobs, "stop", lambda run: done.append(("stop", run.name)))
    app = open_page("train")
    names = [item.value.strip("*") for item in app.markdown if item.value.strip("*") in {job.run.name for job in queue}]
    assert names == ["z-running", "y-first", "x-second", "w-idle"]
    assert "epoch 2 of 9, about 1 min 35 s left" in words(app)
    assert "side by side they would stall each other" in words(app)
    assert app.button(key="front-y-first").disabled
    app.button(key="front-x-second").click().run()
    app.button(key="cancel-y-first").click().run()
    assert done == [("advance", "x-second"), ("stop", "y-first")]


def test_time_left_is_that_of_the_last_epochs_where_the_process_knows_none():
    assert train_live.seconds_left(LiveProgress("training", 3, 10), history(2)) == pytest.approx(80)
    assert train_live.seconds_left(LiveProgress("training", 3, 10, seconds_left=7.0), history(2)) == 7
    assert train_live.seconds_left(LiveProgress("loading", 0, 10), history(0)) is None


def test_the_live_curves_mark_the_chosen_epoch():
    tree = live_charts.curves(history(4), "accuracy", "seconds", chosen=2).to_dict()
    marked = [row for table in tree["datasets"].values() for row in table if row.get("told") == "epoch 2 chosen"]
    assert marked == [{"x": 20.0, "told": "epoch 2 chosen"}]
    rates = live_charts.learning_rate(history(4)).to_dict()
    assert [row["y"] for row in next(iter(rates["datasets"].values()))] == [0.01] * 4


@pytest.mark.parametrize(
    ("seconds", "told_as"),
    [(0.44, "0.4 s"), (59.4, "59 s"), (200, "3 min 20 s"), (599.7, "10 min"), (1500, "25 min"), (3599, "1 h 0 min"), (7500, "2 h 5 min")],
)
def test_times_are_told_in_units_that_fit(seconds, told_as):
    assert duration(seconds) == told_as


def test_sizes_are_told_in_units_that_fit():
    assert (memory(2.34e9), memory(640e6)) == ("2.3 GB", "640 MB")


@pytest.mark.parametrize(("text", "numbers"), [("64, 64 128", [64, 64, 128]), ("[8;8]", [8, 8]), ("", []), ("8, x", [8, "x"])])
def test_lists_are_read_as_people_write_them(text, numbers):
    assert numbers_of(text) == numbers


def test_pairs_are_read_as_people_write_them():
    assert pairs_of("2-3, 4-5") == [[2, 3], [4, 5]]
    assert pairs_of("2-x") == [[2, "x"]]
