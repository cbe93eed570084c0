"""The command line: one JSON object a line on standard output, sentences on standard error."""

import json
import shutil

import numpy as np
import pytest
from called import caller
from PIL import Image

from fer_engine import load
from fer_engine.__main__ import main
from fer_engine.cli.training import parse_settings
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES
from fer_engine.runs import store
from fer_engine.runs.records import Launch, read_record, validation_faces

TINY = ["--set", "network.widths=[4,4]", "--set", "network.hidden=[8]", "--set", "sizes=[48]", "--threads", "1", "--batch-size", "32"]
DATA = "synthetic:140"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line; gives exit status, standard output and standard error."""
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)  # or every test would run slower than the last

    return caller(main, "fer_engine", monkeypatch, capsys)


@pytest.fixture
def trained(run) -> str:
    status, _, errors = run("train", "--name", "mine", "--data", DATA, "--epochs", "1", *TINY)
    assert status == 0, errors
    return "mine"


@pytest.fixture
def tile(tmp_path):
    path = tmp_path / "tile.png"
    Image.fromarray(open_data("synthetic:7").faces.images[0]).save(path)
    return path


def lines(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def test_train_prints_an_epoch_a_line_and_then_the_run(run):
    status, output, _ = run("train", "--name", "mine", "--data", DATA, "--epochs", "2", "--head", "svm", "--json", *TINY)
    *epochs, last = lines(output)
    assert status == 0
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert (last["run"], last["split"]) == ("mine", "PublicTest")
    assert load("mine").scores(np.zeros((1, 48, 48), np.uint8)).shape == (1, 7)


@pytest.mark.parametrize("recipe", ["ours", "paper", "quick"])
def test_every_recipe_trains(run, recipe):
    words = ["train", "--name", recipe, "--recipe", recipe, "--data", DATA, "--epochs", "1", *TINY]
    status, _, errors = run(*words)
    assert status == 0, errors


def test_runs_lists_what_was_trained(run, trained):
    status, output, _ = run("runs", "--json")
    row = next(row for row in lines(output) if row["name"] == trained)
    assert status == 0
    assert set(row) == {"name", "family", "spec_hash", "status", "split", "n", "accuracy", "accuracy_ci95"}
    assert (row["family"], row["status"], row["split"], row["n"]) == ("cnn", "finished", "PublicTest", 14)


def test_runs_as_a_table_names_every_run(run, trained):
    assert trained in run("runs")[1]


def test_evaluate_prints_every_figure_and_keeps_it_beside_the_run(run, trained, tmp_path):
    status, output, _ = run("evaluate", trained, "--data", DATA, "--split", "PrivateTest", "--json")
    (figures,) = lines(output)
    assert status == 0
    wanted = "run split n accuracy accuracy_ci95 top2 macro_f1 weighted_precision weighted_recall weighted_f1 n_deduplicated"
    assert set(f"{wanted} accuracy_deduplicated tta seconds".split()) <= set(figures)
    (kept,) = (tmp_path / "runs" / trained / "evaluations").glob("*-PrivateTest.json")
    assert json.loads(kept.read_text())["accuracy"] == figures["accuracy"]


def test_evaluate_agrees_with_the_run_folder_on_the_split_it_was_chosen_on(run, trained):
    (figures,) = lines(run("evaluate", trained, "--data", DATA, "--json")[1])
    (row,) = [row for row in lines(run("runs", "--json")[1]) if row["name"] == trained]
    assert figures["accuracy"] == row["accuracy"]


def test_evaluate_on_a_split_that_is_not_there_is_a_sentence(run, trained):
    status, output, errors = run("evaluate", trained, "--data", DATA, "--split", "Validation", "--json")
    assert (status, output) == (1, "")
    assert "has no Validation rows; it has Training, PublicTest, PrivateTest" in " ".join(errors.split())


def test_evaluate_gives_its_figures_where_they_cannot_be_kept(run, trained, tmp_path):
    (tmp_path / "runs" / trained / "evaluations").write_text("a file where a folder should be")
    status, output, errors = run("evaluate", trained, "--data", DATA, "--json")
    assert status == 0
    assert lines(output)[0]["n"] == 14
    assert "cannot be made" in " ".join(errors.split())


def test_damaged_run_is_named_and_the_others_are_listed(run, trained, tmp_path):
    shutil.copytree(tmp_path / "runs" / trained, tmp_path / "runs" / "hurt")
    (tmp_path / "runs" / "hurt" / "metrics.json").write_text("{}")
    status, output, errors = run("runs", "--json")
    names = [row["name"] for row in lines(output)]
    assert status == 0
    assert trained in names
    assert "hurt" not in names
    assert "'hurt' is damaged" in errors


def test_damaged_weights_are_a_sentence(run, trained, tile, tmp_path):
    weights = tmp_path / "runs" / trained / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    status, _, errors = run("predict", str(tile), "--run", trained)
    assert status == 1
    assert "cannot be read" in errors
    assert "Traceback" not in errors


def test_predict_gives_seven_probabilities_a_face(run, trained, tile):
    status, output, _ = run("predict", str(tile), "--run", trained, "--json")
    (answer,) = lines(output)
    assert status == 0
    assert set(answer) == {"image", "size", "faces", "notices"}
    assert (answer["image"], answer["size"]) == (str(tile), [48, 48])
    (face,) = answer["faces"]
    assert face["box"] == [0, 0, 48, 48]
    assert tuple(face["probabilities"]) == NAMES
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert face["label"] == max(face["probabilities"], key=face["probabilities"].get)
    assert answer["notices"]


def test_command_line_and_python_say_the_same(run, trained, tile):
    (answer,) = lines(run("predict", str(tile), "--run", trained, "--json")[1])
    assert load(trained).predict(tile).faces[0].probabilities == answer["faces"][0]["probabilities"]


def test_one_bad_image_does_not_silence_the_others(run, trained, tile, tmp_path):
    bad = tmp_path / "notes.jpg"
    bad.write_text("this is text")
    status, output, errors = run("predict", str(bad), str(tile), "--run", trained, "--json")
    first, second = lines(output)
    assert status == 1
    assert "notes.jpg" in first["error"]
    assert "notes.jpg" in errors
    assert len(second["faces"]) == 1


def test_no_face_is_said_and_never_guessed(run, trained, tmp_path):
    path = tmp_path / "grey.png"
    Image.new("L", (300, 200), 128).save(path)
    (answer,) = lines(run("predict", str(path), "--run", trained, "--json")[1])
    assert answer["faces"] == []
    assert any("--whole-image" in notice for notice in answer["notices"])
    (whole,) = lines(run("predict", str(path), "--run", trained, "--whole-image", "--json")[1])
    assert len(whole["faces"]) == 1


def test_explain_writes_pictures_and_numbers(run, trained, tile, tmp_path):
    out = tmp_path / "why"
    status, output, errors = run("explain", str(tile), "--run", trained, "--out", str(out), "--target", "happy", "--json")
    assert status == 0, errors
    (printed,) = lines(output)
    kept = json.loads((out / "explanation.json").read_text())
    assert printed["target"] == kept["target"] == "happy"
    for layer in ("conv1", "conv2"):
        for kind in ("activations", "cam", "overlay"):
            with Image.open(out / f"{kind}-{layer}.png") as picture:
                picture.load()


def test_explain_of_an_unknown_layer_or_emotion_is_a_sentence(run, trained, tile, tmp_path):
    for words in (["--layer", "conv99"], ["--target", "bored"]):
        status, _, errors = run("explain", str(tile), "--run", trained, "--out", str(tmp_path / "why"), *words)
        assert status == 1
        assert words[1] in errors


def test_unknown_run_is_a_sentence_without_a_traceback(run, tile):
    status, output, errors = run("predict", str(tile), "--run", "nobody", "--json")
    assert (status, output) == (1, "")
    assert "There is no run 'nobody'." in errors
    assert "Traceback" not in errors


def test_unknown_data_is_a_sentence(run):
    status, _, errors = run("train", "--name", "x", *TINY)
    assert status == 1
    assert "FER_LAB_DATA" in errors


def test_resume_of_a_finished_run_is_a_sentence(run, trained):
    status, _, errors = run("train", "--name", trained, "--resume", "--data", DATA)
    assert status == 1
    assert "is finished" in errors


def test_interrupted_training_says_how_to_go_on_and_does(run, monkeypatch):
    words = ["train", "--name", "cut", "--data", DATA, "--epochs", "2", *TINY]
    with monkeypatch.context() as patch:
        patch.setattr("fer_engine.cli.training._Bar.epoch", interrupt)
        status, _, errors = run(*words)
    assert status == 1
    assert f"train --name cut --resume --data {DATA}" in " ".join(errors.split())
    assert "unfinished" in run("predict", "x.png", "--run", "cut")[2]
    status, _, errors = run("train", "--name", "cut", "--resume", "--data", DATA, "--seed", "5")
    assert status == 1
    assert "has seed 0, not 5" in errors
    status, output, errors = run("train", "--name", "cut", "--resume", "--data", DATA, "--json")
    assert status == 0, errors
    assert lines(output)[0]["epoch"] == 2


def test_interrupted_training_goes_on_in_the_arithmetic_that_it_was_begun_in(run, monkeypatch):
    monkeypatch.setattr("fer_engine.training.device.best_precision", lambda device: "bf16-mixed")
    begun = Launch(DATA, "cpu", "32-true", threads=1)
    with monkeypatch.context() as patch:
        patch.setattr("fer_engine.cli.training._Bar.epoch", interrupt)
        for name in ("same", "other"):
            errors = run("train", "--name", name, "--data", DATA, "--epochs", "2", "--precision", "32-true", *TINY)[2]
            assert read_record(store.find_run(name)).launch == begun  # with what was left open, device and threads
            assert validation_faces(store.find_run(name)) == 14
    command = " ".join(errors.split()).partition("python -m fer_engine ")[2]
    assert command == f"train --name other --resume --data {DATA}"
    errors = run(*command.replace("other", "same").split())[2]
    assert "in place of" not in errors
    assert store.finished_run("same").manifest["machine"]["precision"] == "32-true"
    status, _, errors = run(*command.split(), "--precision", "auto", "--threads", "2")
    assert status == 0, errors
    assert "other goes on with precision bf16-mixed in place of 32-true, threads 2 in place of 1: " in " ".join(errors.split())
    machine = store.finished_run("other").manifest["machine"]
    assert (machine["precision"], machine["threads"]) == ("bf16-mixed", 2)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_options_that_have_no_meaning_are_refused_and_not_dropped(run, trained):
    for words, sentence in (
        (("train", "--model", "svm-hog", "--recipe", "paper", "--data", DATA), "svm-hog is an SVM, which has no --recipe"),
        (("train", "--from", trained, "--model", "net2", "--recipe", "paper", "--data", DATA), "--recipe is for fresh weights"),
        (("train", "--model", "svm-hog", "--name", trained, "--resume", "--data", DATA), "is finished"),
        (("regions", trained, "--method", "occlusion", "--layer", "conv1", "--data", DATA), "knows no layers"),
        (("ablate", "--csv"), "--csv prints the results of a study: name one"),
    ):
        status, output, errors = run(*words)
        assert (status, output) == (1, "")
        assert sentence in " ".join(errors.split())


def test_run_to_start_from_keeps_its_layers(run, trained):
    words = ["train", "--model", "net5", "--head", "svm", "--from", trained, "--data", DATA, "--epochs", "1", "--threads", "1"]
    status, _, errors = run(*words, "--name", "next", "--batch-size", "32")
    assert status == 0, errors
    assert load("next").model.config == load(trained).model.config
    status, _, errors = run(*words, "--name", "other", "--set", "network.kernel=5")
    assert status == 1
    assert "keeps its layers" in errors


def test_settings_are_json_or_text():
    assert parse_settings(["a=1", "b=[1,2]", "c=none", "d.e=0.5"]) == {"a": 1, "b": [1, 2], "c": "none", "d.e": 0.5}
    with pytest.raises(FerLabError, match="takes field=value, not 'nonsense'"):
        parse_settings(["nonsense"])
