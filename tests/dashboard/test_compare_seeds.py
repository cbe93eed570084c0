"""Compare takes runs together that differ in their seed alone, on the page and in the report."""

import pytest
from made_runs import made_run

from dashboard import compare_tables
from dashboard.lab.document import lab_html
from dashboard.lab.gather import gather
from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_seeds import over_seeds

HAPPY, SAD = 3, 4
LABELS = [HAPPY] * 40
NAMES = [f"{name}-s{seed}" for name in ("one", "two") for seed in (0, 1)]


@pytest.fixture
def recipes(no_checkpoints):
    """Two recipes by two seeds: 30 and 31 right answers of 40, 20 and 22."""
    rights = ((30, {}), (31, {"seed": 1}), (20, {"epochs": 3}), (22, {"epochs": 3, "seed": 1}))
    runs = {}
    for name, (right, changes) in zip(NAMES, rights, strict=True):
        runs[name] = made_run(name, LABELS, [HAPPY] * right + [SAD] * (40 - right), **changes)
    return runs


def test_section_over_seeds_has_means_spread_and_verdict(open_page, recipes):
    app = open_page("compare", view="Verdict", runs=NAMES)
    assert "Over seeds" in [item.value for item in app.subheader]
    told = "\n".join(item.value for item in (*app.markdown, *app.caption))
    assert "**Over 2 seeds one is better than two by 23.8 points (" in told
    assert "those over seeds stand apart" in told
    assert compare_tables.OVER_SEEDS in told
    (means,) = [item.value for item in app.table if "Mean accuracy" in item.value]
    assert means["Mean accuracy"].tolist() == ["76.2%", "52.5%"]
    assert means["Lowest – highest"].tolist() == ["75.0 – 77.5", "50.0 – 55.0"]
    (pairs,) = [item.value for item in app.table if "Verdict" in item.value]
    assert pairs["Accuracy, B − A"].tolist() == ["−23.8"]
    assert {f"Save as compare-{name}.csv" for name in ("seeds", "seed-pairs")} <= {item.proto.help for item in app.get("download_button")}


def test_runs_of_one_seed_have_no_such_section(open_page, recipes):
    app = open_page("compare", view="Verdict", runs=[NAMES[0], NAMES[2]])
    assert "Over seeds" not in [item.value for item in app.subheader]


def test_one_recipe_alone_has_a_mean_and_no_verdict(open_page, recipes):
    app = open_page("compare", view="Verdict", runs=NAMES[:2])
    assert "Over seeds" in [item.value for item in app.subheader]
    assert not any("Verdict" in item.value for item in app.table)


def test_recipes_that_are_not_tested_have_dashes_and_the_reason():
    runs = {f"a-{seed}": made_run(f"a-{seed}", LABELS, LABELS, seed=seed) for seed in (0, 1)}
    runs |= {f"b-{seed}": made_run(f"b-{seed}", LABELS, LABELS, seed=seed, epochs=3) for seed in (1, 2)}
    row = compare_tables.seed_pairs(over_seeds(compare(runs)).pairs).iloc[0]
    assert (row["Accuracy, B − A"], row["p (Holm)"]) == ("not tested", "–")
    assert row["Verdict"].endswith("they have seed 1 alone in common, and two are needed")


def test_report_has_the_same(recipes):
    text = lab_html(gather())
    assert "Over 2 seeds one is better than two by 23.8 points (" in text
    assert 'download="compare-seeds.csv"' in text
    assert 'download="compare-seed-pairs.csv"' in text
