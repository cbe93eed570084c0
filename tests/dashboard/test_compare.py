"""Compare says of every pair what its test says, shows what differs, and lists the faces behind a cell."""

import re

import numpy as np
import pytest
from made_runs import made_run

from dashboard import compare_tables
from dashboard.text import percent, plain
from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_faces import agreement, confusion_difference, missed_by_all, moved_faces, recall_changes
from fer_engine.evaluation.comparison_terms import spec_differences
from fer_engine.evaluation.comparison_trust import trust
from fer_engine.labels import NAMES
from fer_engine.runs.store import finished_run, list_runs

A, B = "net5-softmax", "net12-softmax"
HAPPY, SAD = 3, 4


@pytest.fixture(scope="module")
def shipped():
    return compare({name: finished_run(name) for name in (A, B)})


def cell(name: str, label: str, answer: str) -> np.ndarray:
    """Ids of a run's PublicTest faces of that label and answer, from its file of predictions."""
    table = finished_run(name).predictions()
    answers = table[list(NAMES)].to_numpy().argmax(1)
    return table["id"].to_numpy()[(table["label"] == NAMES.index(label)) & (answers == NAMES.index(answer))]


def signed(number: float, form: str = "d") -> str:
    """As people write a difference: +22, −28, 0."""
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{abs(number):{form}}"


@pytest.fixture
def open_view(open_page):
    def open_it(view: str, runs: list[str] | None = None, **query):
        return open_page("compare", view=view, **({"runs": runs} if runs else {}), **query)

    return open_it


def said(app) -> str:
    return "\n".join(item.value for item in (*app.markdown, *app.caption))


def frame(app, column: str):
    """The table or data frame with that column."""
    (found,) = [item.value for item in (*app.table, *app.dataframe) if column in item.value]
    return found


def buttons(app) -> set[str]:
    return {button.proto.help for button in app.get("download_button")}


# Verdict


def test_the_verdict_of_two_shipped_runs_is_the_engines(open_view, shipped):
    app = open_view("Verdict")
    assert app.multiselect(key="runs").value == [A, B]
    assert plain(shipped.pairs[0].verdict) in said(app)
    assert plain(shipped.pairs[0].verdict_f1) in said(app)
    assert "Either p (Holm) is corrected for all pairs here" in said(app)
    assert "another seed can change the order" in said(app)
    row = frame(app, "p (McNemar)").iloc[0]
    test = shipped.pairs[0].test
    assert (row["A"], row["B"]) == (A, B)
    right = [sum(len(cell(name, emotion, emotion)) for emotion in NAMES) for name in (A, B)]
    assert row["Accuracy, B − A"] == signed(100 * (right[1] - right[0]) / 3589, ".1f") == compare_tables.points(test.accuracy)
    assert (row["A alone right"], row["B alone right"]) == (f"{test.only_a:,}", f"{test.only_b:,}")
    assert row["p (McNemar)"] == ("< 0.001" if test.p < 0.001 else f"{test.p:.2g}")
    assert row["p of F1 (bootstrap)"] == row["p of F1 (Holm)"] == compare_tables.p_value(test.macro_f1_p)
    figures = frame(app, "Macro F1").set_index("Run")
    for entrant in shipped.entrants:
        shown = figures.loc[f"**{plain(entrant.name)}**"]
        assert shown["Accuracy"] == percent(entrant.run.metrics["PublicTest"]["accuracy"])
        assert shown["Macro F1"] == percent(entrant.run.metrics["PublicTest"]["macro_f1"])


def test_differences_are_drawn_with_their_intervals(open_view, shipped, figure):
    clear, within = figure(open_view("Verdict"), "differences")["data"]
    test = shipped.pairs[0].test
    mine, other = (clear, within) if test.distinguishable else (within, clear)
    assert (mine["y"], other["y"]) == ([f"{B} − {A}"], [])
    assert mine["x"] == pytest.approx([100 * test.accuracy])
    assert mine["error_x"]["array"] == pytest.approx([100 * (test.accuracy_interval.high - test.accuracy)])


def test_every_table_can_be_taken_away_three_ways(open_view):
    assert buttons(open_view("Verdict")) == {
        f"Save as {name}.{ending}" for name in ("compare-verdicts", "compare-runs-0") for ending in ("csv", "md", "tex")
    }


def test_runs_of_another_protocol_are_shown_apart_and_not_tested(open_view):
    made_run("mine", [HAPPY] * 40, [HAPPY] * 30 + [SAD] * 10)
    app = open_view("Verdict", [A, "mine"])
    assert f"{plain(A)} and mine are not tested\\: different protocols" in said(app)
    assert "Different protocols, so not tested\\: net5-softmax against mine." in said(app)
    assert re.search(r"\*\*Measured on PublicTest \(content [0-9a-f]{16}\); learnt from Training \(content [0-9a-f]{16}\)\*\*", said(app))
    assert "**Measured on PublicTest (content v); learnt from Training (content t)**" in said(app)
    assert frame(app, "p (McNemar)").iloc[0]["p (Holm)"] == "–"
    app = open_view("Errors", [A, "mine"])
    assert "Different protocols" in app.warning[0].value
    assert "were not measured on the same faces" in app.error[0].value
    app = open_view("Agreement", [A, "mine"])
    assert not app.error
    assert "mine alone was measured on these faces" in said(app)


def test_runs_that_learnt_from_other_faces_are_titled_so_and_agree_on_the_faces_of_all(open_view, figure):
    labels = [HAPPY] * 40
    made_run("raw", labels, [HAPPY] * 39 + [SAD])
    made_run("cleaned", labels, [HAPPY] * 38 + [SAD] * 2, **{"data.train_hash": "c"})
    made_run("other", labels, [HAPPY] * 30 + [SAD] * 10, epochs=3)
    app = open_view("Verdict", ["other", "raw", "cleaned"])
    assert "Different protocols, so not tested\\: other against cleaned. They learnt from Training (content t)" in said(app)
    assert "**Learnt from Training (content t)**" in said(app)
    assert "**Learnt from Training (content c)**" in said(app)
    app = open_view("Agreement", ["other", "raw", "cleaned"])
    assert list(figure(app, "agreement-0")["data"][0]["x"]) == ["other", "raw", "cleaned"]
    assert "No run answers **1** of 40 faces right" in said(app)


def test_a_clear_difference_is_said_and_a_head_start_remarked(open_view):
    labels = [HAPPY] * 40
    first = made_run("good", labels, labels)
    made_run("bad", labels, [HAPPY] * 30 + [SAD] * 10, start=first.spec.hash)
    told = said(open_view("Verdict", ["good", "bad"]))
    assert re.search(r"\*\*good is better than bad by 25\.0 points \(\d+\.\d to \d+\.\d\)\*\*", told)
    assert "bad goes on from the weights of good" in told


def test_runs_with_and_without_mirror_image_are_tested_and_marked(open_view, figure):
    labels = [HAPPY] * 40
    made_run("flipped", labels, labels)
    made_run("plain", labels, [HAPPY] * 39 + [SAD], tta="none")
    app = open_view("Verdict", ["flipped", "plain"])
    assert "flipped answers with the mean over a face and its mirror image, plain does not" in said(app)
    assert "flip TTA · 1 seed" in said(app)
    assert "no TTA · 1 seed" in said(app)
    assert frame(app, "Macro F1")["TTA"].tolist() == ["flip", "none"]
    assert re.search(r"is ahead by 2\.5 points \([^)]+\), flipped alone with the mirror image of each face\.", said(app))
    assert frame(app, "p (McNemar)")["TTA"].tolist() == ["A flip, B none"]
    assert figure(app, "differences")["data"][1]["y"] == ["plain − flipped (mirror image: flipped alone)"]


# Choosing


def test_one_run_is_too_few_and_a_link_to_one_that_is_gone_is_told(open_view):
    app = open_view("Verdict", [A])
    assert "Choose one more run" in app.info[0].value
    assert "'long-gone'" in open_view("Verdict", [A, B, "long-gone"]).warning[0].value.replace("\\", "")


def test_without_runs_a_sentence_names_the_way_out(open_page, no_checkpoints):
    assert "fer_engine train" in open_page("compare").info[0].value


def test_of_several_runs_two_are_picked_and_one_that_leaves_is_replaced(open_view):
    app = open_view("Per class", [A, B, "net2-softmax"], first="net2-softmax", second=B)
    assert (app.selectbox(key="first").value, app.selectbox(key="second").value) == ("net2-softmax", B)
    app.multiselect(key="runs").set_value([A, B]).run()
    assert not app.exception
    assert app.selectbox(key="first").value == A
    app.selectbox(key="second").set_value(A).run()
    assert "A and B are one run" in app.info[0].value


def test_a_damaged_run_is_a_sentence_and_no_traceback(open_view):
    run = made_run("mine", [HAPPY], [HAPPY])
    (run.path / "predictions.parquet").write_bytes(b"no table")
    app = open_view("Verdict", [A, "mine"])
    assert "The predictions of the run 'mine' cannot be read" in app.error[0].value.replace("\\", "")
    assert not app.exception


# Sections


def test_settings_are_those_that_differ(open_view):
    shown = {row["Field"].replace("\\", ""): row for row in frame(open_view("Settings"), "Field").to_dict("records")}
    wanted = spec_differences([finished_run(name).spec for name in (A, B)])
    assert list(shown) == [item.field for item in wanted]
    assert (shown["model"][plain(A)], shown["model"][plain(B)]) == ("net5", "net12")


def test_curves_of_all_networks_lie_over_each_other_and_an_svm_has_none(open_view, figure):
    app = open_view("Training")
    lines = figure(app, "histories")["data"]
    assert [line["name"] for line in lines] == [A, B]
    assert [len(line["x"]["bdata"]) > 0 for line in lines] == [True, True]
    app.segmented_control(key="curves-by").set_value("seconds").run()
    assert figure(app, "histories")["layout"]["xaxis"]["title"]["text"] == "Time since the start (min)"


def test_a_cells_faces_are_those_that_b_fixed_and_broke(open_view, shipped):
    app = open_view("Errors", label="fear", answer="sad")
    moved = moved_faces(shipped.pairs[0].a, shipped.pairs[0].b, "fear", "sad")
    assert f"B fixed **{len(moved.fixed)}** and broke **{len(moved.broke)}**" in said(app)
    lists = [item.value for item in app.dataframe]
    assert [table["Row"].tolist() for table in lists] == [getattr(moved, kind).tolist() for kind in compare_tables.KINDS]
    fixed, broke, *_ = lists
    assert (set(fixed["A says"]), set(fixed["B says"])) == ({"sad"}, {"fear"})
    assert (set(broke["A says"]), set(broke["B says"])) == ({"fear"}, {"sad"})
    assert "No data set is at hand" in app.info[0].value
    app.selectbox(key="answer").set_value("fear").run()
    right = [set(cell(name, "fear", "fear")) for name in (A, B)]
    fixed, broke = right[1] - right[0], right[0] - right[1]
    assert [item.value["Row"].tolist() for item in app.dataframe] == [sorted(fixed), sorted(broke)]
    assert "Save as net5-softmax-to-net12-softmax-confusion.csv" in buttons(app)


def test_matrix_says_b_minus_a_and_for_whom_each_cell_speaks(shipped):
    from dashboard import altair_charts
    from dashboard.compare_cells import difference_cells

    difference = confusion_difference(shipped.pairs[0].a, shipped.pairs[0].b)
    cells = {(cell.label, cell.answer): cell for cell in difference_cells(difference)}
    seen = set()
    for label, answer in ((label, answer) for label in NAMES for answer in NAMES):
        more = len(cell(B, label, answer)) - len(cell(A, label, answer))
        better = "neither" if more == 0 else "B" if (more > 0) == (label == answer) else "A"
        assert (cells[label, answer].told, cells[label, answer].better) == (signed(more), better)
        seen.add(better)
    assert {"A", "B"} <= seen
    tree = altair_charts.confusion_difference(difference).to_dict()
    assert tree["params"][0]["select"]["fields"] == ["label", "answer"]


@pytest.mark.parametrize("dark", [False, True])
def test_every_number_in_a_cell_is_legible(dark):
    from test_run_charts import luminance

    from dashboard.compare_cells import difference_cells

    for cell in difference_cells(np.arange(-24, 25).reshape(7, 7) * 3, dark=dark):
        low, high = sorted([luminance(cell.fill), luminance(cell.ink)])
        assert (high + 0.05) / (low + 0.05) >= 4.5, cell


def test_recall_per_emotion_is_the_engines(open_view, shipped, figure):
    app = open_view("Per class")
    shown = frame(app, "Recall of A").set_index("Emotion")
    changes = recall_changes(shipped.pairs[0])
    for row in changes:
        line = shown.loc[row.emotion]
        assert (line["Recall of A"], line["Recall of B"]) == (percent(row.a), percent(row.b))
        assert (line["B fixed"], line["B broke"]) == (row.fixed, row.broke)
    drawn = [trace["x"][0] for trace in figure(app, "recalls")["data"]]
    assert drawn == pytest.approx([100 * row.difference for row in changes])


def test_recall_across_protocols_is_counted_and_not_tested(open_view, figure):
    labels = [HAPPY] * 40
    made_run("one", labels, labels)
    made_run("other", labels, [HAPPY] * 20 + [SAD] * 20, **{"data.train_hash": "more", "epochs": 3})
    app = open_view("Per class", ["one", "other"])
    row = frame(app, "Recall of A").set_index("Emotion").loc["happy"]
    assert (row["Recall of A"], row["Recall of B"], row["B broke"]) == ("100.0%", "50.0%", 20)
    assert (row["B − A (points)"], row["95% interval"], row["p (Holm)"]) == ("−50.0", "–", "–")
    assert "no intervals and no p, since the runs are of different protocols" in said(app)
    (drawn,) = figure(app, "recalls")["data"]
    assert "error_x" not in drawn
    assert drawn["x"] == [-50]


def test_agreement_and_the_faces_that_all_get_wrong(open_view, shipped, figure):
    app = open_view("Agreement")
    shares, missed = agreement(shipped.entrants), missed_by_all(shipped.entrants)
    assert figure(app, "agreement-0")["data"][0]["text"][0][1] == f"{100 * shares[0, 1]:.1f}"
    assert f"No run answers **{len(missed.ids):,}** of 3,589 faces right" in said(app)
    table = frame(app, "All say the same")
    assert table["Row"].tolist() == missed.ids.tolist()
    assert (table["All say the same"] == "yes").sum() == missed.unanimous.sum()


def test_costs_charge_a_run_for_the_one_that_it_starts_from(open_view, figure):
    app = open_view("Cost", [A, "net5-svm", "net2-softmax"])
    shown = frame(app, "On the front of").set_index("Run")
    seconds = {name: finished_run(name).manifest["seconds"] for name in (A, "net5-svm", "net2-softmax")}
    assert shown.loc[plain("net5-svm"), "Training (s)"] == f"{seconds[A] + seconds['net5-svm']:,.0f}"
    assert shown.loc[plain(A), "On the front of"] == "training and answering"
    assert shown.loc[plain("net5-svm"), "On the front of"] == "–"
    _, kept, beaten = figure(app, "pareto-training-0")["data"]
    quicker = {"net2-softmax"} if seconds["net2-softmax"] < seconds[A] else set()  # and less accurate
    assert set(kept["text"]) == {A} | quicker
    assert set(beaten["text"]) == {"net5-svm", "net2-softmax"} - quicker
    assert "The seconds of net5-svm hold those of net5-softmax" in said(app)


def test_certainty_tells_accuracy_where_a_run_may_abstain(open_view, shipped, figure):
    app = open_view("Certainty")
    found = trust(shipped.entrants[0].scored)
    row = frame(app, "Accuracy on the surest 50%").iloc[0]
    assert row["Accuracy on the surest 50%"] == percent(found.coverage.accuracy_at(0.5))
    assert row["Calibration error after"] == percent(finished_run(A).calibration.ece)
    assert percent(found.before.error) in figure(app, "reliability-before")["layout"]["title"]["text"]
    assert len(figure(app, "coverage-0")["data"]) == 2


def test_softmax_or_svm_shows_every_network_with_both_heads(open_view, figure):
    app = open_view("Softmax or SVM?")
    shown = frame(app, "B: SVM").set_index("Network")
    shipped = [run.name for run in list_runs() if run.spec.head == "svm"]
    assert {f"net{number}" for number in (2, 5, 12)} <= set(shown.index)
    assert sum(len(trace["y"]) for trace in figure(app, "heads")["data"]) >= len(shipped)
    row = shown[shown["B: SVM"].str.startswith(plain("net2-svm "))].iloc[0]
    accuracy = {name: finished_run(name).metrics["PublicTest"]["accuracy"] for name in ("net2-softmax", "net2-svm")}
    difference = 100 * (accuracy["net2-svm"] - accuracy["net2-softmax"])
    assert row["B − A (points)"] == plain(f"{difference:+.1f}".replace("-", "−"))
    assert "goes on from the weights of" in said(app)


# Tables


def test_pairs_that_differ_in_test_time_augmentation_are_marked_in_the_tables():
    labels = [HAPPY] * 40
    worse = [HAPPY] * 20 + [SAD] * 20
    runs = {"flipped": made_run("flipped", labels, labels), "plain": made_run("plain", labels, worse, tta="none")}
    runs["bare"] = made_run("bare", labels, worse, tta="none", epochs=3)
    comparison = compare(runs)
    assert compare_tables.verdicts(comparison.pairs)["TTA"].tolist() == ["A flip, B none", "A flip, B none", "none"]
    rows = compare_tables.matrix(comparison.pairs, comparison.entrants).set_index("Run")
    assert (rows.loc["plain", "flipped"], rows.loc["flipped", "plain"], rows.loc["plain", "bare"]) == ("−50.0*†", "+50.0*†", "0.0")


@pytest.mark.parametrize(("value", "told"), [(0.0186, "+1.9"), (-0.004, "−0.4"), (0.0004, "0.0"), (-0.0004, "0.0"), (0, "0.0")])
def test_differences_in_points_have_a_sign(value, told):
    assert compare_tables.points(value) == told


def test_every_cells_number_is_what_its_faces_add_up_to(shipped):
    pair = shipped.pairs[0]
    difference = confusion_difference(pair.a, pair.b)
    for label in ("fear", "sad"):
        for answer in NAMES:
            rows = compare_tables.moved(moved_faces(pair.a, pair.b, label, answer), pair)["What"].value_counts()
            more = rows.get("broke", 0) + rows.get("came", 0) - rows.get("fixed", 0) - rows.get("went", 0)
            assert difference[NAMES.index(label), NAMES.index(answer)] == (-more if label == answer else more)
