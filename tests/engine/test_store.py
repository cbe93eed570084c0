"""Finding runs, and files that are whole or not there."""

import pytest

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec, to_json
from fer_engine.runs import store
from fer_engine.runs.files import replacing, write_text


def make_run(name: str) -> store.Run:
    folder = store.run_path(name)
    folder.mkdir(parents=True)
    (folder / store.SPEC).write_text(to_json(CnnSpec()))
    return store.Run(folder)


def test_run_is_found_by_name_and_by_path():
    run = make_run("mine")
    assert store.find_run("mine").path == run.path
    assert store.find_run(run.path).path == run.path.resolve()


def test_unknown_run_is_a_sentence_that_names_the_known_ones():
    make_run("mine")
    with pytest.raises(FerLabError, match=r"no run 'yours'\. There are: .*mine"):
        store.find_run("yours")


def test_unfinished_run_is_a_sentence_with_the_way_on():
    make_run("half")
    with pytest.raises(FerLabError, match="'half' is unfinished.*--name half --resume"):
        store.finished_run("half")


def test_the_only_unfinished_run_needs_no_name_and_several_do():
    half = make_run("half")
    assert store.unfinished_run("").path == half.path
    make_run("other")
    with pytest.raises(FerLabError, match="which run to go on with. Unfinished runs: half, other"):
        store.unfinished_run("")
    assert store.unfinished_run("other").name == "other"
    with pytest.raises(FerLabError, match="no run 'third' to go on with"):
        store.unfinished_run("third")


def test_own_run_stands_before_a_shipped_one_of_its_name(monkeypatch, tmp_path):
    shipped = make_run("same")
    monkeypatch.setattr(store.settings, "checkpoints_dir", lambda: shipped.path.parent)
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path / "elsewhere"))
    assert store.find_run("same").shipped
    own = make_run("same")
    assert store.find_run("same").path == own.path
    (shipped.path / store.MANIFEST).write_text("{}")
    assert store.finished_run("same").path == shipped.path, "an unfinished own run hides no finished one"
    (own.path / store.MANIFEST).write_text("{}")
    assert store.finished_run("same").path == own.path


def test_folder_without_spec_is_no_run():
    store.run_path("empty").mkdir(parents=True)
    assert "empty" not in [run.name for run in store.list_runs()]


def test_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise ZeroDivisionError
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_write_into_a_removed_folder_is_a_sentence(tmp_path):
    with pytest.raises(FerLabError, match="could not be written: no such file or directory"):
        write_text(tmp_path / "gone" / "a.txt", "x")


def test_evaluations_of_own_runs_lie_in_the_run_and_of_shipped_ones_in_the_run_area(monkeypatch, tmp_path):
    run = make_run("mine")
    assert run.evaluations_dir() == run.path / "evaluations"
    monkeypatch.setattr(store.settings, "checkpoints_dir", lambda: run.path.parent)
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path / "elsewhere"))
    assert run.evaluations_dir() == tmp_path / "elsewhere" / "shipped" / "mine" / "evaluations"
