"""Softmax or SVM: how far both runs of a chosen pair can be trusted."""

import pytest
from made_runs import made_run

from dashboard.text import percent
from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_trust import trust

HAPPY, SAD = 3, 4
LABELS = [HAPPY] * 40


@pytest.fixture
def heads(no_checkpoints):
    """Softmax and SVM by two seeds; of the second pair the SVM answers without the mirror image, from the softmax's weights."""

    def made(name, right, **changes):
        return made_run(name, LABELS, [HAPPY] * right + [SAD] * (40 - right), **changes)

    runs = {"soft": made("soft", 30), "svm": made("svm", 36, head="svm"), "soft-1": made("soft-1", 20, seed=1)}
    runs["svm-1"] = made("svm-1", 24, seed=1, head="svm", start=runs["soft-1"].spec.hash, tta="none")
    return runs


@pytest.fixture
def open_heads(open_page, heads):
    return lambda **query: open_page("compare", view="Softmax or SVM?", runs=["soft", "svm"], **query)


def certainty(app):
    (found,) = [item.value for item in app.table if "Accuracy on the surest 50%" in item.value]
    return found.set_index("Run")


def test_charts_of_trust_show_both_runs_of_the_pair(open_heads, heads, figure):
    app = open_heads()
    assert app.selectbox(key="head-pair").options == ["soft and svm", "soft-1 and svm-1"]
    assert [line["name"] for line in figure(app, "coverage-pair")["data"]] == ["soft", "svm"]
    assert list(figure(app, "margins-pair")["data"][0]["y"]) == ["soft", "svm"]
    trusts = {entrant.name: trust(entrant.scored) for entrant in compare(heads).entrants}
    for letter, name in (("A", "soft"), ("B", "svm")):
        for when in ("before", "after"):
            title = figure(app, f"pair-{letter}-{when}")["layout"]["title"]["text"]
            assert percent(getattr(trusts[name], when).error) in title
    assert list(certainty(app).index) == ["soft", "svm"]


def test_another_pair_can_be_chosen_here_or_by_the_address(open_heads, figure):
    app = open_heads()
    app.selectbox(key="head-pair").set_value("soft-1 and svm-1").run()
    assert not app.exception
    assert [line["name"] for line in figure(app, "coverage-pair")["data"]] == ["soft-1", "svm-1"]
    app = open_heads(**{"head-pair": "soft-1 and svm-1"})
    assert list(certainty(app).index) == ["soft-1", "svm-1"]
    assert any("no TTA" in item.value for item in app.markdown)


def test_pair_that_is_gone_gives_way_to_the_first(open_heads):
    app = open_heads(**{"head-pair": "none and such"})
    assert not app.exception
    assert app.selectbox(key="head-pair").value == "soft and svm"


def test_tables_of_both_runs_can_be_taken_away(open_heads):
    saved = {button.proto.help for button in open_heads().get("download_button")}
    names = ["compare-certainty-pair", *(f"{name}-reliability-{when}" for name in ("soft", "svm") for when in ("before", "after"))]
    assert {f"Save as {name}.csv" for name in names} <= saved
