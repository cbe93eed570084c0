"""Tables of runs side by side, as they are shown and as they are taken away. No Streamlit here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.text import model_words, percent
from fer_engine.experiments.fields import title
from fer_engine.labels import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from fer_engine.evaluation.comparison import Comparison, Entrant, Pair
    from fer_engine.evaluation.comparison_costs import Cost
    from fer_engine.evaluation.comparison_faces import Missed, Moved, RecallChange
    from fer_engine.evaluation.comparison_heads import HeadPair
    from fer_engine.evaluation.comparison_seeds import SeedGroup, SeedPair
    from fer_engine.evaluation.comparison_terms import SpecDifference
    from fer_engine.evaluation.comparison_trust import Trust
    from fer_engine.evaluation.statistics import Interval
    from fer_engine.runs.store import Run

NOT_TESTED = "not tested"


def points(value: float) -> str:
    """A difference of shares in points, with its sign: '+1.9', '−0.4', '0.0'."""
    told = f"{100 * value:+.1f}"
    return "0.0" if told in ("+0.0", "-0.0") else told.replace("-", "−")


def points_interval(interval: Interval) -> str:
    """Its interval: '−0.8 to +1.5'."""
    return f"{points(interval.low)} to {points(interval.high)}"


def p_value(p: float) -> str:
    """A p-value with two digits, or below a thousandth that it is."""
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def _ends(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} – {100 * interval.high:.1f}"


def metrics(entrants: Sequence[Entrant], costs: Mapping[str, Cost]) -> pd.DataFrame:
    """A row a run of one protocol: what it is, accuracy and macro F1 with 95% intervals, calibration error, costs."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for entrant in entrants:
        clean = entrant.figures.get("accuracy_deduplicated")
        rows.append(
            {
                "Run": entrant.name,
                "Model": model_words(entrant.run.spec),
                "TTA": entrant.tta,
                "Accuracy": percent(entrant.accuracy),
                "95% interval": _ends(entrant.accuracy_interval),
                "On faces not in Training": "–" if clean is None else percent(clean),
                "Macro F1": percent(entrant.macro_f1),
                "95% interval of F1": _ends(entrant.macro_f1_interval),
                "Calibration error": percent(entrant.run.calibration.ece),
                "Training (s)": f"{costs[entrant.name].seconds:,.0f}",
                "A face (ms)": f"{costs[entrant.name].milliseconds:.1f}",
            }
        )
    return pd.DataFrame(rows)


def verdicts(pairs: Sequence[Pair]) -> pd.DataFrame:
    """A row a pair: the verdicts in words, and what they are made of; differences are B minus A, in points."""
    import pandas as pd

    rows = []
    for pair in pairs:
        words = {"Verdict": pair.verdict, "Verdict on macro F1": pair.verdict_f1 or "–"}
        rows.append({"A": pair.a.name, "B": pair.b.name, "TTA": tta(pair)} | _tested(pair) | words)
    return pd.DataFrame(rows)


def tta(pair: Pair) -> str:
    """Test-time augmentation of a pair: 'flip' or 'none', or of each where it differs."""
    return pair.a.tta if pair.a.tta == pair.b.tta else f"A {pair.a.tta}, B {pair.b.tta}"


def matrix(pairs: Sequence[Pair], entrants: Sequence[Entrant]) -> pd.DataFrame:
    """Accuracy of the row's run minus that of the column's, in points.

    A star where that is more than chance, a dagger where one of the two alone answers with the mirror image of each face.

    Args:
        pairs: Tested pairs.
        entrants: The runs, in the order of rows and columns.
    """
    import pandas as pd

    cells: dict[tuple[str, str], str] = {}
    for pair in pairs:
        if pair.test:
            marks = ("*" if pair.test.distinguishable else "") + ("†" if pair.mirrored else "")
            cells[pair.b.name, pair.a.name] = points(pair.test.accuracy) + marks
            cells[pair.a.name, pair.b.name] = points(-pair.test.accuracy) + marks
    names = [entrant.name for entrant in entrants]
    return pd.DataFrame([{"Run": row} | {column: cells.get((row, column), "–") for column in names} for row in names])


def papers(runs: Mapping[str, Run]) -> dict[str, float]:
    """The paper's accuracies, from 0 to 1, of the networks among some runs that ship."""
    from fer_engine.experiments.lab import REFERENCE

    return {name: REFERENCE[run.name].paper_accuracy / 100 for name, run in runs.items() if run.shipped and run.name in REFERENCE}


def _tested(pair: Pair) -> dict[str, str]:
    test = pair.test
    told = (
        (
            points(test.accuracy),
            points_interval(test.accuracy_interval),
            f"{test.only_a:,}",
            f"{test.only_b:,}",
            p_value(test.p),
            p_value(test.p_holm),
            points(test.macro_f1),
            points_interval(test.macro_f1_interval),
            p_value(test.macro_f1_p),
            p_value(test.macro_f1_p_holm),
        )
        if test
        else (NOT_TESTED, *["–"] * 9)
    )
    return dict(zip(_TESTED, told, strict=True))


_TESTED = (
    "Accuracy, B − A",
    "95% interval",
    "A alone right",
    "B alone right",
    "p (McNemar)",
    "p (Holm)",
    "Macro F1, B − A",
    "95% interval of F1",
    "p of F1 (bootstrap)",
    "p of F1 (Holm)",
)


def seed_groups(groups: Sequence[SeedGroup]) -> pd.DataFrame:
    """A row a recipe with several seeds: mean accuracy with its 95% interval, spread, and its runs."""
    import pandas as pd

    rows = [
        {
            "Recipe": group.name,
            "Seeds": ", ".join(map(str, group.seeds)),
            "n": f"{len(group.seeds)} × {group.n:,}",
            "TTA": group.tta,
            "Mean accuracy": percent(group.accuracy),
            "95% interval": _ends(group.interval),
            "Lowest – highest": f"{100 * group.lowest:.1f} – {100 * group.highest:.1f}",
            "Runs": ", ".join(entrant.name for entrant in group.entrants),
        }
        for group in groups
    ]
    return pd.DataFrame(rows)


def seed_pairs(pairs: Sequence[SeedPair]) -> pd.DataFrame:
    """A row a pair of recipes: the mean difference, B minus A, in points over the seeds that both have, and the verdict."""
    import pandas as pd

    rows = []
    for pair in pairs:
        test = pair.test
        rows.append(
            {
                "A": pair.a.name,
                "B": pair.b.name,
                "Seeds": ", ".join(map(str, test.seeds)) if test else "–",
                "Accuracy, B − A": points(test.accuracy) if test else NOT_TESTED,
                "95% interval": points_interval(test.accuracy_interval) if test else "–",
                "p": p_value(test.p) if test else "–",
                "p (Holm)": p_value(test.p_holm) if test else "–",
                "Verdict": pair.verdict,
            }
        )
    return pd.DataFrame(rows)


OVER_SEEDS = (
    "Runs that differ in their seed alone, together. Intervals are over faces and seeds: the variance over faces (of a mean that of "
    "Wilson's interval, of a difference that of McNemar's test) plus that over seeds, with Satterthwaite's degrees of freedom. Differences "
    "are B minus A, in points, the mean over the seeds that both have; p is of Student's t, allowing for one face to either side, and "
    "p (Holm) corrected for all pairs of recipes here."
)


def settings(differences: Sequence[SpecDifference], names: Sequence[str]) -> pd.DataFrame:
    """A row a setting in which runs differ, a column a run; a dash where a family has no such setting."""
    import pandas as pd

    rows = [
        {"Setting": title(item.field), "Field": item.field} | {name: value or "–" for name, value in zip(names, item.values, strict=True)}
        for item in differences
    ]
    return pd.DataFrame(rows)


def difference_matrix(difference: np.ndarray) -> pd.DataFrame:
    """Confusion of B minus A: a row a label, a column an answer, faces."""
    import pandas as pd

    return pd.DataFrame(
        [{"Label": name} | dict(zip(NAMES, line.tolist(), strict=True)) for name, line in zip(NAMES, difference, strict=True)]
    )


KINDS = ("fixed", "broke", "came", "went")


def moved(found: Moved, pair: Pair) -> pd.DataFrame:
    """A row a face behind a cell: its row in the data set, what became of it, its label, and what both runs say of it."""
    import pandas as pd

    rows = [{"Row": int(row), "What": kind} for kind in KINDS for row in getattr(found, kind)]
    frame = pd.DataFrame(rows, columns=["Row", "What"]).astype({"Row": int})
    names = np.array(NAMES)
    for letter, entrant in (("A", pair.a), ("B", pair.b)):
        scored = entrant.scored
        places = np.searchsorted(scored.ids, frame["Row"].to_numpy(np.int64))
        if letter == "A":
            frame["Label"] = names[scored.labels[places]]
        frame[f"{letter} says"] = names[scored.answers[places]]
        frame[f"{letter} is sure by"] = [percent(value) for value in scored.probabilities[places].max(1)]
    return frame


def recalls(changes: Sequence[RecallChange]) -> pd.DataFrame:
    """A row an emotion: recall of A and of B, the difference in points, and the faces that B fixed and broke.

    Runs that are not tested have dashes for intervals and p.
    """
    import pandas as pd

    rows = []
    for row in changes:
        rows.append(
            {
                "Emotion": row.emotion,
                "Faces": row.support,
                "Recall of A": percent(row.a) if row.a is not None else "–",
                "Recall of B": percent(row.b) if row.b is not None else "–",
                "B − A (points)": points(row.difference) if row.difference is not None else "–",
                "95% interval": points_interval(row.interval) if row.interval is not None else "–",
                "B fixed": row.fixed,
                "B broke": row.broke,
                "p (Holm)": p_value(row.p_holm) if row.p_holm is not None else "–",
            }
        )
    return pd.DataFrame(rows)


def recall_table(matrices: Mapping[str, Sequence[Sequence[int]]]) -> pd.DataFrame:
    """Recall of each emotion by each run, from confusion matrices with a row a label; a dash where it has no faces."""
    import pandas as pd

    rows = []
    for name, matrix in matrices.items():
        counts = [(line[place], sum(line)) for place, line in enumerate(matrix)]
        rows.append({"Run": name} | {word: percent(hit / of) if of else "–" for word, (hit, of) in zip(NAMES, counts, strict=True)})
    return pd.DataFrame(rows)


def agreements(shares: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Share of faces with the same answer, in percent: a row and a column a run."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"Run": name} | {other: percent(value) for other, value in zip(names, line, strict=True)}
            for name, line in zip(names, shares, strict=True)
        ]
    )


def missed(found: Missed, names: Sequence[str]) -> pd.DataFrame:
    """A row a face that all get wrong: its row in the data set, its label, each answer, and whether all say the same."""
    import pandas as pd

    words = np.array(NAMES)
    frame = pd.DataFrame({"Row": found.ids, "Label": words[found.labels]})
    for number, name in enumerate(names):
        frame[name] = words[found.answers[:, number]]
    frame["All say the same"] = np.where(found.unanimous, "yes", "no")
    return frame


def costs(entrants: Sequence[Entrant], took: Mapping[str, Cost], fronts: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """A row a run: accuracy, what it took, and for which cost no other run beats it."""
    import pandas as pd

    rows = []
    for number, entrant in enumerate(entrants):
        cost = took[entrant.name]
        rows.append(
            {
                "Run": entrant.name,
                "TTA": entrant.tta,
                "Accuracy": percent(entrant.accuracy),
                "Training (s)": f"{cost.seconds:,.0f}",
                "Own part (s)": f"{cost.own_seconds:,.0f}",
                "A face (ms)": f"{cost.milliseconds:.1f}",
                "Machine": cost.machine,
                "On the front of": " and ".join(name for name, front in fronts.items() if front[number]) or "–",
            }
        )
    return pd.DataFrame(rows)


def certainty(trusts: Mapping[str, Trust]) -> pd.DataFrame:
    """A row a run: accuracy where it may abstain, calibration error before and after, median margins."""
    import pandas as pd

    rows = []
    for name, trust in trusts.items():
        row = {"Run": name}
        row |= {f"Accuracy on the surest {100 * share:.0f}%": percent(trust.coverage.accuracy_at(share)) for share in (1, 0.9, 0.75, 0.5)}
        row |= {f"Share answered at {100 * goal:.0f}% accuracy": percent(trust.coverage.coverage_for(goal)) for goal in (0.8, 0.9)}
        row |= {"Calibration error before": percent(trust.before.error), "Calibration error after": percent(trust.after.error)}
        for what, mine in (("right", trust.right), ("wrong", ~trust.right)):
            row[f"Median margin, {what} answers"] = percent(float(np.median(trust.margins[mine]))) if mine.any() else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def heads(found: Sequence[HeadPair], took: Mapping[str, Cost], paper: Mapping[str, float]) -> pd.DataFrame:
    """A row a network with either head: accuracies, difference in points, verdict, time, and the paper's figures."""
    import pandas as pd

    rows = []
    for item in found:
        a, b, test = item.pair.a, item.pair.b, item.pair.test
        rows.append(
            {
                "Network": item.network,
                "A: softmax": f"{a.name} {percent(a.accuracy)}",
                "B: SVM": f"{b.name} {percent(b.accuracy)}",
                "Measured on": f"{a.run.spec.data.name}, {a.scored.split}, n = {len(a.scored.labels):,}",
                "TTA": tta(item.pair),
                "B − A (points)": points(test.accuracy) if test else NOT_TESTED,
                "95% interval": points_interval(test.accuracy_interval) if test else "–",
                "p (Holm)": p_value(test.p_holm) if test else "–",
                "Training A (s)": f"{took[a.name].seconds:,.0f}",
                "Training B (s)": f"{took[b.name].seconds:,.0f}",
                "Paper, B − A (PrivateTest)": points(paper[b.name] - paper[a.name]) if {a.name, b.name} <= paper.keys() else "–",
            }
        )
    return pd.DataFrame(rows)


def groups(comparison: Comparison) -> list[tuple[str, tuple[Entrant, ...]]]:
    """The runs of each protocol, with what sets it apart as a title; one protocol needs none."""
    from fer_engine.evaluation.comparison_terms import titles

    return list(zip(titles([group[0].terms for group in comparison.groups]), comparison.groups, strict=True))


def face_groups(comparison: Comparison) -> list[tuple[str, tuple[Entrant, ...]]]:
    """The runs that were measured on the same faces, with what sets these apart as a title; the same for all need none."""
    from fer_engine.evaluation.comparison_faces import on_same_faces
    from fer_engine.evaluation.comparison_terms import titles

    found, shared = on_same_faces(comparison.entrants), comparison.entrants[0].terms
    faces = [replace(shared, measured_on=group[0].terms.measured_on, faces=group[0].terms.faces) for group in found]
    return list(zip(titles(faces), found, strict=True))
