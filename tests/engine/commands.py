"""The engine's command line, called in the tests' own process."""

import pytest
from called import Call, caller

from fer_engine.__main__ import main


@pytest.fixture
def command(monkeypatch, capsys) -> Call:
    """Run the command line; gives exit status, standard output and standard error."""
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)  # or every test would run slower than the last
    return caller(main, "fer_engine", monkeypatch, capsys)
