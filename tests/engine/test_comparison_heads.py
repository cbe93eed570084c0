"""Softmax or SVM: which runs stand beside each other, on made-up predictions."""

from dataclasses import replace

import pytest
from made_runs import made_run

from fer_engine.evaluation.comparison_heads import compare_heads
from fer_engine.experiments import paper, svm_lab
from fer_engine.experiments.studies import PAPER_STUDIES

HAPPY, FEAR = 3, 2
LABELS = [HAPPY] * 40


def made(name: str, right: int, **changes):
    return made_run(name, LABELS, [HAPPY] * right + [FEAR] * (40 - right), **changes)


def beside(runs: dict) -> list[tuple[str, str, str]]:
    return [(item.network, item.pair.a.name, item.pair.b.name) for item in compare_heads(runs)]


def test_every_svm_head_stands_beside_its_softmax_and_p_is_corrected_over_all():
    runs = {"five": made("five", 30), "five-other": made("five-other", 30, epochs=3)}
    runs["five-svm"] = made("five-svm", 36, head="svm", start=runs["five-other"].spec.hash)  # starts from the second
    runs["fresh-svm"] = made("fresh-svm", 32, head="svm")  # starts from none: the first is its twin
    assert beside(runs) == [("net5", "five-other", "five-svm"), ("net5", "five", "fresh-svm")]
    first, second = (item.pair.test for item in compare_heads(runs))
    assert (first.p, second.p) == pytest.approx((2 / 2**6, 2 / 2**2))
    assert (first.p_holm, second.p_holm) == pytest.approx((4 / 2**6, 2 / 2**2))
    assert compare_heads({"five": runs["five"]}) == ()


DECOYS = {
    "optimizer": {"optimizer.name": "adam", "optimizer.lr": 0.001, "optimizer.momentum": 0.0, "optimizer.nesterov": False},
    "seed": {"seed": 1},
    "batch": {"batch_size": 32},
    "layers": {"network.hidden": [7]},
    "data": {"data.train_hash": "cleaned"},
    "start": {"start": "0123456789ab"},
}


@pytest.mark.parametrize("changes", DECOYS.values(), ids=DECOYS)
def test_an_svm_head_from_fresh_weights_stands_beside_none_that_differs_in_more_than_the_head(changes):
    decoy, svm = made("a-decoy", 30, **changes), made("svm", 36, head="svm")
    assert beside({"a-decoy": decoy, "svm": svm}) == []
    assert beside({"a-decoy": decoy, "svm": svm, "twin": made("twin", 30)}) == [("net5", "twin", "svm")]


def test_svm_head_whose_start_is_not_here_stands_beside_none():
    runs = {"same": made("same", 30, start="0123456789ab"), "svm": made("svm", 36, head="svm", start="0123456789ab")}
    assert beside(runs | {"fresh": made("fresh", 30)}) == []


def test_the_papers_rows_differ_in_the_head_alone_and_stand_beside_each_other_seed_by_seed():
    (study,) = [study for study in PAPER_STUDIES if study.name == "heads"]
    names = {row.key for row in study.rows}
    assert {f"{model}-svm" for model in paper.HEADS} <= names
    runs = {f"{row.key}-s{seed}": made(f"{row.key}-s{seed}", 30, spec=row.spec, seed=seed) for row in study.rows for seed in (1, 0)}
    wanted = {(model, "base" if model == "net5" else f"{model}-softmax", f"{model}-svm") for model in paper.HEADS}
    assert set(beside(runs)) == {(model, f"{a}-s{seed}", f"{b}-s{seed}") for model, a, b in wanted for seed in (0, 1)}


def test_svm_on_a_networks_features_stands_beside_that_network():
    network = made("five", 20)
    on_it = made("on-five", 30, spec=replace(svm_lab.svm_recipe("svm-on-net5"), start=network.spec.hash))
    unrelated = made("hog", 30, spec=svm_lab.svm_recipe("svm-hog"))
    (found,) = compare_heads({"five": network, "on-five": on_it, "hog": unrelated})
    assert (found.pair.a.name, found.pair.b.name) == ("five", "on-five")
    assert "on-five reads the features of five, so that it had the training of both." in found.pair.remarks
