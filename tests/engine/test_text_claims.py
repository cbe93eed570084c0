"""What the paper says in words, judged from made runs: convergence, falling gains, and disgust found."""

import json

import pytest
from commands import command  # noqa: F401
from made_runs import made_run

from fer_engine.ablations import catalogue, ledger
from fer_engine.ablations.results import results
from fer_engine.ablations.text_claims import convergences, judge_all, table
from fer_engine.errors import FerLabError
from fer_engine.evaluation.statistics import wilson_interval
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import override
from fer_engine.experiments.text_claims import TEXT_CLAIMS

MADE = DataSpec(train_hash="t", valid_hash="v")
HEAD = "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_macro_f1,learning_rate,size,seconds\n"
LABELS = [place % 7 for place in range(210)]  # 30 faces of each emotion; disgust is 1
DISGUST = [place for place, label in enumerate(LABELS) if label == 1]


def made(study, key, *, losses=(), answers=None, seed=0, seconds=10):
    """A run of a row: validation losses of its epochs of some seconds each, and its answers."""
    spec = override(catalogue.find_study(study).row(key).spec, {"seed": seed} if key[:4] != "svm-" else {})
    run = made_run(f"{key}-{seed}", LABELS, answers or LABELS, spec=spec)
    if losses:
        rows = [f"{epoch},1,0.5,{loss},0.5,0.5,0.1,48,{seconds}\n" for epoch, loss in enumerate(losses, 1)]
        (run.path / "history.csv").write_text(HEAD + "".join(rows))
    return run


def judged(study, key, seeds=0):
    found = catalogue.find_study(study)
    (one,) = [item for item in judge_all(found, results(found, ledger.cells(found, MADE, seeds))) if item.claim.key == key]
    return one


def test_claims_are_on_rows_that_their_studies_have():
    for claim in TEXT_CLAIMS:
        for name in claim.studies:
            assert set(claim.rows) <= {row.key for row in catalogue.find_study(name).rows}


# Which converges fastest.

QUICK, SLOW = (1.5, 1.2, 1.3, 1.4), (1.8, 1.6, 1.4, 1.25)


def optimizers(adam=QUICK, sgd=SLOW, seed=0):
    for key, losses in (("adam", adam), ("base", SLOW), ("sgd-momentum", sgd), ("rmsprop", SLOW), ("sgd", SLOW)):
        made("optimizers", key, losses=losses, seed=seed)


def by_two_seeds(**losses):
    for seed in (0, 1):
        optimizers(**losses, seed=seed)
    return judged("optimizers", "adam-fastest")


def test_epochs_and_seconds_to_the_least_loss_and_to_what_all_reach():
    adam, sgd = convergences(
        [made("optimizers", "adam", losses=(1.5, 1.2, 1.3)), made("optimizers", "sgd", losses=(1.6, 1.5, 1.4), seconds=7)]
    )
    assert (adam.best, adam.epochs, adam.seconds, adam.common, adam.common_seconds) == (1.2, 2, 20, 2, 20)  # all reach 1.4
    assert (sgd.best, sgd.epochs, sgd.seconds, sgd.common, sgd.last) == (1.4, 3, 21, 3, 3)


def test_adam_is_fastest_where_it_is_first_by_both_counts():
    found = by_two_seeds()
    assert found.verdict == "holds"
    assert (
        "What the paper says in section VI.B.1 (Adam converges faster than the other optimizers) holds at 2 seeds a row" in found.sentence
    )
    assert "Adam, rate 0.001 has its least loss (1.200) after 2 epochs, and the loss that all reach after 2" in found.sentence
    assert "AdaDelta, rate 1 has its least loss (1.250) after 4 epochs, its last," in found.sentence
    shown = table(found)
    assert shown["setting"][0] == "Adam, rate 0.001"
    assert list(shown["epochs to it"]) == [2, 4, 4, 4, 4] * 2
    assert list(shown["seconds to it"]) == ["20", "40", "40", "40", "40"] * 2


def test_one_seed_does_not_tell_which_is_fastest():
    optimizers()
    found = judged("optimizers", "adam-fastest")
    assert found.verdict == "cannot be told"
    assert "cannot be told at 1 seed a row, another of which can change it: Adam, rate 0.001 has its least loss (1.200)" in found.sentence
    assert len(found.figures) == 5


def test_adam_is_not_fastest_where_another_is_first_by_both_counts():
    assert by_two_seeds(sgd=(1.1, 1.2, 1.3)).verdict == "does not hold"  # least and below 1.25 at once


def test_a_run_that_stalls_early_is_not_the_fastest():
    # Its own least loss comes first, but the others pass it at once.
    found = by_two_seeds(adam=(1.9, 1.6, 1.7), sgd=(1.7, 1.5, 1.4))
    assert found.verdict == "cannot be told"
    assert "by both counts" in found.sentence


def test_seeds_that_disagree_do_not_tell_and_missing_optimizers_are_named():
    optimizers()
    optimizers(adam=(1.9, 1.8, 1.7, 1.6, 1.2), seed=1)
    found = judged("optimizers", "adam-fastest", seeds=2)
    assert (found.verdict, "neither it nor another is first by both counts and every seed" in found.sentence) == ("cannot be told", True)
    for seed in (0, 1):
        (ledger.store.run_path(f"rmsprop-{seed}") / "manifest.json").unlink()
    found = judged("optimizers", "adam-fastest")
    assert found.sentence.endswith("cannot be told yet: not run is RMSprop, rate 0.0003.")
    assert len(found.figures) == 2 * 4


def test_damaged_history_is_a_sentence():
    optimizers()
    (ledger.store.run_path("adam-0") / "history.csv").write_text(HEAD)
    with pytest.raises(FerLabError, match="The history of the run 'adam-0' has no validation loss"):
        judged("optimizers", "adam-fastest")


# Whether gains fall.


def right(count):
    """Right answers to the first faces, wrong ones to the others."""
    return [label if place < count else (label + 1) % 7 for place, label in enumerate(LABELS)]


def depth(two, five, twelve):
    for key, count in (("net2-softmax", two), ("base", five), ("net12-softmax", twelve)):
        made("heads", key, answers=right(count))
    return judged("heads", "depth-falling")


def test_gains_fall():
    found = depth(84, 147, 168)  # 40, 70 and 80%: gains of 30 and 10 points
    assert found.verdict == "holds"
    assert "net2, softmax to net5, softmax: +30.0 points" in found.sentence
    assert "net5, softmax to net12, softmax: +10.0 points" in found.sentence
    assert "brings more than net5, softmax to net12, softmax: +20.0 points" in found.sentence
    # Per face 1 for 63 faces, -1 for 21 (2 * right by five - right by two - right by twelve), 0 else: mean 0.2.
    error = (((63 + 21) / 210 - 0.04) / 210) ** 0.5
    low, high = found.figures[2]["low"], found.figures[2]["high"]
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.03)


def test_gains_that_grow_do_not_fall():
    found = depth(84, 105, 168)  # gains of 10 and 30 points
    assert found.verdict == "does not hold"
    assert found.sentence.count("points (") == 1  # the one that is contrary


def test_gains_within_chance_cannot_be_told_and_missing_networks_are_named():
    assert depth(84, 115, 144).verdict == "cannot be told"  # 31 and 29 faces
    (ledger.store.run_path("base-0") / "manifest.json").unlink()
    assert judged("heads", "depth-falling").sentence.endswith("cannot be told yet: not run is net5, softmax.")


# Whether disgust is found.


def disgust(count):
    """All right but for disgust, of which the first so many are."""
    wrong = set(DISGUST[count:])
    return [0 if place in wrong else label for place, label in enumerate(LABELS)]


def recalls(svm, *networks, seed=0):
    made("models", "svm-pca", answers=disgust(svm))
    for key, count in zip(("net2-softmax", "base", "net12-softmax"), networks, strict=False):
        made("models", key, answers=disgust(count), seed=seed)
    return judged("models", "disgust-recovers")


def test_disgust_is_found_by_networks_alone():
    found = recalls(1, 10, 12, 15)
    assert found.verdict == "holds"
    assert "at n = 30 faces of disgust and 1 seed a row" in found.sentence
    interval = wilson_interval(1, 30)
    assert f"SVM on 200 principal components finds 3% ({100 * interval.low:.0f} to {100 * interval.high:.0f})" in found.sentence
    assert [row["recall"] for row in found.figures] == pytest.approx([1 / 30, 10 / 30, 12 / 30, 15 / 30])
    assert "net2, softmax minus SVM on 200 principal components: +30.0 points" in found.sentence
    assert list(table(found)["recall, %"]) == ["3.3", "33.3", "40.0", "50.0"]
    assert list(table(found)["n"]) == [30] * 4


def test_one_network_that_finds_no_more_leaves_it_open_and_one_that_finds_less_refutes_it():
    found = recalls(1, 4, 12, 15)  # three faces to none: McNemar's p is 0.25
    assert found.verdict == "cannot be told"
    assert "net2, softmax minus" in found.sentence
    assert "net5, softmax minus" not in found.sentence
    assert recalls(20, 5, 25, 28).verdict == "does not hold"


def test_missing_network_is_named_unless_another_refutes_the_claim():
    found = recalls(1, 10, 12)
    assert found.sentence.endswith("cannot be told yet: not run is net12, softmax.")
    assert len(found.figures) == 3
    assert recalls(20, 5).verdict == "does not hold"


def test_seeds_of_networks_stand_beside_the_svms_one_fit():
    recalls(1, 10, 12, 15)
    recalls(1, 12, 14, 15, seed=1)
    found = judged("models", "disgust-recovers", seeds=2)
    assert [(row["seeds"], round(row["recall"], 3)) for row in found.figures] == [(1, 0.033), (2, 0.367), (2, 0.433), (2, 0.5)]
    assert "and 2 seeds a row:" in found.sentence
    assert found.verdict == "holds"


# On the command line.


def test_ablate_prints_the_claims(command, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.setattr("fer_engine.settings.checkpoints_dir", lambda: tmp_path / "checkpoints")
    optimizers()
    status, output, errors = command("ablate", "optimizers", "--dry-run")
    assert status == 0, errors
    assert "(Adam converges faster than the other optimizers) cannot be told at 1 seed a row" in " ".join(output.split())
    assert "both must agree" in " ".join(errors.split())
    status, output, _ = command("ablate", "optimizers", "--dry-run", "--json")
    (row,) = [json.loads(line) for line in output.splitlines() if '"text claim"' in line]
    assert (row["claim"], row["verdict"], row["figures"][0]["epochs to it"]) == ("adam-fastest", "cannot be told", 2)
