"""The dashboard as a fresh clone has it: the runs that ship, no own runs, no data set."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fer_engine import settings
from fer_engine.runs import jobs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def no_checkpoints(monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "checkpoints_dir", lambda: tmp_path / "checkpoints")


@pytest.fixture
def open_page():
    """Open a page by its file's name, with what its URL says."""

    def open_it(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard" / "Home.py"), default_timeout=60)
        app.run()
        if name != "home":
            app.switch_page(f"../pages/{name}.py")
            for key, value in query.items():
                app.query_params[key] = value
            app.run()
        assert not app.exception
        return app

    return open_it


@pytest.fixture
def figure():
    """A Plotly figure of a page as plain data, by the key it was drawn with."""

    def find(app: AppTest, key: str) -> dict:
        charts = [chart for chart in app.get("plotly_chart") if chart.proto.id.endswith(f"-{key}")]
        assert len(charts) == 1, f"{len(charts)} charts have the key {key}"
        return json.loads(charts[0].proto.spec)

    return find


@pytest.fixture
def launched(monkeypatch):
    """Launches, recorded in place of processes."""
    calls = []
    monkeypatch.setattr(jobs, "start", lambda run, launch: calls.append((run, launch)))
    return calls


@pytest.fixture
def measured(monkeypatch):
    """What was asked to be measured, recorded in place of trained; an item of `faults` is raised at its turn."""
    from fer_engine.training import estimate

    asked, faults = [], []

    def measure(spec, data, hardware, starts_from=None, *, skip_bad=False):
        asked.append((spec.epochs, data, hardware.device, starts_from, skip_bad))
        if faults:
            raise faults.pop()
        return estimate.Estimate(75.0 * len(asked), 75.0 * len(asked) * spec.epochs, 1_250_000_000, 640.0)

    monkeypatch.setattr(estimate, "measure", measure)
    return asked, faults
