"""The report of a run: one file that asks nothing of the network and says everything that the page says."""

import base64
import re
from html import unescape

import pytest

from dashboard.report import classification_table, report_html
from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.evaluation.curves import scored_splits
from fer_engine.labels import NAMES
from fer_engine.runs import store
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.store import Run

NAME = "net5-svm"


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(settings.checkpoints_dir() / NAME)


@pytest.fixture(scope="module")
def page(run) -> str:
    """The report without plotly's own code, which the first script of its own holds."""
    text = report_html(run)
    begin = text.index("<script>")
    end = text.index("</script>", begin)
    assert end - begin > 1_000_000, "plotly stands within"
    return text[:begin] + text[end:]


@pytest.fixture
def copy(run, tmp_path) -> Run:
    """The run in a folder that may be changed."""
    folder = tmp_path / "copied"
    folder.mkdir()
    for path in run.path.iterdir():
        if path.name != store.WEIGHTS:
            (folder / path.name).write_bytes(path.read_bytes())
    return Run(folder)


def test_nothing_is_fetched(page):
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "@import" not in page
    assert "<link" not in page


def test_it_says_the_figures_with_their_interval_and_protocol(page, run):
    (split, figures), words = next(iter(run.metrics.items())), unescape(page)
    low, high = figures["accuracy_ci95"]
    assert f"{100 * figures['accuracy']:.1f}%" in words
    assert f"{100 * low:.1f} – {100 * high:.1f}" in words
    assert f"{split} · n=3,589 · chosen on {split} · flip TTA · 1 seed" in words
    assert "this head (Table III) is 61.8% of PrivateTest" in words, "the paper's figure for this network and head"


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "loss",
        "learning-rate",
        "PublicTest-confusion",
        "PublicTest-confusion-shares",
        "PublicTest-roc",
        "PublicTest-reliability",
        "classes",
    ],
)
def test_every_figure_is_drawn_once(page, name):
    assert page.count(f'id="figure-{name}"') == 1


def test_tables_are_there_and_can_be_taken_away(page, run):
    for told in (f"{run.manifest['parameters']:,}", "macro average", run.manifest["versions"]["torch"]):
        assert told in page
    taken = [base64.b64decode(found).decode() for found in re.findall(r"data:application/x-tex;charset=utf-8;base64,([^\"]+)", page)]
    assert [words.count(r"\begin{tabular}") for words in taken] == [1] * 4
    assert len(re.findall(r'download="[^"]+\.(csv|md)"', page)) == 8
    assert run.spec.hash in page
    assert "&quot;learning_rate&quot;" not in page
    assert "&quot;label_smoothing&quot;" in page, "the spec"


def test_the_classification_report_stands_as_in_the_paper(run):
    table = classification_table(next(iter(scored_splits(run).values())))
    assert list(table["Emotion"]) == [*NAMES, "accuracy", "macro average", "weighted average"]
    figures = run.metrics["PublicTest"]
    assert table["F1"][7] == pytest.approx(figures["accuracy"])
    assert table["F1"][8] == pytest.approx(figures["macro_f1"])
    assert table["Precision"].isna().tolist() == [False] * 7 + [True, False, False]


def test_what_comes_from_a_foreign_run_is_shown_and_never_run(copy):
    hostile = "<script>alert(1)</script>"
    tree = read_json(copy.path / store.MANIFEST)
    tree["machine"]["processor"] = hostile
    tree["counts"] = {f"Training{hostile}": tree["counts"]["Training"]}
    write_json(copy.path / store.MANIFEST, tree)
    text = report_html(copy)
    assert hostile not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_later_evaluations_stand_among_the_results(copy):
    figures = copy.metrics["PublicTest"] | {"run": "copied", "split": "PrivateTest", "n": 1234, "tta": "none"}
    figures |= {"data_name": "jaffe", "classes": ["happy", "sad"]}
    copy.evaluations_dir().mkdir()
    write_json(copy.evaluations_dir() / "0-PrivateTest.json", figures)
    assert re.search(r"<td>jaffe</td><td>PrivateTest</td><td class=number>2</td><td class=number>1,234</td>", report_html(copy))


def test_unfinished_and_damaged_runs_are_sentences(copy):
    (copy.path / store.HISTORY).write_text("epoch\n1\n")
    with pytest.raises(FerLabError, match="'copied' is damaged"):
        report_html(copy)
    (copy.path / store.MANIFEST).unlink()
    with pytest.raises(FerLabError, match="'copied' is unfinished"):
        report_html(copy)
