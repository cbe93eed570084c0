"""From Runs to Compare: a run beside its partner, several that are ticked, and rows of studies that ship."""

from urllib.parse import parse_qs

import pytest
from made_runs import made_run

from dashboard.run_partner import partner
from fer_engine import settings
from fer_engine.ablations import catalogue
from fer_engine.experiments import lab
from fer_engine.experiments.spec import override
from fer_engine.runs.store import MANIFEST

LABELS = [0, 1, 2, 3]


@pytest.fixture
def batch(no_checkpoints):
    """The base of the study of batch sizes, a row of it, and one that ships, each of one seed."""
    study = catalogue.find_study("batch")
    runs = {key: made_run(key, LABELS, LABELS, spec=study.row(key).spec) for key in ("batch-32", "base", "batch-100")}
    area = settings.checkpoints_dir() / "ablations"
    area.mkdir(parents=True)
    runs["batch-100"].path.rename(area / "batch-100")
    return runs


def linked(app) -> list[list[str]]:
    """The runs of each link to Compare."""
    links = [link.proto for link in app.get("page_link") if link.proto.page.endswith("compare")]
    return [parse_qs(link.query_string)["runs"] for link in links]


def test_row_of_a_study_is_compared_with_its_base(open_page, batch):
    assert linked(open_page("runs", run="batch-32")) == [["base", "batch-32"]]


def test_run_is_compared_with_the_one_that_it_starts_from_before_any_other(no_checkpoints):
    softmax = made_run("a", LABELS, LABELS, spec=lab.recipe("net2"))
    svm = made_run("b", LABELS, LABELS, spec=override(lab.recipe("net2"), {"head": "svm", "start": softmax.spec.hash}))
    favourite = made_run("net5-softmax", LABELS, LABELS)
    known = (favourite, svm, softmax)
    assert partner(svm, known) == softmax
    assert partner(softmax, known) == favourite
    assert partner(favourite, (favourite,)) is None


def test_ticked_rows_open_compare_with_those_runs(open_page, batch):
    app = open_page("runs")
    assert linked(app) == []
    app.session_state["runs-marked"] = ["batch-32", "batch-100"]
    app.run()
    assert linked(app) == [["batch-32", "batch-100"]]
    assert "Compare these 2 runs" in [link.proto.label for link in app.get("page_link")]
    opened = open_page("compare", runs=["batch-32", "batch-100"])
    assert opened.multiselect(key="runs").value == ["batch-32", "batch-100"]
    assert not opened.warning


def test_unfinished_run_that_is_ticked_is_left_out_and_named(open_page, batch):
    (batch["batch-32"].path / MANIFEST).unlink()
    app = open_page("runs")
    app.session_state["runs-marked"] = ["batch-32", "base", "batch-100"]
    app.run()
    assert linked(app) == [["base", "batch-100"]]
    assert any("batch-32 is not finished" in item.value for item in app.caption)


def test_run_of_a_study_that_ships_is_marked_opened_and_filtered(open_page, batch):
    app = open_page("runs", run="batch-100")
    table = app.dataframe[0].value
    assert dict(zip(table["Run"], table["From"], strict=True)) == {"base": "own", "batch-32": "own", "batch-100": "ablation"}
    assert any("ships as a row of an ablation study" in item.value for item in app.caption)
    app.multiselect(key="only-from").set_value(["ablation"]).run()
    assert list(app.dataframe[0].value["Run"]) == ["batch-100"]


def test_home_lists_no_row_of_a_study_that_ships(open_page, batch):
    app = open_page("home")
    assert {row for table in app.table for row in table.value["Run"]} == {"**base**", "**batch-32**"}
