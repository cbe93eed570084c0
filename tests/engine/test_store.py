"""Finding runs, and files that are whole or not there."""

import os
import re
from pathlib import Path

import pytest
from made_runs import HISTORY, made_run

from fer_engine.ablations.ledger import by_hash
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import CnnSpec, to_json
from fer_engine.predictors import load_predictor
from fer_engine.runs import files, store
from fer_engine.runs.files import replacing, write_text
from fer_engine.training.run import settle


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


def test_run_without_weights_has_its_figures_and_says_how_it_is_trained_again():
    run = made_run("silent", [0, 1], [0, 1])
    assert run.finished
    assert not run.answers
    faces = open_data("synthetic:140").faces
    sentence = "'silent' is here without its weights and answers for no face. Train it again: python -m fer_engine train --model net5 "
    for use in (lambda: run.weights, lambda: load_predictor(run), lambda: settle(run.network_spec, faces, run)):
        with pytest.raises(FerLabError, match=re.escape(sentence)):
            use()


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


@pytest.mark.parametrize("durable", [True, False])
def test_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch, durable):
    done: list[str] = []
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: done.append(f"flushed {os.fstat(descriptor).st_size}"))
    monkeypatch.setattr(Path, "replace", lambda path, target: done.append(f"replaced {target.name}"))
    write_text(tmp_path / "a.txt", "four", durable=durable)
    assert done == ["flushed 4"] * durable + ["replaced a.txt"]


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe\x00",
        b"epoch\n1\n",
        HISTORY.replace("0.375", "<b>"),
        HISTORY.replace("\n2,", "\n3,"),
        HISTORY.replace(",12\n", ",1e300\n"),
    ],
    ids=["missing", "empty", "no text", "other columns", "no number", "epoch missing", "no time"],
)
def test_history_that_is_none_is_a_sentence(content):
    run = make_run("mine")
    if content is not None:
        (run.path / store.HISTORY).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(
        FerLabError, match=r"'mine' is damaged: history\.csv is missing or no table of its epochs \(.*\)\. Train it again, or remove "
    ):
        run.history()


def test_write_into_a_removed_folder_is_a_sentence(tmp_path):
    with pytest.raises(FerLabError, match="could not be written: no such file or directory"):
        write_text(tmp_path / "gone" / "a.txt", "x")


def test_evaluations_of_own_runs_lie_in_the_run_and_of_shipped_ones_in_the_run_area(monkeypatch, tmp_path):
    run = make_run("mine")
    assert run.evaluations_dir() == run.path / "evaluations"
    monkeypatch.setattr(store.settings, "checkpoints_dir", lambda: run.path.parent)
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path / "elsewhere"))
    assert run.evaluations_dir() == tmp_path / "elsewhere" / "shipped" / "mine" / "evaluations"


@pytest.fixture
def shipped_with_studies(monkeypatch, tmp_path):
    """A reference run, a row of a study that ships with the project, and one that was not shipped whole."""
    area = tmp_path / "checkpoints"
    monkeypatch.setattr(store.settings, "checkpoints_dir", lambda: area)
    for name, seed in (("net5", 0), ("ablations/row", 1), ("ablations/begun", 2)):
        made = made_run(name.rpartition("/")[2], [0, 1], [0, 1], seed=seed)
        (area / name).parent.mkdir(parents=True, exist_ok=True)
        made.path.rename(area / name)
    (area / "ablations" / "begun" / store.MANIFEST).unlink()


def test_a_studys_row_that_ships_is_found_and_kept_apart(shipped_with_studies):
    made_run("mine", [0, 1], [0, 1])
    assert [run.name for run in store.list_runs()] == ["net5", "mine"]
    assert [run.name for run in store.list_runs(studies=True)] == ["net5", "mine", "begun", "row"]
    row = store.finished_run("row")
    assert (row.shipped, row.of_study, store.find_run("net5").of_study) == (True, True, False)
    assert row.evaluations_dir() == store.settings.runs_dir() / "shipped" / "row" / "evaluations"
    with pytest.raises(FerLabError, match="There are: net5, mine, and those of ablation studies"):
        store.find_run("nobody")


def test_an_own_run_comes_before_a_studys_of_its_name(shipped_with_studies):
    mine = made_run("row", [0, 1], [1, 0], seed=7)
    assert store.find_run("row") == mine
    (mine.path / store.MANIFEST).unlink()
    assert store.finished_run("row").of_study


def test_no_run_is_called_as_the_folder_of_studies():
    with pytest.raises(FerLabError, match="'ablations' cannot name a run"):
        store.run_path("ablations")


def test_a_study_finds_its_rows_by_hash_wherever_they_lie_and_never_goes_on_where_they_ship(shipped_with_studies):
    found = by_hash()
    mine = made_run("mine", [0, 1], [0, 1], seed=3)
    assert {run.name for run in found.values()} == {"net5", "row"}
    assert by_hash()[mine.spec.hash] == mine
