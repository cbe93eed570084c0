"""The page Classical: a search read to its figures, and one launched, stopped and gone on with."""

import time
from itertools import pairwise

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import search_charts
from fer_engine.classical import search_jobs
from fer_engine.classical.search import SearchSpec, find_search, prepare, run_search
from fer_engine.classical.search_grid import Grid
from fer_engine.classical.search_results import cv_results, pipeline, results_table
from fer_engine.data.source import open_data
from fer_engine.distribution import parallel
from fer_engine.errors import FerLabError

GRID = Grid(n_components=(5, 10), C=(1.0, 100.0), gamma=(0.001, 0.1))


@pytest.fixture
def search():
    faces = open_data("synthetic:140").faces
    found = prepare("small", SearchSpec(GRID, faces=100, outer=2, inner=2), faces)
    with parallel("loky", None, 1) as workers:
        run_search(found, faces, workers)
    return find_search("small")


def page(**query) -> AppTest:
    app = AppTest.from_file("../../dashboard/Home.py", default_timeout=60)
    app.switch_page("../pages/classical.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_page_shows_both_estimates_and_the_choice(search):
    app = page(search="small")
    assert not app.exception
    outcome = search.outcome()
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Fully nested"] == f"{100 * outcome.nested.mean:.1f}% ± {100 * outcome.nested.deviation:.1f}"
    assert f"{100 * max(item.mean for item in outcome.paper):.1f}%" in values.values()
    assert any(outcome.winner.told() in item.value for item in app.markdown)
    assert len(app.get("plotly_chart")) == 3


def test_results_are_scikit_learns(search):
    found, scores = cv_results(search), search.scores()
    assert len(found["params"]) == len(GRID) == 12
    assert found["split1_test_score"] == pytest.approx(scores.inner[0, 1].ravel())
    assert found["mean_test_score"] == pytest.approx(np.mean([found[f"split{k}_test_score"] for k in range(4)], axis=0))
    best = found["params"][int(np.argmin(found["rank_test_score"]))]
    top = results_table(search).iloc[0]
    assert top["n_components"] == best["pca__n_components"]
    assert top["mean_accuracy"] == pytest.approx(found["mean_test_score"].max(), abs=1e-6)
    fitted = pipeline(search.outcome().winner, whiten=True).fit(np.random.default_rng(0).normal(size=(60, 30)), np.arange(60) % 3)
    assert fitted.predict(np.zeros((2, 30))).shape == (2,)


def test_heat_map_frames_the_best_cell():
    means = np.array([[[0.1, 0.2], [0.3, np.nan]]])
    figure = search_charts.heat_maps(means, [25], ["γ 0.1", "γ 1"], [1.0, 10.0], (0, 1, 0))
    assert figure.data[0].text[1][0] == "30.0"
    assert figure.data[0].text[1][1] == ""
    shape = figure.layout.shapes[0]
    assert (shape.x0, shape.x1, shape.y0, shape.y1) == (-0.5, 0.5, 0.5, 1.5)


def test_every_panel_of_heat_maps_has_its_prices_as_words():
    """As numbers '1000' and '100000' would lie a hundred apart."""
    means = np.full((4, 1, 2), 0.5)
    figure = search_charts.heat_maps(means, [25, 50, 100, 200], ["γ 0.1"], [1e3, 1e5], (0, 0, 0))
    axes = [figure.layout[name] for name in ("xaxis", "xaxis2", "xaxis3", "xaxis4", "yaxis", "yaxis4")]
    assert {axis.type for axis in axes} == {"category"}


def test_explained_variance_reaches_all_of_it(search):
    shares = search.about["explained_variance"]
    assert len(shares) == 10
    assert all(later >= earlier for earlier, later in pairwise(shares))
    assert 0 < shares[0] < shares[-1] <= 1


@pytest.mark.slow
def test_search_as_a_process_is_stopped_and_goes_on():
    faces = open_data("synthetic:700").faces
    search = prepare("long", SearchSpec(GRID, faces=500, outer=3, inner=3), faces)
    search_jobs.start(search, "synthetic:700", jobs=1, skip_bad=True)
    assert search_jobs.skips_bad(search)
    with pytest.raises(FerLabError, match="works on the search 'long' already"):
        search_jobs.start(search, "synthetic:700")
    _await(lambda: len(find_search("long").table()) > 0)
    search_jobs.stop(search)
    job = search_jobs.find_job(find_search("long"))
    assert job.state in ("stopped", "finished")
    if job.state == "stopped":
        assert "Every fold that was done is kept" in job.sentence
        assert search_jobs.skips_bad(search), "going on reads the data as before"
        assert page(search="long").button(key="resume-search").label == "Go on"
        search_jobs.start(find_search("long"), search_jobs.data_of(search), jobs=1)
        _await(lambda: search_jobs.find_job(find_search("long")).state == "finished")
    search_jobs.delete(find_search("long"))
    assert not search.path.exists()


def _await(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_form_launches_a_search_beside_another(monkeypatch, search):
    launched = []
    monkeypatch.setattr("fer_engine.classical.search_jobs.start", lambda search, data, *, skip_bad: launched.append((search.name, data)))
    app = page()
    app.number_input(key="search-faces").set_value(300)
    app.number_input(key="search-folds").set_value(2)
    app.run()
    app.button(key="launch-search").click().run()
    assert not app.exception
    assert [(name, data.partition(":")[0]) for name, data in launched] == [("pixels-quick-300", "synthetic")]
    assert find_search("pixels-quick-300").spec.faces == 300
    assert app.selectbox(key="search").value == "pixels-quick-300"


def test_deleted_search_makes_room_for_the_next(search):
    app = page(search="small")
    app.button(key="delete-search").click().run()
    assert not app.exception
    assert not search.path.exists()
