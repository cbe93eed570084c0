"""Data shows what is in a data set and what is wrong with it, on drawn faces with faults put in, and does without a data set."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.data_charts import MEASURES, cost_bars, quality_histogram
from dashboard.data_gallery import Wanted, chosen, enlarged, face_tile, tile_sheet
from fer_engine.data.audit import audit
from fer_engine.data.audit_costs import ALL, LEAKED, NEAR, SUSPECT, TRUSTED, UNSEEN, Cost, costs_table, places_in, run_costs
from fer_engine.data.audit_quality import Quality, measure_quality
from fer_engine.data.audit_votes import Votes
from fer_engine.data.faceset import FaceSet
from fer_engine.data.synthetic import synthetic
from fer_engine.errors import FerLabError
from fer_engine.evaluation.curves import Scored
from fer_engine.labels import NAMES
from fer_engine.runs.store import list_runs

ORDER = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
PLACES = (6, 3, 5, 4, 0, 1, 2, 7, 8, 9)  # of these among the engine's choices
REAL = os.environ.get("FER_LAB_DATA", "")  # before the tests' own areas hide it


@pytest.fixture(scope="module")
def flawed() -> FaceSet:
    """A hundred and forty drawn faces: 3 again in PublicTest, 22 again with another label, one black."""
    faces = synthetic(140)
    images, labels = faces.images.copy(), faces.labels.copy()
    public = int(np.flatnonzero(faces.split == "PublicTest")[0])
    images[23] = images[22]
    images[public], labels[public] = images[3], labels[3]
    images[30] = 0
    return FaceSet(images, labels, faces.split, np.arange(140), "flawed")


@pytest.fixture
def brought(flawed, tmp_path, monkeypatch) -> Path:
    """The same as a CSV file with FER+'s votes beside it: nine of ten for the label, in every seventh face for fear."""
    lines = ["emotion,pixels,Usage"]
    for image, label, split in zip(flawed.images, flawed.labels, flawed.split, strict=True):
        lines.append(f"{label},{' '.join(map(str, image.ravel()))},{split}")
    path = tmp_path / "flawed.csv"
    path.write_text("\n".join(lines))
    counts = np.zeros((140, 10), int)
    counts[np.arange(140), np.where(np.arange(140) % 7 == 0, 2, flawed.labels)] = 9
    counts[:, 8] = 1
    rows = [f"{split},x.png," + ",".join(str(own[place]) for place in PLACES) for split, own in zip(flawed.split, counts, strict=True)]
    (tmp_path / "fer2013new.csv").write_text("\n".join(["Usage,Image name," + ",".join(ORDER), *rows]))
    monkeypatch.setenv("FER_LAB_DATA", str(path))
    return path


def metrics(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app) -> str:
    return "\n".join(item.value for item in [*app.markdown, *app.caption])


def alts(app) -> list[str]:
    return [image.alt for shown in app.get("image") for image in shown.proto.imgs]


def downloads(app) -> list[str]:
    return [button.proto.label for button in app.get("download_button")]


def test_without_a_data_set_it_says_how_to_bring_one_and_shows_the_drawn_set(open_page, figure):
    app = open_page("data")
    assert "FER_LAB_DATA" in app.info[0].value
    (bars,) = figure(app, "data-classes-Training")["data"]
    assert bars["text"][0].startswith("240 · ")
    assert not app.error


@pytest.mark.parametrize("part", ["Overview", "Faces", "Copies", "Labels", "What it costs"])
def test_every_part_opens_on_the_drawn_set(open_page, part):
    app = open_page("data", part=part)
    assert not app.error


def test_overview_counts_classes_and_shows_mean_faces(open_page, figure, flawed, brought):
    app = open_page("data")
    for split, counts in flawed.counts().items():
        (bars,) = figure(app, f"data-classes-{split}")["data"]
        assert [told.split(" · ")[0] for told in bars["text"]] == [f"{counts[name]:,}" for name in NAMES]
    assert alts(app) == [f"Mean of Training's faces labelled {name}" for name in NAMES]
    assert downloads(app).count("CSV") == 2
    assert "These faces as PNG" in downloads(app)
    for name in MEASURES:
        assert len(figure(app, f"data-{name}")["data"]) == 3
    assert f"brightness {np.median(measure_quality(flawed.images).brightness):.3g}" in words(app)


def test_copies_lists_conflicts_first(open_page, brought):
    app = open_page("data", part="Copies")
    assert metrics(app) == {
        "Groups": "2",
        "Images in them": "4",
        "Groups with conflicting labels": "1",
        "Groups across splits": "1",
        "PublicTest images with a twin in Training": "1",
        "PrivateTest images with a twin in Training": "0",
    }
    assert [text for text in words(app).split("\n") if text.startswith("**1.**")] == ["**1.** 2 images :orange-badge[labels conflict]"]
    assert "**1** of 140 images." in words(app)
    conflict = open_page("data", part="Copies", groups="across splits")
    assert "**1.** 2 images :blue-badge[across splits]" in words(conflict)
    assert "**2.**" not in words(conflict)


def test_faces_are_filtered_by_split_label_and_votes(open_page, flawed, brought):
    app = open_page("data", part="Faces")
    assert "**140** of 140 faces." in words(app)
    assert len(alts(app)) == 48
    app = open_page("data", part="Faces", split="PublicTest", emotion="sad")
    expected = int(((flawed.split == "PublicTest") & (flawed.labels == NAMES.index("sad"))).sum())
    assert f"**{expected}** of 140 faces." in words(app)
    app.slider(key="agree").set_value((10, 10)).run()
    assert "**0** of 140 faces." in words(app)


def test_the_pages_of_the_gallery_show_the_faces_that_follow(open_page, brought):
    app = open_page("data", part="Faces")
    assert alts(app)[0].startswith("Face in row 0 of Training, labelled angry, FER+ fear by 9 of 10")
    app.session_state["page-gallery"] = 3
    app.run()
    assert len(alts(app)) == 140 - 96
    assert alts(app)[0].startswith("Face in row 96 ")


def test_a_run_of_another_data_set_is_said_to_be_one(open_page, brought):
    app = open_page("data", part="Faces", verdict="wrong", by="net5-svm")
    assert "was scored on the PublicTest of another data set" in app.info[0].value
    assert "**0** of 140 faces." in words(app)


def test_votes_that_do_not_fit_are_a_sentence(open_page, brought):
    (brought.parent / "fer2013new.csv").write_text("a,b\n1,2\n")
    app = open_page("data", part="Faces")
    assert "no column Usage" in app.error[0].value
    assert "**140** of 140 faces." in words(app)


def test_a_data_set_that_is_not_there_is_a_sentence(open_page, monkeypatch, tmp_path):
    monkeypatch.setenv("FER_LAB_DATA", str(tmp_path / "none.csv"))
    assert "There is no file or folder" in open_page("data").error[0].value


def test_which_faces_are_wanted(flawed):
    counts = np.zeros((140, 10), int)
    counts[:, 0], counts[:70, 1] = 5, 5
    votes = Votes(counts)
    assert chosen(flawed, Wanted(), None).tolist() == list(range(140))
    assert chosen(flawed, Wanted(agreement=(0.5, 0.5)), votes).tolist() == list(range(70))
    among = np.arange(140) < 20
    happy = chosen(flawed, Wanted(split="Training", label="happy", among=among), votes)
    assert happy.tolist() == [row for row in range(20) if flawed.labels[row] == 3 and flawed.split[row] == "Training"]


def test_a_tile_and_a_sheet_of_tiles(flawed):
    tile = face_tile(flawed, 3)
    assert (tile.words, tile.alt) == ("happy", "Face in row 3 of Training, labelled happy")
    assert np.array_equal(tile.picture[::2, ::2], flawed.images[3])
    sheet = tile_sheet([tile] * 7)
    assert sheet.shape[2] == 3
    assert np.array_equal(sheet[8 : 8 + 192 : 4, 8 : 8 + 192 : 4, 0], flawed.images[3])
    assert enlarged(flawed.images[0]).shape == (96, 96)


def test_histograms_are_shares_of_each_split():
    split = np.array(["Training"] * 3 + ["PublicTest"])
    quality = Quality(np.array([10.0, 10, 200, 255]), np.array([0.0, 1, 2, 3]), np.array([0.5, 9, 1, 1]))
    training, public = quality_histogram(quality, split, "brightness").data
    assert sorted(training.y)[-2:] == pytest.approx([100 / 3, 200 / 3])
    assert public.y[-1] == 100
    assert quality_histogram(quality, split, "sharpness").data[0].y[-1] == pytest.approx(100 / 3)


def test_costs_of_copies_and_suspects_by_hand(flawed):
    found = audit(flawed)
    places = np.flatnonzero(flawed.split == "PublicTest")
    right = np.arange(len(places)) % 2 == 0
    suspect = np.arange(len(places)) < 4
    rows = {row.faces: row for row in run_costs("a", right, places, found, None, suspect)}
    n = len(places)
    assert (rows[ALL].n, rows[ALL].accuracy) == (n, 0.5)
    assert (rows[LEAKED].n, rows[LEAKED].accuracy) == (1, 1.0)
    assert (rows[UNSEEN].n, rows[UNSEEN].accuracy) == (n - 1, pytest.approx((n / 2 - 1) / (n - 1)))
    assert (rows[NEAR].n, rows[NEAR].accuracy) == (0, None)
    assert (rows[SUSPECT].n, rows[TRUSTED].n) == (4, n - 4)
    table = costs_table(list(rows.values()))
    assert table.loc[table["Faces"] == LEAKED, "Accuracy, %"].tolist() == [100.0]
    dots = cost_bars(list(rows.values())).data[0]
    assert NEAR not in " ".join(dots.y)
    assert dots.y[0] == f"{ALL} (n = {n})"


def test_costs_without_any_face_draw_nothing():
    assert len(cost_bars([Cost("a", ALL, 0, None, 0.0, 1.0)]).data[0].x) == 0


def test_places_of_predictions_follow_ids_and_refuse_others(flawed):
    found = audit(flawed, near=False)
    own = np.flatnonzero(flawed.split == "PublicTest")[[3, 0, 5]]
    scored = Scored("PublicTest", flawed.ids[own], flawed.labels[own], *[np.zeros((3, 7))] * 3)
    run = list_runs()[0]
    assert places_in(found, run, scored).tolist() == own.tolist()
    with pytest.raises(FerLabError, match="another data set"):
        places_in(found, run, replace(scored, labels=(scored.labels + 1) % 7))
    with pytest.raises(FerLabError, match="another data set"):
        places_in(found, run, replace(scored, split="PrivateTest"))


@pytest.mark.skipif(not REAL or REAL.startswith("synthetic"), reason="FER_LAB_DATA does not name FER2013.")
def test_what_copies_cost_the_shipped_runs(open_page, figure, monkeypatch):
    monkeypatch.setenv("FER_LAB_DATA", REAL)
    app = open_page("data", part="What it costs", **{"cost-of": "net5-softmax"})
    (dots,) = figure(app, "data-costs")["data"]
    assert dots["y"][:3] == [f"{ALL} (n = 3,589)", f"{UNSEEN} (n = 3,309)", f"{LEAKED} (n = 280)"]
    assert dots["text"][:3] == ["65.6%", "64.3%", "80.7%"]


def costs_by(flawed, **answering):
    """What suspected labels cost runs that are right everywhere (0), wrong on three faces (3) or on all."""
    from fer_engine.data.audit_costs import costs

    own = np.flatnonzero(flawed.split == "Training")
    labels = flawed.labels[own]
    sure = np.full((len(own), 7), 0.01)
    sure[np.arange(len(own)), labels] = 0.94
    tables = [np.vstack([np.roll(sure[:wrong], 1, axis=1), sure[wrong:]]) for wrong in answering.values()]
    runs = {run.name: run for run in list_runs()}
    scored = [Scored("Training", flawed.ids[own], labels, table, table, table) for table in tables]
    return costs(audit(flawed, near=False), [runs[name.replace("_", "-")] for name in answering], scored, None)


def test_labels_are_suspected_by_the_best_run_of_another_model(flawed):
    everything = len(flawed)
    rows = costs_by(flawed, net2_softmax=3, net2_svm=0, net5_softmax=3, net12_svm=everything)
    suspected = {row.run: (row.n, row.accuracy) for row in rows if row.faces == SUSPECT}
    # net5 is judged by net2-svm, which is right everywhere; both of net2 by net5, and not by one another.
    assert suspected == {"net2-softmax": (3, 0.0), "net2-svm": (3, 1.0), "net5-softmax": (0, None), "net12-svm": (0, None)}


def test_an_svm_that_reads_a_network_is_no_judge_of_it(flawed):
    rows = costs_by(flawed, net12_softmax=3, svm_on_net12=0, net5_softmax=3)
    suspected = {row.run: row.n for row in rows if row.faces == SUSPECT}
    # net12 is judged by net5, which errs on three faces, and not by the SVM on its own features, which is right everywhere.
    assert suspected == {"net12-softmax": 3, "svm-on-net12": 3, "net5-softmax": 0}
