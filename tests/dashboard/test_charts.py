"""Figures without Streamlit: one colour an emotion, what is measured beside each bar, intervals where they belong."""

import pytest

from dashboard.charts import Accuracy, Sparsity, accuracies, class_distribution, probability_bars, zeros_by_depth
from dashboard.text import count, plain, probability
from fer_engine.labels import COLORS, NAMES


def test_bars_keep_class_order_and_colours_whatever_the_values():
    bar = probability_bars([0.0, 0.1, 0.2, 0.3, 0.15, 0.05, 0.2]).data[0]
    assert list(bar.y) == list(NAMES)
    assert list(bar.marker.color) == [COLORS[name] for name in NAMES]
    assert list(bar.text) == ["0%", "10%", "20%", "30%", "15%", "5%", "20%"]


def test_the_distributions_bars_are_shares_of_their_split():
    bar = class_distribution(dict.fromkeys(NAMES, 50), 0.25).data[0]
    assert list(bar.x) == pytest.approx([100 / 7] * 7)
    assert bar.text[0] == "50 · 14.3%"


def test_whiskers_end_at_the_intervals_ends_and_the_papers_figure_is_marked():
    figure = accuracies([Accuracy("net2-svm", 0.60, 0.58, 0.63, paper=0.569)], "PublicTest")
    paper, measured = figure.data
    assert "another split" in paper.name
    assert list(paper.x) == pytest.approx([56.9])
    assert measured.x[0] - measured.error_x.arrayminus[0] == pytest.approx(58)
    assert measured.x[0] + measured.error_x.array[0] == pytest.approx(63)


def test_two_models_differ_by_more_than_colour():
    figure = zeros_by_depth([Sparsity("A", "x", ["conv1"], [0.5]), Sparsity("B", "x", ["conv1", "fc1"], [0.5, 0.9])])
    assert figure.data[0].marker.symbol != figure.data[1].marker.symbol
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert list(figure.data[1].y) == pytest.approx([50, 90])


@pytest.mark.parametrize("axis", ["xaxis", "yaxis"])
def test_axes_of_numbers_carry_a_title_with_its_unit(axis):
    figure = zeros_by_depth([Sparsity("A", "x", ["conv1"], [0.5])])
    assert "(" in figure.layout[axis].title.text


@pytest.mark.parametrize(("share", "told"), [(0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.9999, ">99%"), (1, "100%")])
def test_a_probability_is_not_rounded_to_a_certainty(share, told):
    assert probability(share) == told


@pytest.mark.parametrize(("number", "told"), [(10_934_247, "10.9 M"), (93_000, "93 k"), (940, "940")])
def test_counts_are_told_in_millions_or_thousands(number, told):
    assert count(number) == told


def test_markdown_in_names_is_shown_as_it_is():
    assert plain("a_b *c* $d$ <i>") == r"a\_b \*c\* \$d\$ \<i\>"
