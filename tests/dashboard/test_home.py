"""Home shows the shipped runs as their folders say, with protocol, and does without what is missing."""

import json
import shutil

import pytest

from dashboard.text import percent
from fer_engine import settings
from fer_engine.data.known import FER2013_COUNTS
from fer_engine.labels import NAMES
from fer_engine.runs.store import finished_run, list_runs

SHIPPED = [run for run in list_runs() if run.shipped]


def rows(app, number=0):
    return app.table[number].value.to_dict("records")


def tables_of_own(app):
    """The tables that list no shipped run, each as its runs."""
    names = {f"**{run.name}**" for run in SHIPPED}
    found = [[row["Run"] for row in rows(app, number)] for number in range(len(app.table))]
    return [table for table in found if not names & set(table)]


def own_copy(name, as_name, **metrics):
    """A shipped run as one of the user's own, with some of its figures changed."""
    folder = settings.runs_dir() / as_name
    shutil.copytree(finished_run(name).path, folder)
    tree = json.loads((folder / "metrics.json").read_text())
    tree["PublicTest"].update(metrics)
    (folder / "metrics.json").write_text(json.dumps(tree))
    return folder


def test_the_table_lists_every_shipped_network_the_best_first_with_its_interval(open_page):
    networks = [run for run in SHIPPED if run.spec.family == "cnn"]
    shipped = sorted(networks, key=lambda run: -run.metrics["PublicTest"]["accuracy"])
    assert [row["Run"] for row in rows(open_page("home"))] == [f"**{run.name}**" for run in shipped]
    for row, run in zip(rows(open_page("home")), shipped, strict=True):
        low, high = run.metrics["PublicTest"]["accuracy_ci95"]
        assert row["PublicTest accuracy"] == f"**{percent(run.metrics['PublicTest']['accuracy'])}**"
        assert row["95% interval"] == f"{100 * low:.1f} – {100 * high:.1f}"
        assert row["Paper, on PrivateTest"].endswith("%")


def test_every_shipped_svm_stands_in_a_table_of_its_protocol(open_page):
    app = open_page("home")
    found = [row for number in range(1, len(app.table)) for row in rows(app, number)]
    assert {row["Run"] for row in found} == {f"**{run.name}**" for run in SHIPPED if run.spec.family == "svm"}
    assert {row["Run"]: row.get("Paper, on PrivateTest") for row in found}["**svm-pca-paper**"] == "40.0%"


def test_figures_stand_under_the_badge_of_their_protocol(open_page):
    app = open_page("home")
    assert any("PublicTest · n=3,589 · chosen on PublicTest · flip TTA" in item.value for item in app.markdown)


def test_runs_of_another_protocol_get_a_table_of_their_own(open_page):
    own_copy("net2-softmax", "mine")
    own_copy("net2-softmax", "mine-on-fewer", n=100)
    app = open_page("home")
    assert tables_of_own(app) == [["**mine-on-fewer**"], ["**mine**"]]
    assert any("n=100 " in item.value for item in app.markdown)


def test_own_runs_come_without_the_papers_figure(open_page):
    own_copy("net2-softmax", "mine")
    assert "Paper, on PrivateTest" not in rows(open_page("home"), -1)[0]


def test_an_unfinished_run_is_left_out(open_page):
    (own_copy("net2-softmax", "half-done") / "manifest.json").unlink()
    app = open_page("home")
    assert not tables_of_own(app)
    assert not app.warning


@pytest.mark.parametrize("content", ["{", "{}", '{"PublicTest": null}', '{"PublicTest": {"n": 3589}}'])
def test_a_damaged_run_is_named_and_the_others_stay(open_page, content):
    (own_copy("net2-softmax", "damaged") / "metrics.json").write_text(content)
    app = open_page("home")
    assert "damaged" in app.warning[0].value
    assert rows(app)
    assert not app.error


def test_without_runs_a_sentence_names_the_way_out(open_page, no_checkpoints):
    app = open_page("home")
    assert "fer_engine train" in app.info[0].value
    assert not app.table


def test_the_class_distribution_shows_the_known_counts_of_each_split(open_page, figure):
    app = open_page("home")
    for split, counts in FER2013_COUNTS.items():
        (bars,) = figure(app, f"counts-{split}")["data"]
        assert [label.split(" · ")[0] for label in bars["text"]] == [f"{counts[name]:,}" for name in NAMES]
    assert sum(sum(counts.values()) for counts in FER2013_COUNTS.values()) == 35887
