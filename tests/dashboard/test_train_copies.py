"""Train: runs that are duplicated or go on from others, and the machine that they are trained on."""

import shutil
from dataclasses import replace

import pytest
from train_pages import TINY, expected, finished_copy, own_run, shown, widget, words

from dashboard import train_resources
from dashboard.components.train_machine import PRECISIONS
from dashboard.components.train_start import FRESH
from fer_engine.data.source import open_data
from fer_engine.experiments import lab
from fer_engine.experiments.spec import override, to_json
from fer_engine.runs import records, store
from fer_engine.runs.jobs import Launch
from fer_engine.runs.processes import this_process
from fer_engine.training import device
from fer_engine.training.run import prepare


def test_a_run_duplicated_fills_the_form_with_its_settings_and_data(open_page, launched):
    run = own_run("mine", TINY | {"optimizer.lr": 0.125}, "synthetic:140")
    app = open_page("train", job="mine")
    app.button(key="duplicate").click().run()
    assert app.query_params["like"] == "mine"
    assert shown(app, "run-mine") == expected(run.spec)
    assert (app.segmented_control(key="data").value, app.selectbox(key="like-model").value) == ("synthetic", "net2")
    app.segmented_control(key="like-mine-head").set_value("svm").run()
    assert "Head `head`: softmax → **svm**" in words(app)
    app.button(key="launch").click().run()
    assert launched[0][0].spec.head == "svm"
    assert launched[0][0].spec.optimizer.lr == 0.125


def test_a_start_from_a_finished_run_keeps_its_layers(open_page, launched):
    app = open_page("train")
    app.selectbox(key="model").set_value("net2").run()
    app.segmented_control(key="preset").set_value("ours")
    app.selectbox(key="from-net2").set_value("net2-softmax").run()
    base = "ours-net2-softmax-net2-softmax"
    start = store.finished_run("net2-softmax")
    assert shown(app, base) == expected(replace(lab.continued("net2", "softmax"), network=start.spec.config))
    assert widget(app, "network.widths", base).disabled
    app.button(key="launch").click().run()
    assert launched[0][0].spec.start == start.spec.hash


def launched_on(run, host="", **launch):
    """Let a run have been launched here, or on another machine."""
    process = replace(this_process(), started="before")
    launch = Launch("synthetic:70", **launch)
    records.write_record(run, records.Record(launch, replace(process, host=host) if host else process, detached=True))
    return launch


def slower_precision():
    return device.devices_here()[-1].precisions[-1]


def test_a_run_duplicated_is_trained_on_what_it_was_trained_on(open_page, launched):
    before = launched_on(own_run("mine"), device="cpu", precision=slower_precision(), threads=1)
    app = open_page("train", like="mine")
    assert "Nothing." in words(app)
    app.number_input(key="like-mine-threads").set_value(3).run()
    assert "Threads: 1 → **3**" in words(app)
    assert "Nothing." not in words(app)
    app.button(key="launch").click().run()
    assert replace(launched[0][1], data=before.data) == replace(before, threads=3)


def test_what_another_machine_trained_on_is_told_and_not_taken_over(open_page):
    launched_on(own_run("mine"), host="another-machine", device="cpu", precision=slower_precision(), threads=7)
    app = open_page("train", like="mine")
    best = device.best_precision("cpu")
    assert app.selectbox(key="like-mine-precision-cpu").value == best
    assert f"Precision: {PRECISIONS[slower_precision()]} → **{PRECISIONS[best]}**" in words(app)
    assert "Threads: 7 → **as many as suit**" in words(app)


def test_a_finished_run_tells_on_what_it_was_trained():
    run = finished_copy("mine")
    machine = run.manifest["machine"]
    told = records.trained_on(run)
    assert (told.device, told.precision, told.threads, told.devices) == ("cpu", machine["precision"], machine["threads"], 1)


@pytest.fixture
def two_gpus(monkeypatch):
    found = (device.Device("cuda", "A GPU", ("bf16-mixed", "32-true"), 2), device.Device("cpu", "processor", ("32-true",)))
    monkeypatch.setattr(train_resources, "devices", lambda: found)


def test_gpus_and_compiling_are_chosen_where_there_are_gpus(open_page, launched, measured, two_gpus):
    app = open_page("train")
    app.number_input(key="devices").set_value(2)
    app.toggle(key="compile").set_value(True).run()
    app.button(key="measure").click().run()
    assert "Measured on one of the 2 GPUs" in words(app)
    assert "compiling takes at first are not counted" in words(app)
    app.button(key="launch").click().run()
    assert launched[0][1] == Launch("synthetic:2100", "cuda", "bf16-mixed", devices=2, compiled=True)


def test_the_processor_has_no_fields_of_gpus(open_page, two_gpus):
    app = open_page("train")
    app.selectbox(key="device").set_value("cpu").run()
    assert {"devices", "compile"}.isdisjoint(item.key for item in [*app.number_input, *app.toggle])


def started_run(name, start):
    """A run that starts from a finished one and is not trained yet."""
    spec = replace(lab.quick(start.spec.model), network=start.spec.config)
    return store.Run(prepare(spec, open_data("synthetic:70").faces, name, start).folder)


def trained_by_another_seed(name):
    """A finished run whose spec no other run has."""
    run = finished_copy(name)
    (run.path / store.SPEC).write_text(to_json(override(run.spec, {"seed": 77})))
    return store.Run(run.path)


def test_a_duplicate_of_a_run_whose_base_is_gone_waits_for_a_choice(open_page, launched):
    first = trained_by_another_seed("first")
    started_run("mine", first)
    app = open_page("train", like="mine")
    assert not app.warning
    assert app.selectbox(key="from-mine").value == "first"
    assert "Nothing." in words(app)
    shutil.rmtree(first.path)
    app = open_page("train", like="mine")
    assert "started from the weights of the run **first**, which is not here" in app.warning[0].value
    assert "Start from: first → **not chosen yet**" in words(app)
    assert app.button(key="launch").disabled
    assert app.button(key="measure").disabled
    app.selectbox(key="from-mine").set_value(FRESH).run()
    assert "Start from: first → **fresh weights**" in words(app)
    app.button(key="launch").click().run()
    assert launched[0][0].spec.start == ""


def test_a_run_of_a_study_is_found_as_a_base(open_page):
    study = next(run for run in store.list_runs(studies=True) if run.of_study and run.spec.family == "cnn")
    started_run("mine", study)
    app = open_page("train", like="mine")
    assert app.selectbox(key="from-mine").value == study.name
    assert "Nothing." in words(app)
    app.selectbox(key="from-mine").set_value(FRESH).run()
    assert f"Start from: {study.name} → **fresh weights**" in words(app)
