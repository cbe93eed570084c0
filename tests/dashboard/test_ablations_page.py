"""The page Ablations: the paper's figures beside those of run folders, rows not run, and a study launched, watched, stopped."""

from urllib.parse import parse_qs

import pytest
from made_runs import made_run

from dashboard import ablation_charts
from fer_engine.ablations import catalogue, jobs, ledger
from fer_engine.ablations.results import conclude, results
from fer_engine.data.source import open_data

LABELS = [place % 7 for place in range(200)]
MINE = "set.epochs = 1\n[vary]\nlabel_smoothing = [0.0]\n"


def answers(right: int) -> list[int]:
    return [label if place < right else (label + 1) % 7 for place, label in enumerate(LABELS)]


@pytest.fixture
def batch(no_checkpoints):
    """The study of batch sizes, two of whose rows have been run."""
    study = catalogue.find_study("batch")
    made_run("small", LABELS, answers(100), spec=study.row("32").spec)
    made_run("usual", LABELS, answers(150), spec=study.row("300").spec)
    return study


def words(app) -> str:
    return " ".join(item.value for kind in (app.markdown, app.info, app.caption, app.warning, app.error) for item in kind).replace("\\", "")


def test_table_has_the_papers_figures_and_ours_and_says_what_is_missing(open_page, batch, figure):
    app = open_page("ablations", study="batch")
    table = app.dataframe[0].value
    assert list(table["Paper, % of PrivateTest"]) == ["60.7", "60.32", "61.32", "57.64"]
    assert list(table["Ours, %"]) == ["50.0", "not run", "75.0", "not run"]
    assert "2 of 4 rows have no finished run on this data yet: 100; 500." in words(app)
    assert "cannot be told** yet: these rows have not been run: 100; 500." in words(app)
    assert "has four scores: 0.601 in Table VII" in words(app)
    paper, ours = figure(app, "ablation-settings")["data"]
    assert (paper["y"], ours["y"]) == (["32", "100", "300", "500"], ["32", "300"])
    assert (paper["x"], ours["x"]) == (pytest.approx([60.7, 60.32, 61.32, 57.64]), [50.0, 75.0])


def test_conclusion_and_its_differences_are_the_engines(open_page, batch, figure):
    for row in ("100", "500"):
        made_run(f"of-{row}", LABELS, answers(100), spec=batch.row(row).spec)
    app = open_page("ablations", study="batch")
    (data,) = ledger.known_data()
    found = conclude(batch, results(batch, ledger.cells(batch, data)))
    assert found.verdict == "holds"
    assert found.sentence in words(app).replace("**", "")
    clear, chance = figure(app, "ablation-differences")["data"]
    assert clear["y"] == ["300 − 32", "300 − 100", "300 − 500"]
    assert clear["x"] == [25.0] * 3
    assert not chance["x"]


def test_study_without_any_run_shows_the_paper_alone(open_page, no_checkpoints, figure):
    app = open_page("ablations", study="heads")
    assert "6 of 6 rows have no finished run on this data yet: net2, softmax;" in words(app)
    (paper,) = figure(app, "ablation-settings")["data"]
    assert paper["x"] == pytest.approx([56.2, 56.9, 61.1, 61.8, 63.9, 64.5])
    assert set(app.dataframe[0].value["Ours, %"]) == {"not run"}


def test_shipped_network_stands_in_our_own_study(open_page):
    app = open_page("ablations", study="smoothing")
    table = app.dataframe[0].value
    assert table.loc[table["Setting"] == "0.1", "Runs"].item() == "net5-softmax"


def test_form_launches_what_is_missing(open_page, no_checkpoints, monkeypatch):
    launched = []
    monkeypatch.setattr("fer_engine.ablations.jobs.start", lambda name, data, **how: launched.append((name, data, how)))
    app = open_page("ablations", study="batch")
    app.number_input(key="seeds-batch").set_value(2).run()
    assert "8 of 8 runs are missing" in words(app)
    app.selectbox(key="ablation-rows-batch").set_value("32").run()
    app.button(key="launch-study").click().run()
    assert not app.exception
    assert launched == [("batch", "synthetic:2100", {"seeds": 2, "only": "batch-32", "skip_bad": False})]
    data = ledger.data_of(open_data("synthetic:2100").faces)
    assert app.selectbox(key="on").value == f"synthetic ({data.train_hash[:6]})"


def test_process_is_shown_and_stopped(open_page, no_checkpoints, monkeypatch):
    progress = jobs.StudyProgress(1, 4, seconds_left=600, failed={"ablate-batch-100-s0": "The loss became nan."})
    state = ["running"]
    monkeypatch.setattr(jobs, "find_job", lambda name: jobs.StudyJob(state[0], progress, "", "synthetic"))
    monkeypatch.setattr(jobs, "stop", lambda name: state.__setitem__(0, "stopped"))
    app = open_page("ablations", study="batch")
    assert "failed: The loss became nan." in words(app)
    assert not [button for button in app.button if button.key == "launch-study"]
    app.button(key="stop-study").click().run()
    assert not app.exception
    assert app.button(key="launch-study").label == "Train"


def test_own_study_is_kept_and_shown_and_a_mistake_is_said(open_page, no_checkpoints):
    app = open_page("ablations")
    app.text_input(key="own-study-name").set_value("mine").run()
    app.text_area(key="own-study-text").set_value("[vary]\nepoch = [1]").run()
    app.button(key="own-study-keep").click().run()
    assert "the study: vary has 'epoch', and there is no such field" in words(app)
    app.text_area(key="own-study-text").set_value(MINE).run()
    app.button(key="own-study-keep").click().run()
    assert not app.exception
    assert app.selectbox(key="study").value == "mine"
    assert list(app.dataframe[0].value["Setting"]) == ["base", "Label smoothing 0"]


def test_chart_in_words():
    marks = [ablation_charts.Mark("32", 0.607, 0.5, 0.4, 0.6), ablation_charts.Mark("100")]
    assert ablation_charts.told(marks) == "32: paper 60.7%, ours 50.0% (40.0% to 60.0%); 100: not run"


def test_what_the_text_says_is_judged_beside_the_table(open_page, no_checkpoints):
    study = catalogue.find_study("models")
    for place, key in enumerate(("svm-pca", "net2-softmax", "base", "net12-softmax")):
        wrong = [1] if place == 0 else []  # the SVM finds no disgust
        made_run(key, LABELS, [0 if label in wrong else label for label in LABELS], spec=study.row(key).spec)
    app = open_page("ablations", study="models")
    assert "What the paper's text says" in [item.value for item in app.subheader]
    assert "(networks find disgust, which the SVM on principal components does not) holds** at" in words(app)
    assert "(accuracy rises from 2 to 5 to 12 layers, the second time by less) cannot be told**" in words(app)
    (recall,) = [item.value for item in app.dataframe if "Recall, %" in item.value]
    assert list(recall["Recall, %"]) == ["0.0", "100.0", "100.0", "100.0"]
    assert "almost half of them right" in words(app)


def test_rows_are_compared_and_asked_about_a_face_by_a_click(open_page, batch):
    app = open_page("ablations", study="batch")
    links = {link.proto.label: parse_qs(link.proto.query_string) for link in app.get("page_link")}
    assert links["Compare these 2 rows"] == {"runs": ["small", "usual"]}
    asked = links["Ask all rows about a face"]
    assert (asked["against"], asked["ablation"], asked["on"]) == (["an ablation"], ["batch"], [app.selectbox(key="on").value])
