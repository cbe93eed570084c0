"""A run is told from the recipe that it comes nearest to, by the fields that it changes and no others."""

import pytest

from fer_engine.experiments import lab, paper
from fer_engine.experiments.bases import nearest_base, told
from fer_engine.experiments.spec import override, with_data


@pytest.mark.parametrize("head", ["softmax", "svm"])
@pytest.mark.parametrize(
    ("recipe", "title"), [(lab.recipe, "our recipe"), (paper.recipe, "the paper's recipe"), (lab.quick, "our quick recipe")]
)
def test_a_recipe_on_whatever_data_differs_from_itself_in_nothing(recipe, title, head):
    assert str(nearest_base(with_data(recipe("net5", head), "a" * 16, "b" * 16, "fer2013"))) == title


def test_changes_are_named_with_their_value_and_the_bases():
    base = nearest_base(override(paper.recipe("net2"), {"epochs": 7, "optimizer.lr": 0.5}))
    assert base.title == "the paper's recipe"
    assert {(item.field, item.value, item.base) for item in base.differences} == {("epochs", 7, 30), ("optimizer.lr", 0.5, 1.0)}


def test_a_continued_run_is_told_from_the_recipe_for_continuing():
    spec = override(lab.continued("net12"), {"start": "c0ffee", "seed": 1})
    assert str(nearest_base(spec)) == "our recipe, continued: seed 1"


def test_drawn_data_is_a_difference():
    assert str(nearest_base(with_data(lab.recipe("net5"), "a", "b", "synthetic"))) == "our recipe: data.name synthetic"


@pytest.mark.parametrize(("value", "words"), [(True, "on"), ((36, 48), "36-48"), ((), "none"), (0.02, "0.02"), ("", "none"), (64, "64")])
def test_values_are_told_in_words(value, words):
    assert told(value) == words
