"""What is said of runs that are not tested against each other, and how they are grouped."""

from itertools import permutations

import pytest
from made_runs import made_run

from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_faces import on_same_faces
from fer_engine.evaluation.comparison_notes import notes
from fer_engine.evaluation.comparison_terms import titles

LABELS = [0, 1, 2, 3, 4, 5, 6, 3, 3, 3]
CLEANED = {"data.train_hash": "cleaned", "data.name": "cleaned"}


def compared(**runs):
    """A comparison of made-up runs, each by what its spec has that others have not."""
    return compare({name: made_run(name, LABELS, LABELS, **changes) for name, changes in runs.items()})


def groups(comparison) -> list[list[str]]:
    return [[item.name for item in group] for group in comparison.groups]


def of_protocols(comparison) -> list[str]:
    return [note for note in notes(comparison) if "not tested" in note]


@pytest.mark.parametrize("order", list(permutations(("other", "raw", "cleaned"))))
def test_who_is_not_tested_is_said_pair_by_pair_in_any_order(order):
    """Raw against cleaned is tested, the other recipe on raw faces against both raw and not cleaned."""
    changes = {"other": {"epochs": 3}, "raw": {}, "cleaned": CLEANED}
    comparison = compared(**{name: changes[name] for name in order})
    assert {frozenset((pair.a.name, pair.b.name)) for pair in comparison.pairs if pair.test} == {
        frozenset(("raw", "cleaned")),
        frozenset(("other", "raw")),
    }
    (note,) = of_protocols(comparison)
    contents = ["Training (content t)", "Training (content cleaned)"]
    names = ["other", "cleaned"]
    if order.index("cleaned") == 0:
        contents, names = contents[::-1], names[::-1]
    assert (
        note == f"Different protocols, so not tested: {names[0]} against {names[1]}. They learnt from {contents[0]} and from {contents[1]}."
    )


def test_runs_of_training_data_alone_and_of_one_protocol_need_no_such_note():
    assert of_protocols(compared(raw={}, cleaned=CLEANED)) == []
    assert of_protocols(compared(a={}, b={"epochs": 3})) == []


def test_many_runs_that_are_not_tested_for_one_kind_of_reason_are_one_sentence():
    found = of_protocols(compared(a={}, b={"epochs": 3}, c={"data.train_hash": "u", "epochs": 4}, d={"data.train_hash": "w", "epochs": 5}))
    assert found == ["Different protocols, so not tested: a, b against c; a, b against d; c against d. They learnt from different faces."]


def test_each_kind_of_reason_has_its_sentence():
    first, second, third = of_protocols(
        compared(a={}, b={"data.valid_hash": "other", "data.train_hash": "u"}, c={"chosen_on": "PrivateTest"})
    )
    assert first == (
        "Different protocols, so not tested: a against b. They are measured on PublicTest (content v) and on PublicTest (content other) "
        "and learnt from Training (content t) and from Training (content u)."
    )
    assert second == "Different protocols, so not tested: a against c. They were chosen on PublicTest (content v) and on PrivateTest."
    assert "b against c. They are measured on PublicTest (content other) and on PublicTest (content v) and learnt from" in third
    assert third.endswith(" and were chosen on PublicTest (content other) and on PrivateTest.")


def test_groups_are_titled_by_what_sets_them_apart():
    def titled(comparison):
        return titles([group[0].terms for group in comparison.groups])

    assert titled(compared(a={}, b={"epochs": 3})) == ("",)
    cleaned = compared(a={}, b={"epochs": 3}, c=CLEANED)
    assert groups(cleaned) == [["a", "b"], ["c"]]
    assert titled(cleaned) == ("Learnt from Training (content t)", "Learnt from Training (content cleaned)")
    assert titled(compared(a={}, b={"data.valid_hash": "other", "data.train_hash": "u"})) == (
        "Measured on PublicTest (content v); learnt from Training (content t)",
        "Measured on PublicTest (content other); learnt from Training (content u)",
    )


def test_runs_on_the_same_faces_are_together_whatever_they_learnt_from():
    comparison = compared(a={}, b=CLEANED, c={"first_row": 5}, d={"data.train_hash": "u", "epochs": 3}, e={"data.valid_hash": "other"})
    assert [[item.name for item in group] for group in on_same_faces(comparison.entrants)] == [["a", "b", "d"], ["c"], ["e"]]
