"""Recipes over several seeds: means, spread and tests, worked out by hand on made-up predictions."""

import numpy as np
import pytest
from made_runs import made_run
from scipy import stats

from fer_engine.ablations import results
from fer_engine.evaluation import comparison_seeds
from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_notes import notes
from fer_engine.evaluation.comparison_seeds import mean_interval, mean_of, over_seeds
from fer_engine.evaluation.statistics import mcnemar
from fer_engine.experiments import svm_lab
from fer_engine.experiments.spec import override

FEAR, HAPPY = 2, 3
LABELS = [HAPPY] * 200
OTHER = {"epochs": 3}


def made(name: str, right: int, seed: int = 0, **changes):
    return made_run(name, LABELS, [HAPPY] * right + [FEAR] * (200 - right), seed=seed, **changes)


def found(*runs):
    return over_seeds(compare({run.name: run for run in runs}))


def three(name: str, *rights: int, **changes):
    return [made(f"{name}-s{seed}", right, seed, **changes) for seed, right in enumerate(rights)]


def test_runs_that_differ_in_their_seed_alone_are_one_recipe():
    one = found(*three("base", 100, 120, 110), made("single", 90, **OTHER), made("other-data", 90, 7, **{"data.train_hash": "u"}))
    (group,) = one.groups
    assert (group.name, group.seeds, [item.name for item in group.entrants]) == ("base", (0, 1, 2), ["base-s0", "base-s1", "base-s2"])
    assert (group.accuracy, group.lowest, group.highest) == pytest.approx((0.55, 0.5, 0.6))
    assert (group.interval, group.n, group.tta) == (mean_interval([0.5, 0.6, 0.55], 200), 200, "flip")
    assert one.pairs == ()


def test_heads_that_go_on_from_a_recipes_seeds_are_one_recipe():
    before = [made(f"softmax-s{seed}", 100, seed) for seed in (0, 1)]
    heads = [made(f"head-s{seed}", 110 + seed, seed, start=run.spec.hash, epochs=2) for seed, run in enumerate(before)]
    other = made("head-of-other", 110, 2, start=made("other", 90, 2, **OTHER).spec.hash, epochs=2)
    one = found(*heads, other)
    assert [[entrant.name for entrant in group.entrants] for group in one.groups] == [["head-s0", "head-s1"]]


def test_interval_of_the_mean_holds_the_spread_over_seeds():
    (narrow,), (wide,) = found(*three("a", 110, 110)).groups, found(*three("b", 100, 120)).groups
    assert narrow.accuracy == wide.accuracy
    assert narrow.interval.high - narrow.interval.low < wide.interval.high - wide.interval.low


def test_recipes_are_tested_over_faces_and_seeds_they_share():
    runs = [*three("a", 100, 104, 90), *three("b", 120, 130, **OTHER), made("b-s5", 10, 5, **OTHER)]
    (pair,) = found(*runs).pairs
    assert (pair.a.name, pair.b.name, pair.test.seeds, pair.test.n) == ("a", "b", (0, 1), 200)
    # Differences 20 and 26 faces: mean 0.115, over seeds (0.03^2 / 2) / 2.
    assert pair.test.accuracy == pytest.approx(0.115)
    # Per face the mean difference is 1/2 for 4 faces (100 to 104), 1 for 16 (to 120), 1/2 for 10 (to 130).
    faces, seeds = (16 + 14 / 4) / 200, 0.03**2 / 4
    error = np.sqrt(faces / 200 + seeds)
    freedom = error**4 / seeds**2
    assert pair.test.p == pytest.approx(2 * stats.t.sf((0.115 - 1 / 200) / error, freedom))
    half = stats.t.ppf(0.975, freedom) * error + 1 / 200
    assert pair.test.accuracy_interval.low == pytest.approx(0.115 - half)
    assert pair.test.distinguishable
    low, high = 100 * pair.test.accuracy_interval.low, 100 * pair.test.accuracy_interval.high
    assert pair.verdict == f"Over 2 seeds b is better than a by 11.5 points ({low:.1f} to {high:.1f})"


def test_spread_over_seeds_can_hide_what_faces_alone_would_show():
    pairs = found(*three("a", 100, 100), *three("b", 160, 110, **OTHER)).pairs
    assert pairs[0].verdict.startswith("Over 2 seeds a and b are not distinguishable on 200 faces: b is ahead by 17.5 points (−")


@pytest.mark.parametrize(("fixed", "of"), [(1, 1), (4, 4), (5, 5), (5, 210), (4, 210), (4, 30), (12, 3589)])
def test_the_same_few_faces_in_each_seed_are_no_more_than_the_exact_test_has(fixed, of):
    faces = np.zeros(of)
    faces[:fixed] = 1
    found = mean_of([faces, faces])
    exact = mcnemar(0, fixed)
    assert exact <= found.p <= 4 * exact
    assert found.value == pytest.approx(fixed / of)
    assert (found.interval.low > 0) == (found.p < 0.05)
    assert found.interval.high <= 1


def test_no_difference_at_all_keeps_an_interval():
    found = mean_of([np.zeros(100), np.zeros(100)])
    assert (found.value, found.p, found.interval.low, found.interval.high) == (0, 1, -0.01, 0.01)


def test_p_is_corrected_for_all_pairs_of_recipes_that_are_tested():
    recipes = [*three("a", 100, 104), *three("b", 120, 126, **OTHER), *three("c", 150, 152, epochs=5)]
    strange = three("strange", 100, 104, **{"data.valid_hash": "other"})
    pairs = found(*recipes, *strange).pairs
    p = {(pair.a.name, pair.b.name): pair.test for pair in pairs if pair.test}
    assert set(p) == {("a", "b"), ("a", "c"), ("b", "c")}
    least = min(p.values(), key=lambda test: test.p)
    assert least.p_holm == pytest.approx(3 * least.p)
    (told,) = [pair.verdict for pair in pairs if pair.a.name == "a" and pair.b.name == "strange"]
    assert told == "a and strange are not tested over seeds: different protocols"


@pytest.mark.parametrize(("seeds", "words"), [((1, 2), "seed 1 alone"), ((2, 3), "no seed")])
def test_recipes_need_two_seeds_in_common(seeds, words):
    others = [made(f"b-{seed}", 120, seed, **OTHER) for seed in seeds]
    (pair,) = found(*three("a", 100, 104), *others).pairs
    assert pair.verdict == f"a and b are not tested over seeds: they have {words} in common, and two are needed"


def test_recipes_of_other_test_time_augmentation_are_marked():
    (pair,) = found(*three("a", 100, 104), *three("b", 120, 130, tta="none")).pairs
    assert pair.verdict.endswith("), a alone with the mirror image of each face")


def test_recipes_that_differ_in_their_training_data_alone_are_tested_over_seeds():
    (pair,) = found(*three("raw", 100, 104), *three("clean", 120, 130, **{"data.train_hash": "c", "data.name": "cleaned"})).pairs
    assert pair.test.seeds == (0, 1)


def test_repeated_seed_counts_once_and_a_classical_svm_has_none():
    assert found(made("a", 100), made("again", 120)).groups == ()
    svms = [made(f"svm-{seed}", 100, spec=override(svm_lab.svm_recipe("svm-hog"), {"seed": seed})) for seed in (0, 1)]
    assert found(*svms).groups == ()


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("ablate-base-s0", "ablate-base-s1"), "ablate-base"),
        (("net5-a", "net5-b"), "net5"),
        (("mine", "mine-1"), "mine"),
        (("run-s10", "run-s11"), "run"),
        (("x_seed1", "x_seed2"), "x"),
        (("left", "right"), "left (2 seeds)"),
    ],
)
def test_recipe_is_called_by_what_its_runs_names_have_in_common(names, called):
    (group,) = found(*(made(name, 100, seed) for seed, name in enumerate(names))).groups
    assert group.name == called


def test_two_recipes_never_share_a_name():
    runs = [made(f"run-{number}", 100, number % 2, epochs=3 + number // 2) for number in range(4)]
    assert [group.name for group in found(*runs).groups] == ["run", "run-2 (2 seeds)"]


def test_notes_say_what_intervals_are_over():
    assert "another seed can change the order" in notes(compare({run.name: run for run in (made("a", 100), made("b", 90, **OTHER))}))[-1]
    told = notes(compare({run.name: run for run in three("a", 100, 104)}))[-1]
    assert told == "Intervals and tests of single runs are over faces, for the one training that each is; those over seeds stand apart."


def test_studies_take_the_interval_of_a_mean_from_here():
    assert results.mean_interval is comparison_seeds.mean_interval
