"""FER+'s votes on the page Data: agreement, votes by label and face, and accuracy by agreement, as worked out by hand."""

import numpy as np
import pytest
from made_runs import made_run

from dashboard.components.data_votes import ordered
from dashboard.data_charts import agreement_bars, vote_bars
from dashboard.data_gallery import vote_bars_html
from fer_engine.data.audit_costs import ALL, by_agreement
from fer_engine.data.audit_votes import CHOICES, Votes
from fer_engine.data.synthetic import synthetic

FACES = synthetic(140)
ORDER = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
PLACES = (6, 3, 5, 4, 0, 1, 2, 7, 8, 9)  # of these among the engine's choices


@pytest.fixture
def voted(tmp_path, monkeypatch):
    """A hundred and forty drawn faces as CSV, nine of ten votes for the label, in the first seven four for it and six for fear."""
    lines, rows = ["emotion,pixels,Usage"], ["Usage,Image name," + ",".join(ORDER)]
    counts = np.zeros((140, 10), int)
    counts[np.arange(140), FACES.labels] = 9
    counts[:, 8] = 1
    counts[:7] = 0
    counts[np.arange(7), FACES.labels[:7]] += 4
    counts[:7, 2] += 6
    for image, label, split, own in zip(FACES.images, FACES.labels, FACES.split, counts, strict=True):
        lines.append(f"{label},{' '.join(map(str, image.ravel()))},{split}")
        rows.append(f"{split},x.png," + ",".join(str(own[place]) for place in PLACES))
    (tmp_path / "drawn.csv").write_text("\n".join(lines))
    (tmp_path / "fer2013new.csv").write_text("\n".join(rows))
    monkeypatch.setenv("FER_LAB_DATA", str(tmp_path / "drawn.csv"))


def words(app) -> str:
    return "\n".join(item.value for item in [*app.markdown, *app.caption, *app.info]).replace("\\", "")


def test_agreement_and_votes_by_label(open_page, voted, figure):
    app = open_page("data", part="Votes")
    assert not app.error
    # 133 faces with 0.9, six with 0.6, and the one labelled fear with all ten.
    assert f"On average **{(133 * 9 + 6 * 6 + 10) / 140:.1f}** of ten agree." in words(app)
    assert f"The label has the most votes for **{100 * 134 / 140:.1f}%**" in words(app)
    fear = next(bar for bar in figure(app, "votes-by-label")["data"] if bar["name"] == "fear")
    assert fear["name"] == "fear"
    images = [image for shown in app.get("image") for image in shown.proto.imgs]
    assert len(images) == 12
    assert images[0].alt == "Face in row 0 of Training, labelled angry, FER+ fear by 6 of 10"
    assert "FER+ votes: fear 6, angry 4" in "".join(block.proto.body for block in app.get("html"))
    assert "No finished run was scored on these very faces." in words(app)


def test_accuracy_of_a_run_by_agreement_on_the_page(open_page, voted, figure):
    places = np.flatnonzero(FACES.split == "PublicTest")
    labels = FACES.labels[places].tolist()
    made_run("mine", labels, [*labels[:-1], (labels[-1] + 1) % 7], rows=places.tolist())
    app = open_page("data", part="Votes", **{"votes-run": "mine"})
    (dots,) = figure(app, "votes-accuracy")["data"]
    n = len(places)
    assert dots["y"] == [f"{ALL} (n = {n})", f"9 of 10 agree (n = {n})"]
    assert dots["text"][0] == f"{100 * (n - 1) / n:.1f}%"


def test_without_votes_it_says_what_they_are(open_page):
    assert "FER+ (Barsoum et al., 2016)" in words(open_page("data", part="Votes"))


def test_accuracy_by_agreement_by_hand():
    votes = Votes(np.array([[10, *[0] * 9], [9, 1, *[0] * 8], [5, 5, *[0] * 8], [9, 0, 1, *[0] * 7]]))
    assert votes.agreeing.tolist() == [10, 9, 5, 9]
    rows = by_agreement("a", np.array([True, False, True]), np.array([3, 1, 2]), votes)
    assert [(row.faces, row.n, row.accuracy) for row in rows] == [
        (ALL, 3, pytest.approx(2 / 3)),
        ("9 of 10 agree", 2, 0.5),
        ("5 of 10 agree", 1, 1.0),
    ]


def test_votes_of_each_label_and_of_a_face():
    votes = Votes(np.array([[8, 2, *[0] * 8], [4, 0, *[0] * 7, 6], [0] * 10]))
    shares = votes.by_label(np.array([0, 0, 0]))
    assert shares[0].tolist() == pytest.approx([0.6, 0.1, *[0] * 7, 0.3]), "a face without votes counts for none"
    assert np.isnan(shares[1]).all()
    bars = vote_bars(shares).data
    assert [bar.name for bar in bars] == list(CHOICES)
    assert (bars[0].x[0], bars[0].text[0], bars[1].text[0]) == (pytest.approx(60), "angry 60%", "")
    told = vote_bars_html(votes.counts[1])
    assert "aria-label='FER+ votes: no face 6, angry 4'" in told
    assert "width:60%" in told


def test_agreement_is_a_share_of_each_split():
    training, public = agreement_bars(np.array([10, 10, 5, 9]), np.array(["Training"] * 3 + ["PublicTest"])).data
    assert (training.y[10], training.y[5], public.y[9]) == (pytest.approx(200 / 3), pytest.approx(100 / 3), 100)


def test_orders_of_faces():
    votes = Votes(np.array([[9, 1, *[0] * 8], [4, 6, *[0] * 8], [0, 10, *[0] * 8]]))
    labels = np.zeros(3, int)
    assert ordered(votes, labels, "least agreed").tolist() == [1, 0, 2]
    assert ordered(votes, labels, "most agreed").tolist() == [2, 0, 1]
    assert ordered(votes, labels, "label has fewest votes").tolist() == [2, 1, 0]
