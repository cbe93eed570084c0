"""The README's shares of the regions are what the command printed, which lies in docs/regions."""

import json
from pathlib import Path

import numpy as np
import pytest

from fer_engine import settings
from fer_engine.explain.regions import REGIONS
from fer_engine.labels import NAMES
from fer_engine.runs.store import Run

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAIRS = {"gradcam++": ("net5-softmax", "net12-softmax"), "occlusion": ("net5-softmax-occlusion", "net12-softmax-occlusion")}
LEAST = 25  # faces of each network that a row of the README needs


def report(name):
    return json.loads((ROOT / "docs" / "regions" / f"{name}.json").read_text(encoding="utf-8"))


def rows(pair):
    """The README's rows of two networks: faces, and how many times its area each region counts for."""
    reports = [report(name) for name in pair]
    areas = [f"{100 * region['area']:.1f}" for region in reports[0]["emotions"][0]["regions"]]
    yield f"| *area, %* | | {' | '.join(areas)} |"
    for items in zip(*(found["emotions"] for found in reports), strict=True):
        if min(item["n"] for item in items) >= LEAST:
            faces = " / ".join(f"{item['n']:,}" for item in items)
            ratios = [" / ".join(f"{item['regions'][place]['ratio']:.1f}" for item in items) for place in range(len(REGIONS))]
            yield f"| {items[0]['emotion']} | {faces} | {' | '.join(ratios)} |"


@pytest.mark.parametrize("method", PAIRS)
def test_readme_shows_what_was_printed(method):
    expected = list(rows(PAIRS[method]))
    assert len(expected) == 8  # area, all, and every emotion but disgust
    assert "\n".join(expected) in README


@pytest.mark.parametrize("method", PAIRS)
def test_what_was_printed_is_whole(method):
    for found in map(report, PAIRS[method]):
        assert (found["split"], found["looking"]["of"], found["looking"]["method"]) == ("PublicTest", "answer", method)
        assert [item["emotion"] for item in found["emotions"]] == ["all", *NAMES]
        everything, *emotions = found["emotions"]
        assert everything["n"] + everything["blank"] == found["n"] == sum(item["n"] + item["blank"] for item in emotions)
        for item in found["emotions"]:
            assert [region["region"] for region in item["regions"]] == list(REGIONS)
            assert sum(region["share"] for region in item["regions"]) == pytest.approx(1)
            assert sum(region["area"] for region in item["regions"]) == pytest.approx(1)


@pytest.mark.parametrize("name", PAIRS["gradcam++"])
def test_what_was_printed_is_of_the_weights_that_ship(name):
    """Weights that were trained anew answer otherwise: then the command has to be run again."""
    answers = Run(settings.checkpoints_dir() / name).predictions()[list(NAMES)].to_numpy().argmax(1)
    printed = [item["n"] + item["blank"] for item in report(name)["emotions"][1:]]
    assert np.abs(np.bincount(answers, minlength=len(NAMES)) - printed).max() <= 1  # a tie may fall to either side
