"""Chapters of a report: what the figures mean, the runs with theirs, and how each was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import charts, reference_tables, run_charts, run_tables, text
from dashboard.report_parts import bullets, folded, missing, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashboard.lab.gather import Lab
    from dashboard.report_parts import Sheet
    from fer_engine.runs.store import Run

_TERMS = (
    "Protocol: each caption says the split that a figure was measured on, its number of faces n, the split that epoch, hyper-parameters "
    "and calibration were chosen on, whether scores are the mean over a face and its mirror image (flip TTA, test-time augmentation), and "
    "the number of seeds.",
    "A figure on the split that was chosen on flatters a little. Figures of different protocols never share a table unmarked.",
    "Intervals are 95%: of accuracies after Wilson, of differences and of macro F1 a bootstrap over faces (10,000 draws, the same for all "
    "runs). With one seed they are over faces alone: another seed can change an order. Of several seeds the spread between them counts, "
    "too.",
    "Differences are tested on the same faces by McNemar's exact test, p corrected after Holm where there are several.",
    "The paper is 'Emotion Recognition From Facial Expressions' (Gummidela, Donepudi and Rodda). Its figures are on PrivateTest, another "
    "split, as printed and without intervals: not to compare digit by digit.",
    "Figures are drawn by the browser. Below each one it can be saved as SVG or PNG, and below each table that as CSV, Markdown or LaTeX "
    "(booktabs). The file needs nothing else, neither the network nor the run folders.",
)


def protocol(lab: Lab, sheet: Sheet) -> Iterator[str]:  # noqa: ARG001 - as all chapters
    """What the figures mean."""
    yield bullets(_TERMS)


def networks(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The networks, with protocol, interval and the paper's figure."""
    yield from _group(lab, sheet, "cnn", "network")
    yield paragraph(
        "The reference networks with an svm head went on from the softmax runs' weights, so that the rows do not compare the heads on "
        "equal terms.",
        "quiet",
    )


def machines(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The SVMs, likewise."""
    yield from _group(lab, sheet, "svm", "SVM")


def _group(lab: Lab, sheet: Sheet, family: str, word: str) -> Iterator[str]:
    mine = [run for run in lab.runs.values() if run.spec.family == family]
    if not mine:
        yield missing(f"No {word} is among the runs that are reported.")
        return
    yield from _tables(lab, sheet, mine, f"{word}s")


def _tables(lab: Lab, sheet: Sheet, runs: Iterable[Run], name: str) -> Iterator[str]:
    for words, members in reference_tables.groups(list(runs)):
        frame, split = reference_tables.table(members), text.evaluated(members[0])[0]
        frame["Run"] = [lab.key(run) for run in members]
        yield sheet.table(frame, name, f"{name[0].upper()}{name[1:]}. {words}. {reference_tables.EXPLAINED}")
        spots = reference_tables.spots(members)
        caption = f"Accuracy (%) with its 95% interval. {words}."
        yield sheet.figure(charts.accuracies(spots, split), f"{name}-accuracies", caption, f"{caption} {reference_tables.told(spots)}.")


def others(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """The runs that are listed alone."""
    if not lab.others:
        yield paragraph("There are no others, but for those of studies.")
        return
    yield from _tables(lab, sheet, lab.others.values(), "other runs")


def later(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """Runs on other splits or sets, as `evaluate` keeps them."""
    found = {key: frame for key, run in lab.runs.items() if not (frame := run_tables.evaluations(run)).empty}
    if not found:
        yield missing(
            "None of these runs was evaluated on another split or set, PrivateTest among them. "
            "`python -m fer_engine evaluate RUN --split PrivateTest` does it once and keeps the figures."
        )
    for key, frame in found.items():
        how = lab.runs[key].manifest["protocol"]
        caption = (
            f"{key}: split, n and test-time augmentation as in the row; {text.choice(lab.runs[key])}, {_seeds(how)}, Wilson's intervals."
        )
        yield sheet.table(frame, f"{key}-evaluations", caption)


def _seeds(how: dict) -> str:
    return f"{len(how['seeds'])} seed{'s' if len(how['seeds']) > 1 else ''}"


def data(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """What the runs learnt from, once for each set."""
    found: dict[str, Run] = {}
    for run in lab.runs.values():
        found.setdefault(f"{run.spec.data.name} (Training {run.spec.data.train_hash}, PublicTest {run.spec.data.valid_hash})", run)
    if not found:
        yield missing("There is no run whose data could be told of.")
    for name, run in found.items():
        counts = run.manifest.get("counts")
        if not counts:
            yield missing(f"The manifest of the run '{run.name}' does not count the faces of {name}.")
            continue
        told = "; ".join(f"{split}: " + ", ".join(f"{word} {n:,}" for word, n in of.items()) for split, of in counts.items())
        caption = f"Faces per emotion of {name}: share of the split's faces (%), and their number."
        yield sheet.figure(run_charts.split_counts(counts), f"{run.spec.data.name}-classes", caption, told)
        yield sheet.table(run_tables.counts(counts), f"{run.spec.data.name}-classes", f"Faces per emotion and split of {name}.")


def making(lab: Lab, sheet: Sheet) -> Iterator[str]:
    """Machine, versions and hashes of each run, and its spec."""
    import pandas as pd

    from dashboard.report import made_of
    from fer_engine.runs.store import SPEC

    if not lab.runs:
        yield missing("There is no run to tell of.")
    for key, run in lab.runs.items():
        facts = made_of(run)
        frame = pd.DataFrame({"What": list(facts), "Value": list(facts.values())})
        spec = (run.path / SPEC).read_text(encoding="utf-8")
        words = f"{key}: {text.model_words(run.spec)}. {run_tables.chosen_words(run)}"
        yield folded(words, [sheet.table(frame, f"{key}-making", f"How {key} was made."), _spec(spec), _architecture(run, key, sheet)])


def _spec(words: str) -> str:
    from html import escape

    return f"<pre>{escape(words)}</pre>"


def _architecture(run: Run, key: str, sheet: Sheet) -> str:
    if run.spec.family == "svm":
        return sheet.table(run_tables.features(run), f"{key}-features", f"Blocks of features side by side, as {key} takes them.")
    frame = run_tables.architecture(run.network_spec.config)
    return sheet.table(frame, f"{key}-architecture", f"Layers of {key} in the order in which they run; channels × height × width.")
