"""The laboratory's report: its values are those of the pages, it needs nothing else, and what is missing or damaged is a sentence."""

import base64
import csv
import io
import json
import re
from html import unescape

import numpy as np
import pytest
from called import caller
from made_runs import made_run

from dashboard import compare_tables
from dashboard.__main__ import main
from dashboard.lab.document import CHAPTERS, lab_html
from dashboard.lab.gather import gather
from dashboard.report_parts import Sheet, slug
from fer_engine import settings
from fer_engine.ablations import catalogue
from fer_engine.classical.search import list_searches
from fer_engine.errors import FerLabError
from fer_engine.evaluation.comparison import compare
from fer_engine.experiments import lab as recipes
from fer_engine.experiments.paper import INCONSISTENCIES
from fer_engine.experiments.spec import override, to_json
from fer_engine.experiments.studies import PAPER_STUDIES
from fer_engine.runs.store import run_path

LABELS = [place % 7 for place in range(200)]


def answers(right: int) -> list[int]:
    return [label if place < right else (label + 1) % 7 for place, label in enumerate(LABELS)]


def made(names: tuple[str, ...] = ()) -> str:
    """The report without the code that every report has."""
    text = lab_html(gather(names))
    begin = text.index("<script>/**")
    return text[:begin]


def words(text: str) -> str:
    return unescape(re.sub(r"<script.*?</script>|<[^>]+>", " ", text, flags=re.DOTALL))


def tables(text: str) -> dict[str, list[dict[str, str]]]:
    """The tables by the name that they are saved under, as their CSV holds them."""
    found = re.findall(r'download="([^"]+)\.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', text)
    return {name: list(csv.DictReader(io.StringIO(base64.b64decode(data).decode()))) for name, data in found}


def figures(text: str) -> dict[str, dict]:
    """The figures by their anchors, as Plotly gets them."""
    pattern = r'id="(figure-[^"]+)" data-file.*?<script type="application/json">(.*?)</script>'
    return {name: json.loads(data) for name, data in re.findall(pattern, text, flags=re.DOTALL)}


def numbers(values) -> list[float]:
    """Numbers as a figure holds them."""
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist() if isinstance(values, dict) else values


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> str:
    """The report as a fresh clone makes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_LAB_RUNS", str(tmp_path_factory.mktemp("area")))
        return made(("net5-softmax", "net5-svm", "svm-hog"))


@pytest.fixture
def two(no_checkpoints):
    """A good and a bad run."""
    return made_run("good", LABELS, answers(200)), made_run("bad", LABELS, answers(150))


# What sets runs apart.


def test_settings_emotions_cells_and_faces_that_all_get_wrong_are_in(two, no_checkpoints):
    made_run("worse", LABELS, answers(120), spec=override(two[0].spec, {"batch_size": 7}))
    text = made()
    found, drawn = tables(text), figures(text)
    (batch,) = [row for row in found["compare-settings"] if row["Field"] == "batch_size"]
    assert batch["worse"] == "7"
    assert batch["good"] == batch["bad"] != "7"
    changes = found["bad-to-good-recall"]
    assert [int(row["B fixed"]) for row in changes] == [LABELS[150:].count(place) for place in range(7)]
    cells = [[int(row[name]) for name in list(row)[1:]] for row in found["bad-to-good-confusion"]]
    assert np.trace(cells) == 50
    assert np.sum(cells) == 0
    matrix = np.array(numbers(drawn["figure-bad-to-good-confusion"]["data"][0]["z"])).reshape(7, 7)
    assert (matrix >= 0).all()  # B is better in every cell
    assert "No run of these 3 answers 0 of 200 faces right" in words(text)


def test_faces_that_all_get_wrong_are_listed(no_checkpoints):
    for name, right in (("one", 190), ("other", 150)):
        made_run(name, LABELS, answers(right))
    rows = tables(made())["compare-all-wrong"]
    assert [row["Row"] for row in rows] == [str(place) for place in range(190, 200)]


# A fresh clone.


@pytest.mark.slow
def test_nothing_is_fetched(shipped):
    text = lab_html(gather(("net5-svm", "net5-softmax")))
    own = text[text.rindex("<script>") :]
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", shipped + own)
    assert not re.search(r"@import|<link|url\(|fetch\(|XMLHttp", shipped + own)
    assert not re.findall(r"https?://", shipped)
    assert text.count("* plotly.js v") == 1, "plotly stands within, once"


def test_every_chapter_has_a_heading_that_the_contents_link_to(shipped):
    for title, _ in CHAPTERS:
        assert f'<h2 id="{slug(title)}">' in shipped
        assert f'<a href="#{slug(title)}">' in shipped
    anchors = re.findall(r'\bid="([^"]+)"', shipped)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', shipped)) <= set(anchors)


def test_figures_have_words_captions_and_both_ways_to_save_them(shipped):
    found = figures(shipped)
    assert len(found) > 40
    assert len(re.findall(r'class="plot"[^>]* role="img" aria-label="[^"]{15,}"', shipped)) == len(found)
    assert len(re.findall(r"<figcaption>Figure \d+\. [A-Za-z]", shipped)) == len(found)
    for kind in ("svg", "png"):
        assert set(re.findall(rf'data-format="{kind}" data-figure="([^"]+)"', shipped)) == set(found)


def test_tables_can_be_taken_away_three_ways_and_say_their_protocol(shipped):
    count = shipped.count("<table>")
    assert [len(re.findall(rf'download="[^"]+\.{ending}"', shipped)) for ending in ("csv", "md", "tex")] == [count] * 3
    assert len(re.findall(r"<caption><span>Table \d+\. ", shipped)) == count
    for caption in re.findall(r"<caption><span>Table \d+\. (?:Networks|Runs side by side|Area under)[^<]+", shipped):
        assert "PublicTest · n=3,589 · chosen on PublicTest · flip TTA · 1 seed" in caption


def test_figures_are_those_of_the_page_home(shipped, open_page):
    page = open_page("home").table[0].value.set_index("Run")
    (row,) = [row for row in tables(shipped)["networks"] if row["Run"] == "net5-svm"]
    shown = page.loc["**net5\\-svm**"] if "**net5\\-svm**" in page.index else page.loc["**net5-svm**"]
    assert row["PublicTest accuracy"] == shown["PublicTest accuracy"].strip("*")
    assert row["95% interval"] == shown["95% interval"]
    assert row["Paper, on PrivateTest"] == shown["Paper, on PrivateTest"] == "61.8%"


def test_comparison_is_the_pages(shipped):
    names = ("net5-softmax", "net5-svm", "svm-hog")
    expected = compare({run.name: run for run in gather(names).runs.values()})
    found = tables(shipped)
    assert [row["Verdict"] for row in found["compare-verdicts"]] == [pair.verdict for pair in expected.pairs]
    assert found["compare-verdicts"] == list(csv.DictReader(io.StringIO(compare_tables.verdicts(expected.pairs).to_csv(index=False))))
    heads = {row["A: softmax"].split()[0]: row["Paper, B − A (PrivateTest)"] for row in found["softmax-or-svm"]}
    assert heads == {"net5-softmax": "+0.7"}
    test = expected.pair("net5-softmax", "svm-hog").test
    (row,) = [row for row in found["compare-matrix"] if row["Run"] == "svm-hog"]
    assert row["net5-softmax"] == compare_tables.points(test.accuracy) + "*†"  # the SVM without the mirror image


def test_the_papers_studies_stand_with_its_figures_and_what_does_not_add_up(shipped):
    found, told = tables(shipped), words(shipped)
    for study in PAPER_STUDIES:
        rows = found[f"ablation-{study.name}"]
        assert [row["Setting"] for row in rows] == [row.title for row in study.rows]
        printed = [f"{100 * row.printed.share:.4g}" if row.printed else "–" for row in study.rows]
        assert [row["Paper, % of PrivateTest"] for row in rows] == printed
    for item in INCONSISTENCIES:
        assert item.words in told


def test_search_that_ships_has_its_fully_nested_estimate(shipped):
    (search,) = list_searches()
    outcome = search.outcome()
    rows = tables(shipped)[f"{search.name}-estimates"]
    assert rows[0]["Accuracy"] == f"{100 * outcome.nested.mean:.1f}%"
    assert outcome.winner.told() in words(shipped)


# Made runs.


def test_values_worked_out_by_hand(two):
    text = made()
    found, told = tables(text), words(text)
    assert {row["Run"]: row["PublicTest accuracy"] for row in found["networks"]} == {"good": "100.0%", "bad": "75.0%"}
    assert found["compare-matrix"][0] == {"Run": "bad", "bad": "–", "good": "−25.0*"}
    assert "good is better than bad by 25.0 points" in told
    assert "Pairs: 1, of which 1 can be tested. In 1 the accuracies differ by more than chance" in told
    assert {row["Run"] for row in found["recalls"]} == {"good", "bad"}
    assert {row["angry"] for row in found["recalls"] if row["Run"] == "good"} == {"100.0%"}
    curves = figures(text)["figure-training-valid_accuracy"]["data"]
    assert [numbers(curve["y"]) for curve in curves] == [pytest.approx([25, 37.5])] * 2


def test_study_with_runs_says_its_verdict_and_its_figures(no_checkpoints):
    study = catalogue.find_study("batch")
    for row, right in (("32", 100), ("100", 100), ("300", 150), ("500", 100)):
        made_run(f"of-{row}", LABELS, answers(right), spec=study.row(row).spec)
    text = made()
    assert [row["Ours, %"] for row in tables(text)["ablation-batch"]] == ["50.0", "50.0", "75.0", "50.0"]
    assert [row["Points"] for row in tables(text)["ablation-batch-differences"]] == ["+25.0"] * 3
    assert 'class="verdict holds"' in text
    assert "(batches of 300 are the best of the four) holds at n = 200 and 1 seed a row" in words(text)
    paper, ours = figures(text)["figure-ablation-batch"]["data"]
    assert numbers(paper["x"]) == pytest.approx([60.7, 60.32, 61.32, 57.64])
    assert numbers(ours["x"]) == [50.0, 50.0, 75.0, 50.0]


def test_rows_without_a_run_are_said(shipped):
    """By the runs that there are: a row is missing where its line has no figure of ours."""
    for study in PAPER_STUDIES:
        missing = [row["Setting"] for row in tables(shipped)[f"ablation-{study.name}"] if row["Ours, %"] in ("", "–", "not run")]
        sentence = f"{len(missing)} of {len(study.rows)} rows have no finished run yet: {'; '.join(missing)}."
        assert not missing or sentence in words(shipped)


def test_nothing_at_all_is_sentences(no_checkpoints):
    told = words(made())
    assert "There is no finished run yet" in told
    assert "A comparison needs two finished runs or more" in told
    assert "There is no search." in told
    assert "4 of 4 rows have no finished run yet: 32; 100; 300; 500." in told
    assert "No network is among the runs that are reported." in told


def test_unfinished_and_damaged_runs_are_left_out_in_words(two):
    folder = run_path("half")
    folder.mkdir()
    (folder / "spec.json").write_text(to_json(override(recipes.recipe("net2"), {"seed": 3})))
    for name, file, content in (
        ("no-metrics", "metrics.json", "{"),
        ("no-answers", "predictions.parquet", "x"),
        ("no-history", "history.csv", "epoch\n1\n"),
        ("no-spec", "spec.json", "[]"),
    ):
        run = made_run(name, LABELS, answers(10))
        (run.path / file).write_text(content)
    told = words(made())
    assert "The run 'half' is unfinished and is left out." in told
    for name in ("no-metrics", "no-answers", "no-history", "no-spec"):
        assert f"The run '{name}' is damaged and is left out:" in told
    assert {row["Run"] for row in tables(made())["networks"]} == {"good", "bad"}


def test_damaged_search_and_study_are_sentences(two, tmp_path):
    area = settings.runs_dir()
    (area / "searches" / "broken").mkdir(parents=True)
    (area / "searches" / "broken" / "search.json").write_text("{")
    (area / "ablations" / "mine").mkdir(parents=True)
    (area / "ablations" / "mine" / "study.toml").write_text("= nothing")
    told = words(made())
    assert "The search 'broken' cannot be read:" in told
    assert "The study 'mine' cannot be read:" in told


def test_names_with_markup_are_shown_and_never_read(no_checkpoints):
    hostile = "<img src=x onerror=alert(1)>"
    made_run("plain", LABELS, answers(100)).path.rename(settings.runs_dir() / hostile)
    made_run("another", LABELS, answers(150)).path.rename(settings.runs_dir() / "<b>bold<")
    made_run("x", LABELS, answers(120))
    text = made()
    assert "<img" not in text
    assert "<b>" not in text
    assert hostile in words(text)
    (ticks,) = {tuple(trace["y"]) for trace in figures(text)["figure-networks-accuracies"]["data"]}
    assert "&lt;img src=x onerror=alert(1)>" in ticks, "Plotly writes it as it is"


def test_a_chapter_that_fails_keeps_what_came_before(two, monkeypatch):
    def broken(lab, sheet):
        yield "<p>before</p>"
        raise KeyError("counts")

    monkeypatch.setattr("dashboard.lab.document.CHAPTERS", (("First", broken), ("Second", lambda lab, sheet: iter(["<p>after</p>"]))))
    text = lab_html(gather())
    assert "<p>before</p>" in text
    assert "'First' ends here, since a folder that it is drawn from is damaged: 'counts'" in words(text)
    assert "<p>after</p>" in text


def test_anchors_are_told_apart():
    sheet = Sheet()
    assert sheet.heading(2, "a b").startswith('<h2 id="a-b">')
    assert sheet.heading(2, "a-b").startswith('<h2 id="a-b-2">')


# The command and the pages.


@pytest.fixture
def command(monkeypatch, capsys):
    return caller(main, "dashboard", monkeypatch, capsys)


def test_command_writes_the_file_and_says_so(command, two, tmp_path):
    made_run("broken", LABELS, answers(10)).path.joinpath("metrics.json").write_text("{")
    status, out, err = command("report", "good", "bad", "--out", str(tmp_path / "lab.html"))
    assert status == 0
    assert "2 runs one by one, 2 in all" in " ".join(out.split())
    assert "The run 'broken' is damaged and is left out" in " ".join(err.split())
    assert (tmp_path / "lab.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir() if "lab" in path.name] == ["lab.html"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["nobody"], "There is no run 'nobody'."),
        (["half"], "The run 'half' is unfinished."),
        (["broken"], "The run 'broken' is damaged and is left out"),
        (["--out", "{here}"], "is a folder. Name a file, such as"),
        (["--out", "{here}/none/lab.html"], "There is no folder"),
    ],
)
def test_command_says_what_is_wrong(command, two, tmp_path, typed, sentence):
    run_path("half").mkdir()
    (run_path("half") / "spec.json").write_text(to_json(recipes.recipe("net2")))
    made_run("broken", LABELS, answers(10)).path.joinpath("metrics.json").write_text("{")
    status, _, err = command("report", *(word.format(here=tmp_path) for word in typed))
    assert status == 1
    assert sentence in err
    assert "Traceback" not in err


def test_too_many_runs_are_refused(two):
    for number in range(25):
        made_run(f"of-{number}", LABELS[:14], LABELS[:14])
    with pytest.raises(FerLabError, match="25 runs are named; a report shows up to 24"):
        gather([f"of-{number}" for number in range(25)])


@pytest.mark.parametrize("name", ["runs", "compare", "ablations"])
def test_pages_make_it_when_asked(open_page, two, name):
    app = open_page(name)
    assert not any("Save the report" in button.proto.label for button in app.get("download_button"))
    app.button(key="lab-report-make").click().run()
    assert not app.exception
    assert not app.error
    (button,) = [button for button in app.get("download_button") if "Save the report" in button.proto.label]
    assert re.fullmatch(r"Save the report \(\d\.\d MB, made \d\d:\d\d UTC\)", button.proto.label)
