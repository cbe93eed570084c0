"""Whether macro F1 differs by more than chance: p of a paired bootstrap, corrected, and in words."""

import numpy as np
import pytest
from made_runs import made_run

from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_heads import compare_heads
from fer_engine.evaluation.comparison_notes import notes
from fer_engine.evaluation.statistics import DRAWS, bootstrap_p

FEAR, HAPPY = 2, 3
LABELS = [HAPPY] * 100


def made(name: str, right: int, **changes):
    return made_run(name, LABELS, [HAPPY] * right + [FEAR] * (100 - right), **changes)


def compared(**rights):
    return compare({name: made(name, right) for name, right in rights.items()})


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([-1] + [1] * 8, 2 * (1 + 1) / 10),
        ([1] + [-1] * 8, 2 * (1 + 1) / 10),
        ([0, 0] + [1] * 7, 2 * (2 + 1) / 10),
        ([1e-17] + [1] * 8, 2 * (1 + 1) / 10),  # nothing but what rounding makes of it
        ([1] * 99, 2 / 100),
        ([0] * 9, 1),
    ],
)
def test_bootstrap_p_worked_out_by_hand(differences, p):
    assert bootstrap_p(np.array(differences, float)) == pytest.approx(p)


def test_p_of_macro_f1_is_twice_the_chance_that_no_face_of_those_that_differ_is_drawn():
    """B only fixes, three faces of a hundred; macro F1 is equal where none of them is drawn."""
    (pair,) = compared(a=97, b=100).pairs
    assert pair.test.macro_f1_p == pytest.approx(2 * 0.97**100, abs=0.02)
    assert not pair.test.macro_f1_distinguishable
    (same,) = compared(a=97, b=97).pairs
    assert same.test.macro_f1_p == 1


def test_p_of_macro_f1_is_corrected_for_all_tests_and_no_more():
    runs = {"a": made("a", 100), "b": made("b", 97), "c": made("c", 60), "strange": made("strange", 60, **{"data.valid_hash": "other"})}
    first, second, _, third, *_ = compare(runs).pairs
    least = 2 / (DRAWS + 1)
    assert [(pair.a.name, pair.b.name) for pair in (first, second, third)] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.test.macro_f1_p for pair in (second, third)] == pytest.approx([least, least])
    assert [pair.test.macro_f1_p_holm for pair in (first, second, third)] == pytest.approx([first.test.macro_f1_p, 3 * least, 3 * least])
    assert second.test.macro_f1_distinguishable


def test_p_of_macro_f1_of_heads_is_corrected_over_all_networks():
    runs = {"soft": made("soft", 60), "svm": made("svm", 100, head="svm")}
    (alone,) = compare_heads(runs)
    runs |= {"soft-1": made("soft-1", 97, seed=1), "svm-1": made("svm-1", 97, head="svm", seed=1)}
    first, second = (item.pair.test for item in compare_heads(runs))
    assert first.macro_f1_p_holm == pytest.approx(2 * alone.pair.test.macro_f1_p_holm)
    assert second.macro_f1_p_holm == 1


def test_macro_f1_in_words():
    clear, within, same = (compared(a=right, b=100).pairs[0] for right in (60, 97, 100))
    interval = clear.test.macro_f1_interval
    ends = f"({100 * interval.low:.1f} to {100 * interval.high:.1f})"
    assert clear.verdict_f1 == f"In macro F1 b is better by {100 * clear.test.macro_f1:.1f} points {ends}"
    assert within.verdict_f1.startswith("In macro F1 they are not distinguishable: b is ahead by 0.2 points (0.0 to ")
    assert same.verdict_f1 == "In macro F1 they are not distinguishable: no difference (0.0 to 0.0)"
    untested = compare({"a": made("a", 100), "b": made("b", 97, **{"data.valid_hash": "other"})}).pairs[0]
    assert untested.verdict_f1 == ""


def test_that_draws_are_too_few_for_so_many_pairs_is_noted(monkeypatch):
    comparison = compared(a=100, b=97, c=60)
    assert not any("least p" in note for note in notes(comparison))
    monkeypatch.setattr("fer_engine.evaluation.comparison_notes.DRAWS", 100)
    assert "Of so many pairs none can be told apart by macro F1: the least p of 100 draws, corrected, is 0.059." in notes(comparison)
