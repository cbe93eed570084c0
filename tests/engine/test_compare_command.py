"""`compare`: what it prints, for people and for scripts."""

import json
import sys

import pytest
from made_runs import made_run

from fer_engine.__main__ import main

HAPPY, SAD = 3, 4
LABELS = [HAPPY] * 40


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command; gives exit status, standard output and standard error, lines unbroken."""
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)
    for name in ("out", "err"):
        monkeypatch.setattr(f"fer_engine.cli.output.{name}._width", 200)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fer_engine", "compare", *words])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def runs() -> None:
    first = made_run("good", LABELS, LABELS, seconds=100)
    made_run("bad", LABELS, [HAPPY] * 30 + [SAD] * 10, start=first.spec.hash, epochs=2)
    made_run("strange", LABELS, LABELS, **{"data.valid_hash": "other"})


def test_tables_settings_and_verdict(run):
    runs()
    status, output, errors = run("good", "bad")
    assert status == 0
    assert "good is better than bad by 25.0 points (" in output
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in output.splitlines() if line.startswith("│")]
    assert ["epochs", "24", "2"] in rows
    assert ["bad", "PublicTest, n = 40, flip TTA", "75.0% (59.8% to 85.8%)"] in [row[:3] for row in rows]
    place = [row[:2] for row in rows].index(["good", "bad"])
    accuracy, f1 = rows[place : place + 2]
    assert (accuracy[2:4], accuracy[5]) == (["accuracy", "10 : 0"], "0.002")  # 2 / 2^10
    assert (f1[2], f1[5]) == ("macro F1", "0.0002")  # 2 / 10,001
    assert "†" not in output
    assert ". In macro F1 good is better by " in output
    assert "bad goes on from the weights of good" in errors
    assert "The seconds of bad hold those of good, from which it starts; its own are 60." in errors


def test_runs_of_other_protocols_are_shown_and_not_tested(run):
    runs()
    _, output, errors = run("good", "strange")
    assert "good and strange are not tested: different protocols." in output
    why = "They are measured on PublicTest (content v) and on PublicTest (content other)."
    assert f"Different protocols, so not tested: good against strange. {why}" in errors


def test_other_test_time_augmentation_stands_in_tables_sentence_and_json(run):
    made_run("flipped", LABELS, LABELS)
    made_run("plain", LABELS, [HAPPY] * 30 + [SAD] * 10, tta="none")
    _, output, _ = run("flipped", "plain")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in output.splitlines() if line.startswith("│")]
    assert "PublicTest, n = 40, no TTA" in [row[1] for row in rows if row[0] == "plain"]
    assert [row[4].endswith(")†") for row in rows if row[:2] == ["flipped", "plain"]] == [True]
    assert "† one of the two alone with the mirror image of each face" in " ".join(output.split())
    (sentence,) = [line for line in output.splitlines() if "is better" in line]
    assert "), flipped alone with the mirror image of each face. In macro F1 flipped is" in sentence
    _, output, _ = run("flipped", "plain", "--json")
    one, other, pair = map(json.loads, output.splitlines())
    assert (one["tta"], other["tta"], pair["tta"]) == ("flip", "none", ["flip", "none"])
    assert f"{pair['verdict']}. {pair['verdict_f1']}." == sentence


def test_figures_are_whole_in_a_narrow_terminal(run, monkeypatch):
    monkeypatch.setattr("fer_engine.cli.output.out._width", 80)
    runs()
    _, output, _ = run("good", "bad")
    assert "…" not in output
    assert max(map(len, output.splitlines())) <= 80
    assert all(line.endswith("│") for line in output.splitlines() if line.startswith("│"))


def test_json_holds_runs_and_pairs_one_a_line(run):
    runs()
    status, output, _ = run("good", "bad", "strange", "--json")
    rows = [json.loads(line) for line in output.splitlines()]
    assert status == 0
    assert [row["kind"] for row in rows] == ["run"] * 3 + ["pair"] * 3
    assert [row["protocol"] for row in rows[:3]] == [1, 1, 2]
    assert [row["seconds"] for row in rows[:3]] == [100, 160, 60]
    pair, *untested = rows[3:]
    assert (pair["a"], pair["b"], pair["settings"]["epochs"]) == ("good", "bad", ["24", "2"])
    assert (pair["test"]["only_a"], pair["test"]["only_b"], pair["test"]["accuracy"]) == (10, 0, -0.25)
    assert pair["test"]["distinguishable"]
    assert pair["test"]["macro_f1_distinguishable"]
    assert 0 < pair["test"]["macro_f1_p"] == pair["test"]["macro_f1_p_holm"] < 0.01
    assert pair["verdict_f1"].startswith("In macro F1 good is better by ")
    low, high = pair["test"]["accuracy_ci95"]
    assert low < -0.25 < high < 0
    assert [row["test"] for row in untested] == [None, None]
    assert all(row["obstacles"] for row in untested)


def test_runs_of_several_seeds_are_taken_together(run):
    for seed, (one, other) in enumerate(((30, 22), (31, 20), (29, 21))):
        made_run(f"a-s{seed}", LABELS, [HAPPY] * one + [SAD] * (40 - one), seed=seed)
        made_run(f"b-s{seed}", LABELS, [HAPPY] * other + [SAD] * (40 - other), seed=seed, epochs=3)
    names = [f"{name}-s{seed}" for name in "ab" for seed in range(3)]
    _, output, errors = run(*names)
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in output.splitlines() if line.startswith("│")]
    (row,) = [row for row in rows if row[0] == "a" and row[1] == "0, 1, 2"]
    assert row[2:4] + row[5:] == ["40", "flip", "72.5% to 77.5%"]
    assert row[4].startswith("75.0% (")
    assert "Over 3 seeds a is better than b by 22.5 points (" in output
    assert "those over seeds stand apart" in errors
    _, output, _ = run(*names, "--json")
    *_, first, second, pair = map(json.loads, output.splitlines())
    assert (first["kind"], first["name"], first["runs"], first["seeds"]) == ("seeds", "a", names[:3], [0, 1, 2])
    assert (second["lowest"], second["highest"]) == (0.5, 0.55)
    assert (pair["kind"], pair["a"], pair["b"], pair["test"]["seeds"]) == ("seed pair", "a", "b", [0, 1, 2])
    low, high = pair["test"]["accuracy_ci95"]
    assert low < pair["test"]["accuracy"] < high < 0
    assert pair["test"]["accuracy"] == pytest.approx(-0.225)
    assert pair["test"]["distinguishable"]
    _, output, _ = run("a-s0", "b-s0")
    assert "over seeds" not in output.lower()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("good",), "A comparison needs two runs or more. Name another one."),
        (("good", "good"), "A run is named twice. Name different runs."),
        (("good", "none-such"), "There is no run 'none-such'."),
        (("good", "bad", "--split", "PrivateTest"), "The run 'good' has no answers on PrivateTest; it was scored on: PublicTest."),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_sentence(run, words, sentence):
    runs()
    status, output, errors = run(*words)
    assert (status, output) == (1, "")
    assert sentence in errors
    assert "Traceback" not in errors


def test_own_run_and_shipped_run_of_one_name_are_told_apart_by_their_paths(run):
    from fer_engine import settings

    own = made_run("net5-softmax", LABELS, LABELS)
    shipped = settings.checkpoints_dir() / "net5-softmax"
    _, output, _ = run(str(own.path), str(shipped), "--json")
    assert [json.loads(line)["name"] for line in output.splitlines()[:2]] == [str(own.path), str(shipped)]
