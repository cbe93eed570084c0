"""The README's tables of reference runs and of ablations are what their folders say.

`python -m tests.engine.test_readme` prints the ablations as the README has them.
"""

from itertools import chain
from pathlib import Path

import pytest

from fer_engine import settings
from fer_engine.ablations.catalogue import find_study
from fer_engine.ablations.ledger import cells, known_data
from fer_engine.ablations.results import RowResult, conclude, results
from fer_engine.ablations.text_claims import judge_all
from fer_engine.classical.search import find_search
from fer_engine.evaluation.comparison_data import data_pairs
from fer_engine.experiments.lab import REFERENCE
from fer_engine.experiments.spec import SvmSpec
from fer_engine.experiments.svm_lab import SVM_REFERENCE
from fer_engine.runs.store import Run

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")

# The paper's studies, in the order of its tables.
ABLATIONS = ("svms", "best", "heads", "models", "optimizers", "batch", "dropout", "filters", "convolutions", "hidden")


def ablations() -> str:
    """The paper's studies as the README has them: all rows in one table, and what comes of each study."""
    head = ("study", "setting", "ours, % of PublicTest (95% interval)", "without Training's images", "seeds", "paper, % of *PrivateTest*")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    sentences: dict[str, list[str]] = {}
    for study in map(find_study, ABLATIONS):
        found = results(study, cells(study, known_data()[0]))
        lines += [
            f"| {f'**{study.title}** ({study.source})' if not number else ''} | {row} |"
            for number, row in enumerate(map(ablation_cells, found))
        ]
        told = (conclude(study, found).sentence, *(item.sentence for item in judge_all(study, found)))
        sentences[study.title] = [words for words in told if words not in chain(*sentences.values())]  # a claim may be of two studies
    return "\n".join([*lines, "", *(f"- **{title}**: {' '.join(told)}" for title, told in sentences.items())])


def ablation_cells(result: RowResult) -> str:
    """Setting, ours, ours without Training's images, seeds, paper's."""
    paper = f"{100 * result.row.printed.share:.4g}" if result.row.printed else ""
    if result.accuracy is None or result.interval is None:
        return f"{result.row.title} | not run | | | {paper}"
    interval = f"{100 * result.interval.low:.1f} to {100 * result.interval.high:.1f}"
    seeds = "" if isinstance(result.row.spec, SvmSpec) else len(result.runs)
    return f"{result.row.title} | {100 * result.accuracy:.1f} ({interval}) | {100 * result.deduplicated:.1f} | {seeds} | {paper}"


def table_row(run: Run) -> str:
    """A run's row in the README, made of its folder."""
    metrics, manifest = run.metrics["PublicTest"], run.manifest
    low, high = (100 * end for end in metrics["accuracy_ci95"])
    megabytes = manifest["files"]["weights.safetensors"]["bytes"] / 1e6
    cells = [
        f"`{run.name}`",
        f"{100 * metrics['accuracy']:.1f} ({low:.1f} to {high:.1f})",
        f"{100 * metrics['accuracy_deduplicated']:.1f}",
        f"{REFERENCE[run.name].paper_accuracy:.1f}",
        f"{manifest['parameters'] / 1e6:.1f} M, {megabytes:.0f} MB",
        f"{manifest['milliseconds_per_face']:.0f}",
        f"{manifest['seconds'] / 60:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def svm_row(run: Run) -> str:
    """An SVM's row in the README, made of its folder."""
    metrics, manifest = run.metrics["PublicTest"], run.manifest
    low, high = (100 * end for end in metrics["accuracy_ci95"])
    paper = SVM_REFERENCE[run.name].paper_accuracy
    disgust = metrics["confusion_matrix"][1][1] / sum(metrics["confusion_matrix"][1])
    cells = [
        f"`{run.name}`",
        f"{100 * metrics['accuracy']:.1f} ({low:.1f} to {high:.1f})",
        f"{100 * metrics['accuracy_deduplicated']:.1f}",
        "" if paper is None else f"{paper:g}",
        f"{100 * disgust:.0f}",
        f"{manifest['support_vectors']:,}, {manifest['files']['weights.safetensors']['bytes'] / 1e6:.0f} MB",
        f"{manifest['milliseconds_per_face']:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("name", SVM_REFERENCE)
def test_readme_shows_the_figures_of_the_svms_folder(name):
    assert svm_row(Run(settings.checkpoints_dir() / name)) in README


@pytest.mark.parametrize("name", REFERENCE)
def test_readme_shows_the_figures_of_the_run_folder(name):
    assert table_row(Run(settings.checkpoints_dir() / name)) in README


def test_readme_names_every_command_and_setting():
    commands = [
        f"python -m fer_engine {command}"
        for command in ("runs", "train", "evaluate", "predict", "explain", "svm search", "regions", "compare", "data")
    ]
    for word in ("make run", "make test", "FER_LAB_DATA", "FER_LAB_RUNS", "FER_LAB_CACHE", *commands):
        assert word in README, word


def test_readme_tells_what_the_shipped_search_found():
    found = find_search("paper-pixels-5000")
    outcome = found.outcome()
    best = max(item.mean for item in outcome.paper)
    assert found.about["nested"]["accuracy"] == pytest.approx(outcome.nested.mean, abs=1e-6)
    assert found.about["winner"]["n_components"] == outcome.winner.n_components
    estimate = f"{100 * outcome.nested.mean:.1f}% (± {100 * outcome.nested.deviation:.1f} over the outer folds)"
    for words in (estimate, f"{100 * best:.1f}% with {outcome.paper_best} components", f"{found.about['seconds'] / 60:.0f} minutes"):
        assert words in README, words


def test_readme_tells_what_cleaning_brought():
    area = settings.checkpoints_dir() / "ablations"
    (found,) = data_pairs([Run(area / "net12-raw"), Run(area / "net12-cleaned")])
    told = README.replace("`", "")
    assert found.pair.verdict in told
    assert f"on the {found.learnt[0]:,} raw faces and on the {found.learnt[1]:,} that data clean" in told
    raw, cleaned = (end.run.metrics["PublicTest"] for end in (found.pair.a, found.pair.b))
    clean = f"without Training's images {100 * raw['accuracy_deduplicated']:.1f} and {100 * cleaned['accuracy_deduplicated']:.1f}%"
    assert f"{clean}, macro F1 {raw['macro_f1']:.3f} and {cleaned['macro_f1']:.3f}" in told


@pytest.mark.slow
def test_readme_shows_the_papers_studies_beside_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_LAB_RUNS", str(tmp_path))  # what ships, not what this machine has trained besides
    assert f"<!-- ablations:begin -->\n{ablations()}\n<!-- ablations:end -->" in README


if __name__ == "__main__":
    print(ablations())
