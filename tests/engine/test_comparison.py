"""Runs side by side, against values worked out by hand on made-up predictions."""

import json
from dataclasses import replace

import numpy as np
import pytest
from made_runs import made_run
from scipy.stats import binom

from fer_engine.errors import FerLabError
from fer_engine.evaluation import comparison_costs, comparison_faces, comparison_trust
from fer_engine.evaluation.comparison import PairTest, compare, resample
from fer_engine.evaluation.comparison_data import data_pairs, data_table
from fer_engine.evaluation.comparison_terms import spec_differences
from fer_engine.evaluation.comparison_words import verdict
from fer_engine.evaluation.metrics import macro_f1
from fer_engine.evaluation.statistics import Interval, holm, mcnemar, percentile_interval, resampled_sums
from fer_engine.experiments import lab, svm_lab
from fer_engine.experiments.spec import override
from fer_engine.labels import NAMES

ANGRY, DISGUST, FEAR, HAPPY = range(4)
# Ten faces: two angry, three disgust, five happy.
LABELS = [ANGRY] * 2 + [DISGUST] * 3 + [HAPPY] * 5
A = [ANGRY, HAPPY, DISGUST, FEAR, HAPPY, HAPPY, HAPPY, HAPPY, ANGRY, ANGRY]  # 5 right
B = [HAPPY, HAPPY, DISGUST, DISGUST, FEAR, HAPPY, HAPPY, HAPPY, HAPPY, FEAR]  # 6 right; fixes rows 3 and 8, breaks row 0


def pair(**changes):
    return compare({"a": made_run("a", LABELS, A), "b": made_run("b", LABELS, B, **changes)}).pairs[0]


# Statistics


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [(1, 7, 2 * (1 + 8) / 2**8), (7, 1, 2 * (1 + 8) / 2**8), (0, 5, 2 / 2**5), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_mcnemar_counts_the_tails_of_a_fair_coin(only_a, only_b, p):
    assert mcnemar(only_a, only_b) == pytest.approx(p)


def test_holm_worked_out_by_hand():
    # By size: 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1, which may not fall below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1, 1)
    assert holm([]) == ()


def test_interval_of_a_difference_is_that_of_the_binomial_it_follows():
    """Where B only fixes, the resampled difference is a binomial share, of which the quantiles are known."""
    labels = np.full(100, HAPPY)
    a, b = np.where(np.arange(100) < 30, ANGRY, HAPPY), labels
    one, other = resample(labels, [a, b])
    found = percentile_interval(other.accuracy - one.accuracy)
    assert (100 * found.low, 100 * found.high) == pytest.approx(binom.ppf([0.025, 0.975], 100, 0.3), abs=1)


def test_resamples_are_repeatable_paired_and_in_one_piece_or_many(monkeypatch):
    columns = np.random.default_rng(0).integers(0, 2, (50, 3))
    sums = resampled_sums(np.hstack([columns, columns]), draws=200, seed=4)
    assert np.array_equal(sums[:, :3], sums[:, 3:])
    assert np.array_equal(sums, resampled_sums(np.hstack([columns, columns]), draws=200, seed=4))
    assert not np.array_equal(sums[:, :3], resampled_sums(columns, draws=200, seed=5))
    assert sums.mean(0)[:3] == pytest.approx(columns.sum(0), abs=1.5)
    monkeypatch.setattr("fer_engine.evaluation.statistics._CELLS", 500)
    assert resampled_sums(columns, draws=200, seed=4).shape == (200, 3)


def test_resampled_macro_f1_of_what_every_draw_gives_alike_is_the_figure_itself():
    labels = np.full(12, HAPPY)
    (drawn,) = resample(labels, [labels])
    assert np.allclose(drawn.macro_f1, macro_f1(labels, labels))
    assert np.allclose(drawn.recall[:, HAPPY], 1)
    assert np.isnan(drawn.recall[:, ANGRY]).all()


# A pair


def test_test_of_a_pair_worked_out_by_hand():
    test = pair().test
    assert (test.n, test.only_a, test.only_b) == (10, 1, 2)
    assert test.accuracy == pytest.approx(0.1)
    assert test.p == pytest.approx(1.0)
    # F1 by hand, A: angry 2/5, disgust 1/2, happy 3/5; B: angry 0, disgust 4/5, happy 4/5 (4 right, 5 labelled, 6 answered: 8/11).
    f1_a = (2 * 1 / (2 + 3) + 2 * 1 / (3 + 1) + 2 * 3 / (5 + 5)) / 7
    f1_b = (0 + 2 * 2 / (3 + 2) + 2 * 4 / (5 + 6)) / 7
    assert test.macro_f1 == pytest.approx(f1_b - f1_a)
    assert test.macro_f1_interval.low < test.macro_f1 < test.macro_f1_interval.high
    assert pair().verdict == "a and b are not distinguishable on 10 faces: b is ahead by 10.0 points (−20.0 to 40.0)"


def test_pair_the_other_way_round_has_all_signs_turned():
    comparison = compare({"a": made_run("a", LABELS, A), "b": made_run("b", LABELS, B)})
    one, other = comparison.pair("a", "b").test, comparison.pair("b", "a").test
    assert (other.only_a, other.only_b, other.accuracy) == (one.only_b, one.only_a, -one.accuracy)
    assert other.accuracy_interval == Interval(-one.accuracy_interval.high, -one.accuracy_interval.low)
    assert (other.macro_f1, other.p, other.macro_f1_p) == (-one.macro_f1, one.p, one.macro_f1_p)
    with pytest.raises(FerLabError, match="no pair of 'a' and 'c'; it has a, b"):
        comparison.pair("a", "c")


def some_test(accuracy: float, low: float, high: float, p: float) -> PairTest:
    return PairTest(3589, 0, 0, accuracy, Interval(low, high), 0, Interval(0, 0), p, p, 1, 1)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (some_test(-0.019, -0.032, -0.006, 0.004), "A is better than B by 1.9 points (0.6 to 3.2)"),
        (some_test(0.019, 0.006, 0.032, 0.004), "B is better than A by 1.9 points (0.6 to 3.2)"),
        (some_test(0.019, 0.006, 0.032, 0.06), "A and B are not distinguishable on 3,589 faces: B is ahead by 1.9 points (0.6 to 3.2)"),
        (some_test(0.01, -0.004, 0.02, 0.04), "A and B are not distinguishable on 3,589 faces: B is ahead by 1.0 points (−0.4 to 2.0)"),
        (some_test(0, 0, 0, 1), "A and B are not distinguishable on 3,589 faces: no difference (0.0 to 0.0)"),
    ],
)
def test_verdict_in_words(test, words):
    assert verdict("A", "B", test) == words


def test_of_many_runs_every_p_is_corrected_for_all_tests():
    labels = [HAPPY] * 40
    runs = {name: made_run(name, labels, [HAPPY] * right + [FEAR] * (40 - right)) for name, right in (("a", 40), ("b", 33), ("c", 26))}
    comparison = compare(runs)
    p = [found.test.p for found in comparison.pairs]
    assert p == pytest.approx([2 / 2**7, 2 / 2**14, 2 / 2**7])
    assert [found.test.p_holm for found in comparison.pairs] == pytest.approx([2 * p[0], 3 * p[1], 2 * p[0]])
    assert comparison.tests == 3
    assert [found.test.distinguishable for found in comparison.pairs] == [True, True, True]


# Terms


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data.valid_hash": "other"}, "a is measured on PublicTest (content v), b on PublicTest (content other)."),
        ({"data.train_hash": "more", "epochs": 3}, "a learnt from Training (content t), b from Training (content more)."),
        ({"classes": ["calm", "cross"]}, "a knows angry, disgust, fear, happy, sad, surprise, neutral, b calm, cross."),
        ({"first_row": 5}, "The faces of a and b have different labels or row numbers, so that they cannot be paired."),
        ({"chosen_on": "PrivateTest"}, "a was chosen on PublicTest (content v), b on PrivateTest."),
    ],
)
def test_runs_of_different_protocols_stand_apart_untested(changes, sentence):
    comparison = compare({"a": made_run("a", LABELS, A), "b": made_run("b", LABELS, B, **changes), "c": made_run("c", LABELS, B)})
    one, between, other = comparison.pairs
    assert sentence in one.obstacles
    assert one.test is None
    assert one.verdict == "a and b are not tested: different protocols"
    assert between.test is not None
    assert other.test is None
    assert between.test.p_holm == between.test.p, "what is not tested needs no correction"
    assert [[item.name for item in group] for group in comparison.groups] == [["a", "c"], ["b"]]


def test_runs_that_differ_in_the_faces_they_learnt_from_alone_are_tested_for_these():
    runs = {"a": made_run("a", LABELS, A), "b": made_run("b", LABELS, B, **{"data.train_hash": "cleaned", "data.name": "cleaned"})}
    comparison = compare(runs)
    found = comparison.pairs[0]
    assert found.obstacles == ()
    assert found.test == pair().test
    assert found.remarks == ("a and b differ in the faces that they learnt from and in nothing else; the test is of these.",)
    assert [[item.name for item in group] for group in comparison.groups] == [["a"], ["b"]], "the tables keep them apart"


def test_runs_are_paired_by_all_but_their_training_data():
    cleaned = {"data.train_hash": "cleaned", "data.name": "mine, cleaned"}
    runs = [
        made_run("clean", LABELS, B, learnt=90, **cleaned),
        made_run("raw", LABELS, A),
        made_run("again", LABELS, A),
        made_run("shorter", LABELS, B, learnt=90, epochs=3, **cleaned),
    ]
    (found,) = data_pairs(runs)
    assert (found.pair.a.name, found.pair.b.name) == ("raw", "clean"), "the one that learnt from more faces first"
    assert found.learnt == (100, 90)
    assert found.pair.test == pair().test
    table = data_table([found])
    assert table["Run"].tolist() == ["raw", "clean"]
    assert table["Learnt from"].tolist() == ["fer2013", "mine, cleaned"]
    assert table["Training faces"].tolist() == [100, 90]
    assert data_table(data_pairs(runs[1:])).empty


def test_what_is_not_tested_is_not_remarked_on_and_what_goes_without_saying_is_not_said():
    found = pair(**{"data.valid_hash": "other", "tta": "none"})
    assert found.remarks == ()
    assert found.obstacles == ("a is measured on PublicTest (content v), b on PublicTest (content other).",)


def test_other_labels_of_the_same_faces_are_another_protocol():
    others = [FEAR, *LABELS[1:]]
    found = compare({"a": made_run("a", LABELS, A), "b": made_run("b", others, B)}).pairs[0]
    assert found.test is None
    assert "different labels" in found.obstacles[0]
    with pytest.raises(FerLabError, match="a and b were not measured on the same faces"):
        comparison_faces.agreement([found.a, found.b])


def test_rows_are_paired_by_their_number_and_not_by_their_place():
    turned = made_run("b", LABELS[::-1], B[::-1], rows=list(range(10))[::-1])
    assert compare({"a": made_run("a", LABELS, A), "b": turned}).pairs[0].test == pair().test


def test_what_one_run_has_more_than_the_other_is_remarked():
    found = pair(tta="none")
    words = "a and b are not distinguishable on 10 faces: b is ahead by 10.0 points (−20.0 to 40.0)"
    assert found.verdict == f"{words}, a alone with the mirror image of each face"
    assert found.remarks == ("a answers with the mean over a face and its mirror image, b does not; the difference includes this.",)
    first = made_run("a", LABELS, A)
    (remark,) = compare({"a": first, "b": made_run("b", LABELS, B, start=first.spec.hash)}).pairs[0].remarks
    assert remark == "b goes on from the weights of a, so that it had the training of both."
    third, same = made_run("third", LABELS, A, epochs=3), made_run("same", LABELS, A, epochs=4, start=first.spec.hash)
    later = made_run("later", LABELS, B, start=first.spec.hash)
    (remark,) = compare({"third": third, "later": later}).pairs[0].remarks
    assert remark == "later builds on a run that is not at hand, whose training it had besides its own."
    assert compare({"same": same, "later": later}).pairs[0].remarks == (), "both had it"
    assert pair().remarks == ()


def test_what_cannot_be_compared_is_told_in_a_sentence():
    run = made_run("a", LABELS, A)
    with pytest.raises(FerLabError, match="needs two runs or more"):
        compare({"a": run})
    with pytest.raises(FerLabError, match="'a' has no answers on PrivateTest; it was scored on: PublicTest"):
        compare({"a": run, "b": run}, "PrivateTest")
    (run.path / "manifest.json").unlink()
    with pytest.raises(FerLabError, match="'a' is unfinished"):
        compare({"a": run, "b": run})


@pytest.mark.parametrize(("file", "content"), [("metrics.json", '{"PublicTest": {}}'), ("manifest.json", '{"name": "b"}')])
def test_damaged_folder_is_told_in_a_sentence(file, content):
    run = made_run("b", LABELS, B)
    (run.path / file).write_text(content)
    with pytest.raises(FerLabError, match="'b'.* (is|are) damaged"):
        compare({"a": made_run("a", LABELS, A), "b": type(run)(run.path)})


def test_specs_differ_in_what_differs_and_in_nothing_else():
    base = lab.recipe("net5")
    changed = override(base, {"optimizer.lr": 0.02, "augment.flip": False})
    rows = {row.field: row.values for row in spec_differences([base, changed, base])}
    assert rows == {"optimizer.lr": ("0.04", "0.02", "0.04"), "augment.flip": ("on", "off", "on")}
    assert spec_differences([base, base]) == ()
    across = {row.field: row.values for row in spec_differences([base, svm_lab.svm_recipe("svm-hog")])}
    assert across["family"] == ("cnn", "svm")
    assert across["epochs"] == ("24", "")
    assert across["kernel"] == ("", "rbf")
    assert "seed" not in across


# Faces


def test_confusion_difference_and_the_faces_behind_each_of_its_cells():
    found = pair()
    difference = comparison_faces.confusion_difference(found.a, found.b)
    wanted = np.zeros((7, 7), int)
    wanted[ANGRY, [ANGRY, HAPPY]] = -1, 1
    wanted[DISGUST, [DISGUST, HAPPY]] = 1, -1  # fear: one went, another came
    wanted[HAPPY, [HAPPY, ANGRY, FEAR]] = 1, -2, 1
    assert np.array_equal(difference, wanted)
    moved = comparison_faces.moved_faces(found.a, found.b, "disgust", "fear")
    assert [ids.tolist() for ids in (moved.fixed, moved.broke, moved.came, moved.went)] == [[3], [], [4], []]
    moved = comparison_faces.moved_faces(found.a, found.b, "happy", "angry")
    assert [ids.tolist() for ids in (moved.fixed, moved.broke, moved.came, moved.went)] == [[8], [], [], [9]]
    moved = comparison_faces.moved_faces(found.a, found.b, "angry", "angry")
    assert [ids.tolist() for ids in (moved.fixed, moved.broke)] == [[], [0]]
    for label, answer in np.ndindex(7, 7):
        moved = comparison_faces.moved_faces(found.a, found.b, NAMES[label], NAMES[answer])
        more = len(moved.broke) + len(moved.came) - len(moved.fixed) - len(moved.went)
        assert difference[label, answer] == (-more if label == answer else more)


def test_recall_by_emotion_worked_out_by_hand():
    rows = {row.emotion: row for row in comparison_faces.recall_changes(pair())}
    angry, happy, sad = rows["angry"], rows["happy"], rows["sad"]
    assert (angry.support, angry.a, angry.b, angry.difference, angry.fixed, angry.broke) == (2, 0.5, 0, -0.5, 0, 1)
    assert (happy.support, happy.a, happy.b, happy.fixed, happy.broke) == (5, 0.6, 0.8, 1, 0)
    assert happy.interval.low <= happy.difference <= happy.interval.high
    assert (sad.support, sad.a, sad.difference, sad.interval) == (0, None, None, None)
    assert all(row.p_holm == 1 for row in rows.values())


def test_recall_of_runs_that_are_not_tested_has_no_interval_and_no_p():
    tested, untested = (comparison_faces.recall_changes(found) for found in (pair(), pair(**{"data.train_hash": "more", "epochs": 3})))
    assert untested == tuple(replace(row, interval=None, p_holm=None) for row in tested)


def test_agreement_and_what_all_get_wrong():
    found = pair()
    assert comparison_faces.agreement([found.a, found.b]).tolist() == [[1, 0.5], [0.5, 1]]
    missed = comparison_faces.missed_by_all([found.a, found.b])
    assert missed.ids.tolist() == [1, 4, 9]
    assert missed.unanimous.tolist() == [True, False, False]
    assert missed.answers.tolist() == [[HAPPY, HAPPY], [HAPPY, FEAR], [ANGRY, FEAR]]


# Costs


def test_front_holds_what_nothing_beats():
    costs, gains = [1, 2, 3, 2, 1, 4], [0.5, 0.7, 0.7, 0.6, 0.5, 0.9]
    assert comparison_costs.pareto_front(costs, gains).tolist() == [True, True, False, False, True, True]


def test_training_time_counts_the_runs_that_a_run_starts_from():
    first = made_run("first", LABELS, A, seconds=100)
    second = made_run("second", LABELS, A, seconds=10, start=first.spec.hash)
    third = made_run("third", LABELS, A, seconds=1, start=second.spec.hash, milliseconds=4)
    found = comparison_costs.cost(third, [first, second, third])
    assert (found.seconds, found.own_seconds, found.starts_from, found.unknown) == (111, 1, ("second", "first"), False)
    assert (found.milliseconds, found.machine) == (4, "a processor, cpu, 1 thread")
    alone = comparison_costs.cost(third, [third])
    assert (alone.seconds, alone.unknown) == (1, True)


# Trust


def test_accuracy_against_coverage_worked_out_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.2, 0.8]])
    found = comparison_trust.coverage(probabilities, np.array([0, 1, 0, 0]))  # right at 0.9, wrong at 0.6, at 0.8 one of two
    assert found.coverage.tolist() == [0.25, 0.75, 1]
    assert found.accuracy.tolist() == pytest.approx([1, 2 / 3, 1 / 2])
    assert found.confidence.tolist() == [0.9, 0.8, 0.6]
    assert found.accuracy_at(0.5) == pytest.approx(2 / 3)
    assert found.coverage_for(0.6) == 0.75
    assert found.coverage_for(1.1) == 0


def test_margin_is_the_lead_over_the_next():
    assert comparison_trust.margins(np.array([[0.5, 0.2, 0.3], [0.1, 0.45, 0.45]])) == pytest.approx([0.2, 0])


def test_reliability_before_calibration_is_that_of_the_scores_themselves():
    scored = pair().a.scored
    sharper = replace(scored, probabilities=np.eye(7)[scored.answers])
    found = comparison_trust.trust(sharper)
    assert found.after.error == pytest.approx(0.5)  # always sure, half right
    assert found.before.error == comparison_trust.trust(scored).before.error != found.after.error
    assert found.right.sum() == 5


def test_shipped_runs_give_the_figures_of_their_metrics():
    from fer_engine.runs.store import finished_run

    names = ("net5-softmax", "net12-softmax")
    comparison = compare({name: finished_run(name) for name in names})
    for entrant in comparison.entrants:
        figures = json.loads((entrant.run.path / "metrics.json").read_text())["PublicTest"]
        assert entrant.right.mean() == pytest.approx(figures["accuracy"])
        assert macro_f1(entrant.scored.labels, entrant.scored.answers) == pytest.approx(figures["macro_f1"])
        assert entrant.macro_f1_interval.low < figures["macro_f1"] < entrant.macro_f1_interval.high
    test = comparison.pairs[0].test
    low, high = test.accuracy_interval.low, test.accuracy_interval.high
    spread = np.sqrt(test.only_a + test.only_b - (test.only_b - test.only_a) ** 2 / test.n) / test.n
    assert (low, high) == pytest.approx((test.accuracy - 1.96 * spread, test.accuracy + 1.96 * spread), abs=1e-3)


def test_readme_shows_the_verdict_of_the_shipped_runs():
    from pathlib import Path

    from fer_engine.runs.store import finished_run

    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    comparison = compare({name: finished_run(name) for name in ("net5-softmax", "net12-softmax")})
    assert f"> {comparison.pairs[0].verdict}. {comparison.pairs[0].verdict_f1}.\n" in readme
