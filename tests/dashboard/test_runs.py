"""Runs lists every run as its folder says, opens one by its address, and shows the faces behind its figures."""

import base64
import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
import streamlit as st

from dashboard.face_tiles import BARS, FACE, GAP, face_answer, ordered, sheet, thumbnail
from dashboard.run_listing import DAMAGE, summarise
from dashboard.run_tables import architecture, paper_accuracy, per_emotion
from dashboard.text import percent, probability, protocol
from fer_engine import settings
from fer_engine.data.synthetic import synthetic
from fer_engine.evaluation.curves import Scored, scored_splits
from fer_engine.evaluation.intervals import macro_f1_interval, top2_interval
from fer_engine.experiments import lab, paper
from fer_engine.experiments.spec import override, to_json, with_data
from fer_engine.labels import COLORS, NAMES
from fer_engine.models import registry
from fer_engine.runs.package import pack
from fer_engine.runs.store import Run, finished_run, list_runs, run_path

DRAWN = "synthetic:350"  # 35 faces of PublicTest: a page of thumbnails and a half
RUN = "net5-svm"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of a few filters, trained on drawn faces."""
    from fer_engine.training.hardware import Hardware
    from fer_engine.training.run import prepare, train_run

    changes = {"network.widths": [4, 4], "network.hidden": [8], "batch_size": 32, "epochs": 2, "sizes": [48]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_LAB_RUNS", str(tmp_path_factory.mktemp("area")))
        faces = synthetic(350)
        job = prepare(override(lab.quick("net5"), changes), faces, "drawn")
        return train_run(job, faces, Hardware(device="cpu", precision="32-true", threads=1))


@pytest.fixture
def drawn(trained) -> Run:
    """The same, as one of the user's own runs."""
    folder = run_path("drawn")
    shutil.copytree(trained.path, folder)
    return Run(folder)


@pytest.fixture
def half_done() -> Run:
    """An unfinished run, two epochs in: the second is the better one by what it is chosen by."""
    folder = run_path("half-done")
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(to_json(with_data(override(lab.recipe("net2"), {"seed": 3}), "a", "b", "fer2013")))
    rows = ["epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_macro_f1,learning_rate,size,seconds"]
    rows += ["1,1.9,0.2,1.8,0.25,0.2,0.01,48,10", "2,1.7,0.3,1.6,0.375,0.3,0.02,48,12"]
    (folder / "history.csv").write_text("\n".join(rows) + "\n")
    return Run(folder)


def rows(app) -> list[dict]:
    return app.dataframe[0].value.to_dict("records")


def open_section(open_page, run, section, **query):
    return open_page("runs", run=run, section=section, **query)


def numbers(values) -> list[float]:
    """A line's numbers, as Plotly packs them."""
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist() if isinstance(values, dict) else values


def pictures(app) -> list[str]:
    """What is told of each picture on the page."""
    return [image.alt for shown in app.get("image") for image in shown.proto.imgs]


def thumbnails(app) -> list[str]:
    return [alt for alt in pictures(app) if alt.startswith("Face in row")]


def shown_rows(app) -> list[int]:
    return [int(alt.split("row ")[1].split(",")[0]) for alt in thumbnails(app)]


# The table


def test_every_run_has_a_row_with_what_its_folder_says(open_page, half_done):
    table = {row["Run"]: row for row in rows(open_page("runs"))}
    runs = list_runs(studies=True)
    assert list(table) == [run.name for run in runs]
    for run in (run for run in list_runs() if run.shipped):
        row, figures = table[run.name], run.metrics["PublicTest"]
        low, high = figures["accuracy_ci95"]
        assert (row["Status"], row["From"]) == ("finished", "shipped")
        assert (row["Model"], row["Head"]) == (run.spec.model, run.spec.head)
        assert row["Accuracy"] == pytest.approx(100 * figures["accuracy"])
        assert row["95% interval"] == f"{100 * low:.1f} – {100 * high:.1f}"
        assert row["Protocol"] == protocol(run)
        assert row["Best epoch"] == (run.manifest["best_epoch"] if run.spec.family == "cnn" else None)
        assert row["Seconds"] == round(run.manifest["seconds"])
        assert row["Date"] == datetime.fromisoformat(run.manifest["finished"])
        assert list(row["By epoch"]) == pytest.approx(list(100 * run.history()["valid_accuracy"]))


def test_an_unfinished_run_shows_how_far_it_is_and_marks_its_figure(open_page, half_done):
    row = next(row for row in rows(open_page("runs")) if row["Run"] == "half-done")
    assert (row["Status"], row["From"]) == ("unfinished", "own")
    assert (row["Best epoch"], row["Accuracy"], row["Seconds"]) == (2, 37.5, 22)
    assert row["95% interval"] == "35.9 – 39.1"  # of 1,346 right answers of 3,589
    assert row["Protocol"] == "PublicTest · n=3,589 · best epoch so far, chosen on PublicTest · no TTA · 1 seed"
    assert row["Recipe and changes"] == "our recipe: seed 3"
    assert abs((datetime.now(UTC) - row["Date"]).total_seconds()) < 600


def test_a_run_before_its_first_epoch_is_listed_too(open_page, half_done):
    (half_done.path / "history.csv").unlink()
    app = open_page("runs", run="half-done", section="Training")
    row = next(row for row in rows(app) if row["Run"] == "half-done")
    assert row["Accuracy"] != row["Accuracy"]  # none
    assert "first epoch" in app.info[0].value


@pytest.mark.parametrize(
    ("file", "content"),
    [("spec.json", "{"), ("metrics.json", "[]"), ("metrics.json", '{"PublicTest": 1}'), ("manifest.json", "{}"), ("history.csv", "")],
)
def test_a_damaged_run_is_named_in_a_sentence_and_the_others_stay(open_page, drawn, file, content):
    (drawn.path / file).write_text(content)
    app = open_page("runs")
    assert "'drawn' cannot be read" in app.warning[0].value
    assert [row["Run"] for row in rows(app)] == [run.name for run in list_runs(studies=True) if run.shipped]
    assert not app.error


def test_a_damaged_history_beside_a_state_is_told_and_the_others_stay(open_page, half_done):
    (half_done.path / "resume.safetensors").touch()
    (half_done.path / "history.csv").write_bytes(b"epoch\n\xff\n")
    app = open_page("runs")
    assert "'half-done' cannot be read" in app.warning[0].value
    assert len(rows(app)) == len(list_runs(studies=True)) - 1
    assert not app.error


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 1e30},
        {"best_epoch": 10**30},
        {"best_epoch": float("inf")},
        {"finished": "2026-01-31T12:00:00"},
        {"finished": "yesterday"},
    ],
    ids="-".join,
)
def test_values_that_no_table_can_hold_leave_their_run_out(drawn, change):
    manifest = drawn.path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(DAMAGE):
        summarise(drawn)


def test_a_run_that_came_to_no_number_yet_is_summarised(half_done):
    (half_done.path / "spec.json").write_text(to_json(override(half_done.spec, {"monitor": "valid_loss"})))
    history = half_done.path / "history.csv"
    history.write_text(history.read_text().replace(",1.8,", ",,").replace(",1.6,", ",,"))
    assert summarise(Run(half_done.path)).best_epoch == 2
    history.write_text(history.read_text().replace(",48,12", ",48,1e300"))
    with pytest.raises(DAMAGE, match="each with its seconds"):
        summarise(half_done)


def test_the_filter_keeps_what_passes_all_of_it(open_page, half_done):
    app = open_page("runs")
    app.multiselect(key="only-model").set_value(["net2"]).run()
    assert {row["Run"] for row in rows(app) if row["From"] != "ablation"} == {"net2-softmax", "net2-svm", "half-done"}
    app.multiselect(key="only-status").set_value(["unfinished"]).run()
    assert [row["Run"] for row in rows(app)] == ["half-done"]
    app.multiselect(key="only-head").set_value(["svm"]).run()
    assert "No run passes" in app.info[0].value
    app = open_page("runs", find="SEED 3")
    assert [row["Run"] for row in rows(app)] == ["half-done"]


def test_without_runs_a_sentence_names_the_way_out(open_page, no_checkpoints):
    assert "fer_engine train" in open_page("runs").info[0].value


# Opening one


def test_the_address_opens_a_run_and_its_figures_are_those_of_its_metrics(open_page):
    app = open_page("runs", run=RUN)
    assert app.header[0].value == RUN
    assert app.session_state["runs-table"]["selection"]["rows"] == [_place(RUN)]
    figures = finished_run(RUN).metrics["PublicTest"]
    told = {item.label: item.value for item in app.metric}
    assert told["Accuracy on PublicTest"] == percent(figures["accuracy"])
    assert told["Without copies"] == percent(figures["accuracy_deduplicated"])
    assert told["Macro F1"] == percent(figures["macro_f1"])
    assert told["Top-2 accuracy"] == percent(figures["top2"])
    assert told["The paper's accuracy"] == "61.8%"
    low, high = figures["accuracy_ci95"]
    notes = " ".join(item.value for item in app.caption)
    assert f"{100 * low:.1f} – {100 * high:.1f}, 3,589 faces" in notes
    assert "PrivateTest, another split" in notes
    assert any(protocol(finished_run(RUN)) in item.value for item in app.markdown)


def _place(name: str) -> int:
    return [run.name for run in list_runs(studies=True)].index(name)


def test_the_list_opens_another_run_and_the_table_follows(open_page):
    app = open_page("runs", run=RUN)
    app.selectbox(key="run").set_value("net2-svm").run()
    assert app.header[0].value == "net2-svm"
    assert app.session_state["runs-table"]["selection"]["rows"] == [_place("net2-svm")]


def test_another_run_begins_with_its_first_page_of_faces(open_page):
    app = open_page("runs", run="net5-softmax")
    app.session_state["page"] = 4
    app.selectbox(key="run").select("net2-softmax").run()
    assert app.session_state["page"] == 1


def test_a_link_to_a_run_that_is_gone_is_told(open_page):
    app = open_page("runs", run="long-gone")
    assert "'long-gone'" in app.warning[0].value
    assert not app.header


def test_of_an_own_and_a_shipped_run_of_one_name_the_address_means_the_own_and_both_can_be_opened(open_page, drawn):
    drawn.path.rename(drawn.path.with_name(RUN))
    app = open_page("runs", run=RUN)
    assert "trained here" in app.caption[0].value + app.caption[1].value
    app = open_page("runs", run=f"shipped/{RUN}")
    assert {item.label: item.value for item in app.metric}["Accuracy on PublicTest"] == percent(
        json.loads((settings.checkpoints_dir() / RUN / "metrics.json").read_text())["PublicTest"]["accuracy"]
    )


def test_settings_name_what_the_run_changes_of_its_base(open_page, drawn):
    app = open_page("runs", run="drawn")
    changed = {row["Field"]: (row["Value"], row["Our quick recipe"]) for row in app.table[1].value.to_dict("records")}
    assert changed["epochs"] == ("2", "6")
    assert changed["network.widths"] == ("4-4", "64-64-64-128-128")
    assert "seed" not in changed


def test_later_evaluations_are_listed_with_their_interval(open_page, drawn):
    (drawn.path / "evaluations").mkdir()
    tree = {"split": "PrivateTest", "n": 35, "accuracy": 0.4, "accuracy_ci95": [0.2564, 0.5642], "accuracy_deduplicated": None}
    (drawn.path / "evaluations" / "abc-PrivateTest.json").write_text(json.dumps(tree | {"tta": "flip", "data": "abc"}))
    app = open_page("runs", run="drawn")
    (row,) = next(table.value for table in app.table if "Split" in table.value).to_dict("records")
    assert (row["Split"], row["Faces"], row["Accuracy"], row["95% interval"]) == ("PrivateTest", 35, "40.0%", "25.6 – 56.4")
    assert "None yet" in " ".join(item.value for item in open_page("runs", run=RUN).caption)


def test_an_unfinished_run_has_no_figures_but_its_curves_and_layers(open_page, half_done, figure):
    app = open_page("runs", run="half-done")
    assert "has not finished" in app.info[0].value
    assert app.metric[0].value == "37.5%"
    app = open_section(open_page, "half-done", "ROC")
    assert "comes with the end of the training" in app.info[0].value
    app = open_section(open_page, "half-done", "Training")
    assert any("**epoch 2** would be kept now" in item.value for item in app.markdown)
    assert any("each epoch · Training and PublicTest · n=3,589 · no TTA · 1 seed" in item.value for item in app.markdown)
    assert open_section(open_page, "half-done", "Architecture").table


def test_the_result_stands_under_its_own_protocol_beside_the_curves(open_page):
    run = finished_run("net2-softmax")
    figures = run.metrics["PublicTest"]
    low, high = figures["accuracy_ci95"]
    app = open_section(open_page, run.name, "Training")
    said = [item.value for item in app.markdown]
    badge, result, training = (
        next(place for place, words in enumerate(said) if part in words)
        for part in (protocol(run), "Measured at the end", "each epoch · Training and PublicTest · n=3,589 · no TTA")
    )
    assert badge < result < training
    assert f"**{percent(figures['accuracy'])}** of PublicTest (95% interval {100 * low:.1f} – {100 * high:.1f})" in said[result]
    assert any("its labels are smoothed by 0.1" in item.value for item in app.caption)


def test_what_a_start_brought_has_its_protocol_and_intervals(open_page):
    run = next(run for run in list_runs() if run.finished and run.manifest.get("before"))
    app = open_section(open_page, run.name, "Data")
    said = [item.value for item in app.markdown]
    assert any(protocol(run) in words for words in said)
    shares = next(words for words in said if "Started from" in words)
    for figures in (run.manifest["before"], run.metrics["PublicTest"]):
        low, high = figures["accuracy_ci95"]
        assert f"{percent(figures['accuracy'])} (95% interval {100 * low:.1f} – {100 * high:.1f})" in shares


def test_headlines_have_their_intervals(open_page):
    scored = scored_splits(finished_run(RUN))["PublicTest"]
    f1, top2 = macro_f1_interval(scored), top2_interval(finished_run(RUN).metrics["PublicTest"])
    notes = [item.value for item in open_page("runs", run=RUN).caption]
    for found, rest in ((f1, "mean over the emotions"), (top2, "label among the two likeliest")):
        assert any(f"95% interval {100 * found.low:.1f} – {100 * found.high:.1f}, 3,589 faces; {rest}" in note for note in notes)


def test_the_curves_are_the_historys_with_the_chosen_epoch_marked(open_page, figure):
    run = finished_run("net2-softmax")
    app = open_section(open_page, run.name, "Training")
    history = run.history()
    lines = {line["name"]: line for line in figure(app, "curves-accuracy")["data"]}
    assert numbers(lines["validation"]["y"]) == pytest.approx(list(100 * history["valid_accuracy"]))
    assert numbers(lines["training"]["y"]) == pytest.approx(list(100 * history["train_accuracy"]))
    assert lines["chosen"]["x"] == [run.manifest["best_epoch"]]
    app.segmented_control(key="curves-by").set_value("seconds").run()
    minutes = numbers(figure(app, "curves-loss")["data"][0]["x"])
    assert minutes == pytest.approx(list(history["seconds"].cumsum() / 60))


@pytest.mark.parametrize("section", ["Architecture", "Errors", "ROC", "Per class", "Calibration", "Data", "Faces"])
def test_every_section_of_a_finished_run_is_drawn_without_the_data_set(open_page, section):
    app = open_section(open_page, RUN, section)
    assert not app.error
    assert not app.exception
    assert app.segmented_control(key="section").value == section


def test_the_report_per_class_holds_the_metrics(open_page):
    shown = {row["Emotion"]: row for row in open_section(open_page, RUN, "Per class").table[0].value.to_dict("records")}
    for name, item in finished_run(RUN).metrics["PublicTest"]["per_class"].items():
        assert shown[name]["Precision"] == f"{item['precision']:.3f}"
        assert shown[name]["Recall"] == f"{item['recall']:.3f}"
        assert shown[name]["F1"] == f"{item['f1']:.3f}"
        assert shown[name]["Support"] == f"{item['support']:,}"


def test_roc_calibration_and_class_counts_are_the_engines(open_page, figure):
    run = finished_run(RUN)
    names = [line["name"] for line in figure(open_section(open_page, RUN, "ROC"), "roc")["data"] if "name" in line]
    assert [name.rsplit(" ", 1)[0] for name in names] == [*NAMES, "micro average", "macro average"]
    title = figure(open_section(open_page, RUN, "Calibration"), "reliability")["layout"]["title"]["text"]
    assert percent(run.calibration.ece) in title
    counts = figure(open_section(open_page, RUN, "Data"), "split-counts")["data"][1]["text"]
    assert [told.split(" ·")[0] for told in counts] == [f"{run.manifest['counts']['PublicTest'][name]:,}" for name in NAMES]


# Faces


def test_without_the_data_set_a_sentence_says_so_and_the_matrix_stays(open_page):
    app = open_section(open_page, RUN, "Errors", label="fear", answer="sad")
    matrix = finished_run(RUN).metrics["PublicTest"]["confusion_matrix"]
    assert any(f"**{matrix[NAMES.index('fear')][NAMES.index('sad')]}** faces" in item.value for item in app.markdown)
    assert "No data set is at hand" in app.info[0].value
    assert len(app.get("vega_lite_chart")) == 1
    assert not thumbnails(app)


def test_another_data_set_is_refused_by_its_content(open_page, monkeypatch):
    monkeypatch.setenv("FER_LAB_DATA", DRAWN)
    app = open_section(open_page, RUN, "Faces")
    assert finished_run(RUN).spec.data.valid_hash in app.info[0].value
    assert not thumbnails(app)


def test_a_chosen_cell_shows_its_faces_the_surest_first(open_page, monkeypatch, drawn):
    monkeypatch.setenv("FER_LAB_DATA", DRAWN)
    (scored,) = scored_splits(drawn).values()
    label, answer = int(scored.labels[0]), int(scored.answers[0])
    app = open_section(open_page, "drawn", "Errors")
    assert not thumbnails(app)
    app.selectbox(key="label").set_value(NAMES[label]).run()
    app.selectbox(key="answer").set_value(NAMES[answer]).run()
    wanted = np.flatnonzero((scored.labels == label) & (scored.answers == answer))
    wanted = wanted[np.argsort(-scored.probabilities[wanted, answer], kind="stable")]
    assert shown_rows(app) == scored.ids[wanted].tolist()
    told = f"labelled {NAMES[label]}, answered {NAMES[answer]}"
    assert all(told in alt for alt in thumbnails(app))


def test_the_gallery_begins_with_the_surest_mistakes_page_by_page(open_page, monkeypatch, drawn):
    monkeypatch.setenv("FER_LAB_DATA", DRAWN)
    (scored,) = scored_splits(drawn).values()
    places = ordered(scored, right=None, label=None, answer=None, surest_first=True)
    mistakes = [place for place in places if scored.labels[place] != scored.answers[place]]
    app = open_section(open_page, "drawn", "Faces")
    assert shown_rows(app) == scored.ids[mistakes][:24].tolist()
    app.segmented_control(key="show").set_value("all").run()
    app.get("pagination")[0].set_value(2).run()
    assert shown_rows(app) == scored.ids[places][24:].tolist()
    app.segmented_control(key="order").set_value("least sure first").run()
    assert len(shown_rows(app)) == 24
    assert shown_rows(app)[0] == scored.ids[places][-1]


def test_a_face_is_explained_when_it_is_asked_for(open_page, monkeypatch, drawn, figure):
    monkeypatch.setenv("FER_LAB_DATA", DRAWN)
    (scored,) = scored_splits(drawn).values()
    app = open_section(open_page, "drawn", "Faces", show="all")
    row = shown_rows(app)[0]
    app.button(key=f"why-{row}").click().run()
    place = int(np.flatnonzero(scored.ids == row)[0])
    answer = NAMES[scored.answers[place]]
    assert any(f"Grad-CAM++ for {answer}, the answer" in alt for alt in pictures(app))
    (bars,) = figure(app, "why-bars")["data"]
    assert bars["text"] == [probability(float(value)) for value in scored.probabilities[place]]


def test_faces_that_are_another_data_sets_rows_are_not_shown(open_page, monkeypatch, drawn):
    """The same faces, as a folder of images would number them: in another order."""
    from fer_engine.data import source
    from fer_engine.data.loaded import LoadedData

    faces = synthetic(350)
    shuffled = faces.take(np.random.default_rng(0).permutation(350))
    shuffled = type(faces)(shuffled.images, shuffled.labels, shuffled.split, np.arange(350), shuffled.name)
    assert shuffled.part("PublicTest").content_hash == drawn.spec.data.valid_hash
    monkeypatch.setenv("FER_LAB_DATA", "shuffled")
    monkeypatch.setattr(source, "open_data", lambda *_, **__: LoadedData(shuffled))
    st.cache_resource.clear()  # the drawn set itself, as other tests opened it
    app = open_section(open_page, "drawn", "Faces")
    st.cache_resource.clear()
    assert "another order" in app.info[0].value
    assert not thumbnails(app)


# In and out


def test_a_dropped_zip_joins_the_table_and_is_opened(open_page, drawn):
    app = open_page("runs")
    app.file_uploader(key="zip").upload("given.zip", pack(drawn)).run()
    assert app.success[0].value.startswith("The run 'drawn-2' is taken in")
    assert app.header[0].value == "drawn-2"
    assert "drawn-2" in [row["Run"] for row in rows(app)]
    assert run_path("drawn-2").is_dir()


def test_a_zip_that_is_no_run_is_answered_with_a_sentence(open_page):
    app = open_page("runs")
    app.file_uploader(key="zip").upload("given.zip", b"no zip").run()
    assert "given.zip was not taken in" in app.error[0].value
    assert not app.exception
    assert not settings.runs_dir().exists() or not list(settings.runs_dir().iterdir())


def test_an_own_run_is_deleted_when_that_is_confirmed_and_a_shipped_one_cannot_be(open_page, drawn):
    assert not [button for button in open_page("runs", run=RUN).button if "for good" in button.label]
    app = open_page("runs", run="drawn")
    app.button(key="delete").click().run()
    assert not drawn.path.exists()
    assert "is deleted" in app.success[0].value
    assert not app.header


def test_a_run_whose_files_were_changed_is_marked_and_not_given_away(open_page, drawn):
    with (drawn.path / "weights.safetensors").open("ab") as file:
        file.write(b"x")
    app = open_page("runs", run="drawn")
    assert "weights.safetensors" in app.warning[0].value
    assert all(button.disabled for button in app.get("download_button") if button.label in ("Report", "Run as zip"))


def test_a_run_without_weights_says_so_and_keeps_its_report(open_page, drawn):
    (drawn.path / "weights.safetensors").unlink()
    app = open_page("runs", run="drawn")
    assert not app.exception
    assert not app.warning
    assert any("without its weights" in item.value for item in app.info)
    assert {button.label: button.disabled for button in app.get("download_button") if button.label in ("Report", "Run as zip")} == {
        "Report": False,
        "Run as zip": True,
    }
    assert "Ask it about a face" not in [link.proto.label for link in app.get("page_link")]
    app = open_page("runs", run="drawn", section="Faces")
    assert not app.exception


def test_a_run_whose_figures_are_damaged_can_still_be_deleted(open_page, drawn):
    figures = json.loads((drawn.path / "metrics.json").read_text())
    del figures["PublicTest"]["accuracy_deduplicated"]
    (drawn.path / "metrics.json").write_text(json.dumps(figures))
    app = open_page("runs", run="drawn")
    assert [button.label for button in app.button if "for good" in button.label] == ["Delete drawn for good"]


def test_a_run_tells_the_command_that_trains_one_like_it(open_page, drawn):
    assert drawn.command in [item.value for item in open_page("runs", run="drawn").code]
    assert drawn.command.startswith("python -m fer_engine train --model ")


# What is drawn and told, without a page


def some_scores() -> Scored:
    probabilities = np.full((4, 7), 0.01)
    probabilities[[0, 1, 2, 3], [0, 1, 1, 0]] = [0.9, 0.5, 0.8, 0.5]
    labels = np.array([0, 0, 1, 1])
    return Scored("PublicTest", np.array([10, 20, 30, 40]), labels, np.log(probabilities), probabilities, probabilities)


@pytest.mark.parametrize(
    ("choice", "places"),
    [
        ({"right": None}, [0, 2, 1, 3]),
        ({"right": False}, [1, 3]),
        ({"right": True, "surest_first": False}, [2, 0]),
        ({"right": None, "label": "angry"}, [0, 1]),
        ({"right": None, "label": "angry", "answer": "disgust"}, [1]),
        ({"right": None, "answer": "happy"}, []),
    ],
)
def test_faces_are_picked_and_ordered_by_how_sure_the_answer_is(choice, places):
    wanted = {"label": None, "answer": None, "surest_first": True} | choice
    assert ordered(some_scores(), **wanted).tolist() == places


def test_a_thumbnail_holds_the_face_and_bars_as_long_as_the_probabilities():
    face = np.full((48, 48), 77, np.uint8)
    picture = thumbnail(face, np.array([1, 0.5, 0, 0, 0, 0, 0]), "sad")
    assert (picture[:, :FACE, :3] == 77).all()
    bars = picture[:, FACE + GAP :]
    for name, length in (("angry", BARS), ("disgust", BARS // 2)):
        color = [int(COLORS[name][place : place + 2], 16) for place in (1, 3, 5)]
        assert (bars[..., :3] == color).all(-1).sum(1).max() == length
    assert sheet([(picture, "angry")] * 7).shape[1] > 6 * 2 * FACE


def test_a_face_is_told_with_label_answer_and_probability():
    assert face_answer(some_scores(), 1).told == "angry → disgust 50%"
    assert face_answer(some_scores(), 0).told == "angry 90%"


@pytest.mark.parametrize("name", registry.names())
def test_the_architectures_parameters_add_up_to_the_networks(name):
    frame = architecture(registry.entry(name).config)
    network = registry.build(name)
    assert frame["Parameters"].iloc[-1] == sum(parameter.numel() for parameter in network.parameters())
    assert frame["Parameters"].iloc[:-1].sum() == frame["Parameters"].iloc[-1]
    assert frame["Output shape"].iloc[-2] == "7"


def test_figures_per_emotion_follow_from_the_counts():
    counts = np.zeros((7, 7), int)
    counts[0, 0], counts[0, 1], counts[1, 1] = 3, 1, 6
    row = per_emotion(counts.tolist()).iloc[0]
    assert (row["Precision"], row["Recall"], row["Support"]) == (1.0, 0.75, 4)
    assert row["One against the rest"] == pytest.approx(0.9)


def test_the_papers_figure_stands_beside_its_own_network_alone():
    assert paper_accuracy(paper.recipe("net5")) == pytest.approx(0.611)
    assert paper_accuracy(override(paper.recipe("net5"), {"network.widths": [8, 8]})) is None
    assert paper_accuracy(with_data(lab.recipe("net5"), "a", "b", "synthetic")) is None
