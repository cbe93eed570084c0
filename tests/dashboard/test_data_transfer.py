"""Transfer on the page Data: what run and set both have, what the run gets right there as the engine says, and the way to fine-tune."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from made_runs import made_run

from dashboard.components.transfer_result import emotions, report
from dashboard.components.transfer_tuned import before_and_after
from fer_engine.data.importing import bring, imported_path
from fer_engine.data.loaded import BadRows
from fer_engine.data.source import open_data
from fer_engine.data.synthetic import synthetic
from fer_engine.evaluation.evaluate import Evaluation, evaluate, keep
from fer_engine.evaluation.metrics import measure
from fer_engine.explain.render import to_png
from fer_engine.runs import tasks
from fer_engine.runs.store import find_run

FACES = synthetic(140)
WORDS = {0: "Wut", 3: "Freude", 4: "Trauer"}
RUN = "net2-softmax"


@pytest.fixture
def other(tmp_path) -> str:
    """An own set of drawn faces of three emotions, with German names, and contempt left out; held out a fifth as PublicTest."""
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for row in np.flatnonzero(np.isin(FACES.labels, list(WORDS))):
            archive.writestr(f"other/{WORDS[int(FACES.labels[row])]}/{row:03}.png", to_png(FACES.images[row]))
        archive.writestr("other/Verachtung/x.png", to_png(FACES.images[1]))
    target = imported_path("other")
    bring(tmp_path / "other.zip", target, {"verachtung": None}, "Training", BadRows(), hold_out=0.2)
    return str(target.absolute())


@pytest.fixture
def transfer(open_page, other):
    return lambda **query: open_page("data", data="own sets", part="Transfer", **({"transfer-run": RUN} | query))


@pytest.fixture
def at_once(monkeypatch):
    """Tasks are done where they are started."""
    from fer_engine.evaluation.evaluate_tasks import evaluate_on

    def start(task):
        task.folder.mkdir(parents=True, exist_ok=True)
        with tasks.at_work(task) as tell:
            evaluate_on(task, tell)

    monkeypatch.setattr(tasks, "start", start)


def words(app) -> str:
    return "\n".join(item.value for item in [*app.markdown, *app.caption, *app.error, *app.info]).replace("\\", "")


def metrics(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def label_map(app) -> dict[str, dict[str, str]]:
    rows = app.table[0].value.to_dict("records")
    return {row["Emotion"]: row for row in rows}


def test_what_both_have_and_what_the_set_calls_it(transfer):
    app = transfer()
    assert "**3** of 7: angry, happy, sad." in words(app)
    found = label_map(app)
    assert (found["happy"]["In the set"], found["happy"]["Counts"]) == ("Freude", "yes")
    assert (found["disgust"]["In the set"], found["disgust"]["Faces"], found["disgust"]["Counts"]) == ("–", "0", "no")
    assert (found["left out"]["In the set"], found["left out"]["Faces"]) == ("Verachtung", "(1 in all)")


def test_the_result_is_the_engines_and_stays(transfer, other, at_once, figure):
    app = transfer()
    app.button(key="evaluate-transfer").click().run()
    assert not app.error
    own = evaluate(find_run(RUN), open_data(other).faces, "PublicTest")
    low, high = own.metrics.accuracy_ci95
    assert metrics(app)["Accuracy"] == f"{100 * own.metrics.accuracy:.1f}%"
    assert metrics(app)["95% interval"] == f"{100 * low:.1f} – {100 * high:.1f}%"
    assert metrics(app)["Faces"] == f"{own.metrics.n}"
    assert "Another data set: net2-softmax learnt from 'fer2013', these faces are 'other' (PublicTest)" in words(app)
    assert "PublicTest · n=12 · other data · 3 emotions · chosen on fer2013's PublicTest · flip TTA · 1 seed" in words(app)
    (dots,) = figure(app, "transfer-emotions")["data"]
    assert [name.split(" (")[0] for name in dots["y"]] == ["all faces", "angry", "happy", "sad"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels.count("CSV") == 3
    assert "All figures (JSON)" in labels
    fresh = transfer()
    assert metrics(fresh) == metrics(app), "what was evaluated needs no second time"
    other_split = fresh.selectbox(key=f"transfer-split-{other}").set_value("Training").run()
    assert other_split.button(key="evaluate-transfer").label == "Evaluate"


def test_a_set_by_its_path_is_tried_without_bringing_it(open_page, tmp_path, at_once):
    lines = ["emotion,pixels,Usage"] + [f"3,{' '.join(map(str, image.ravel()))},PrivateTest" for image in FACES.images[FACES.labels == 3]]
    (tmp_path / "smiles.csv").write_text("\n".join(lines))
    app = open_page("data", data="synthetic", size="140", part="Transfer", **{"transfer-run": RUN})
    app.text_input(key="transfer-path").set_value(str(tmp_path / "smiles.csv")).run()
    assert "**1** of 7: happy. **20** faces of PrivateTest count." in words(app)
    assert "To train on this set, bring it in first" in words(app)
    app.button(key="evaluate-transfer").click().run()
    assert metrics(app)["Accuracy"] == "100.0%", "there is nothing else to answer"
    app.text_input(key="transfer-path").set_value(str(tmp_path / "none")).run()
    assert "There is no file or folder" in words(app)


def test_a_click_fills_the_form_that_fine_tunes(transfer, other):
    app = transfer()
    app.segmented_control(key="transfer-learns").set_value("head").run()
    app.button(key="fine-tune").click().run()
    assert app.title[0].value == "Train"
    assert app.selectbox(key="own-set").value == "imported/other"
    assert app.selectbox(key="model").value == "net2"
    assert app.selectbox(key="from-net2").value == RUN
    assert app.selectbox(key=f"quick-net2-softmax-{RUN}-learns").value == "head"
    assert "Layers that learn `learns`: all → **head**" in words(app)
    assert not app.error
    again = transfer()
    again.segmented_control(key="transfer-learns").set_value("all").run()
    again.button(key="fine-tune").click().run()
    assert again.selectbox(key=f"quick-net2-softmax-{RUN}-learns").value == "all"


def test_why_a_run_cannot_be_fine_tuned_is_said(transfer):
    assert "Only networks can be fine-tuned" in words(transfer(**{"transfer-run": "svm-hog"}))


def tuned(name: str, before: float, labels: list[int], answers: list[int], **changes):
    run = made_run(name, labels, answers, spec=find_run("net5-softmax").spec, start=find_run("net5-softmax").spec.hash, **changes)
    manifest = json.loads((run.path / "manifest.json").read_text())
    manifest |= {
        "before": {"accuracy": before, "accuracy_ci95": [before - 0.1, before + 0.1], "macro_f1": 0.1},
        "starts_from": "net5-softmax",
    }
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    return type(run)(run.path)


def test_fine_tuned_runs_show_before_and_after(transfer):
    run = tuned("on-mine", 0.25, [0, 1, 2, 3], [0, 1, 2, 0], learns="head")
    made_run("other", [0, 1], [0, 1])
    frame = before_and_after(find_run("net5-softmax"), [run, find_run("other"), find_run("svm-hog")])
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["Run"], row["Learnt"], row["Faces"], row["Points"]) == ("on-mine", "head only", "4", "+50.0")
    assert row["Before"] == "25.0 (15.0 – 35.0)"
    assert row["After"].startswith("75.0 (")
    app = transfer(**{"transfer-run": "net5-softmax"})
    assert [table.value.iloc[0]["Run"] for table in app.table[1:]] == ["on-mine"]
    assert "No finished run was fine-tuned from it yet." in words(transfer(**{"transfer-run": "net12-svm"}))


def test_the_page_runs_shows_before_and_after(open_page):
    tuned("on-mine", 0.25, [0, 1, 2, 3], [0, 1, 2, 0], learns="head")
    app = open_page("runs", run="on-mine")
    assert (metrics(app)["Accuracy before"], metrics(app)["Accuracy on PublicTest"]) == ("25.0%", "75.0%")
    assert "net5-softmax, which it goes on from, on the same faces; 95% interval 15.0 – 35.0" in words(app)


def test_figures_by_emotion_are_of_those_that_count():
    labels, answers = np.array([0, 0, 0, 3, 3]), np.array([0, 0, 3, 3, 3])
    scores = np.zeros((5, 7))
    scores[np.arange(5), answers] = 1
    found = Evaluation("a", "PublicTest", measure(scores, labels, np.zeros(5, bool)), "none", "h", 1.0, "other", ("angry", "happy"))
    assert [(row.faces, row.n, round(row.accuracy, 3)) for row in emotions(found)] == [
        ("all faces", 5, 0.8),
        ("angry", 3, 0.667),
        ("happy", 2, 1.0),
    ]
    assert report(found)["Emotion"].tolist() == ["angry", "happy"]
    assert "macro average" in report(replace(found, classes=Evaluation.__dataclass_fields__["classes"].default))["Emotion"].tolist()


def test_a_damaged_evaluation_is_a_sentence(transfer, other):
    run = find_run(RUN)
    path = keep(run, evaluate(run, open_data(other).faces, "PublicTest"))
    path.write_text("{}")
    assert "is damaged" in words(transfer())
