"""Where the data set lies: FER_LAB_DATA goes first, then what was remembered in the run area."""

import pytest

from fer_engine import settings
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError


def write_csv(path):
    """Twenty faces, each of one grey."""
    rows = [f"{row % 7},{' '.join([str(10 * row)] * 2304)},{'Training' if row < 14 else 'PublicTest'}" for row in range(20)]
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    return path


def test_what_was_remembered_is_opened_where_nothing_is_named(tmp_path):
    settings.remember_data_path(write_csv(tmp_path / "fer2013.csv"))
    assert settings.data_path() == tmp_path / "fer2013.csv"
    assert len(open_data().faces) == 20


def test_the_variable_goes_first(tmp_path, monkeypatch):
    settings.remember_data_path(tmp_path / "fer2013.csv")
    monkeypatch.setenv("FER_LAB_DATA", "synthetic:70")
    assert open_data().faces.name == "synthetic"
    assert settings.remembered_data_path() == tmp_path / "fer2013.csv"


def test_a_relative_path_is_remembered_as_what_it_means_now(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings.remember_data_path(write_csv(tmp_path / "faces.csv").relative_to(tmp_path))
    monkeypatch.chdir("/")
    assert settings.data_path() == tmp_path / "faces.csv"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"data": 3}', '{"data": ""}', "{}"])
def test_a_damaged_memory_remembers_nothing(content):
    settings.runs_dir().mkdir(parents=True)
    (settings.runs_dir() / settings.REMEMBERED).write_text(content)
    assert settings.data_path() is None


def test_an_area_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path / "file"))
    with pytest.raises(FerLabError, match=r"folder .*file cannot be made"):
        settings.remember_data_path(tmp_path)


def test_processes_get_every_path_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER_LAB_VOTES", "votes.csv")
    monkeypatch.delenv("FER_LAB_LANDMARKS", raising=False)
    told = settings.for_processes()
    assert told["FER_LAB_VOTES"] == str(tmp_path / "votes.csv")
    assert "FER_LAB_LANDMARKS" not in told
    assert told["FER_LAB_RUNS"] == str(settings.runs_dir().absolute())
