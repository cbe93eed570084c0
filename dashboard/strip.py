"""The rows of an ablation study before one face: what each answers, and whether that is what the base answers. No Streamlit here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_engine.labels import NAMES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from fer_engine.ablations.ledger import Cell
    from fer_engine.experiments.studies import Row, Study
    from fer_engine.explain.gradcam import ClassMap
    from fer_engine.runs.store import Run


@dataclass(frozen=True, eq=False)
class Answer:
    """What one run says of the face.

    Attributes:
        probabilities: Calibrated, (7,).
        cam: Grad-CAM++ for its answer, in its default layer; None for an SVM, which has no layers.
        layer: That layer; empty for an SVM.
    """

    probabilities: np.ndarray
    cam: ClassMap | None = None
    layer: str = ""

    @property
    def label(self) -> str:
        """The emotion that is answered."""
        return NAMES[int(self.probabilities.argmax())]

    @property
    def probability(self) -> float:
        """Its probability, from 0 to 1."""
        return float(self.probabilities.max())


@dataclass(frozen=True, eq=False)
class Reply:
    """A row of the study before the face.

    Attributes:
        row: The setting.
        run: The finished run of it that was asked; None where there is none.
        seed: Of that run.
        finished: How many finished runs the row has, one a seed.
        answer: What it says; None without a run, or where it could not be asked.
        problem: Why it could not be asked, a sentence; empty where it could.
    """

    row: Row
    run: Run | None = None
    seed: int = 0
    finished: int = 0
    answer: Answer | None = None
    problem: str = ""


@dataclass(frozen=True)
class Yardstick:
    """What answers are held against.

    Attributes:
        key: The base's row; empty where it is the majority.
        title: 'the base' or 'the majority'; empty where there is neither.
        label: The emotion that it answers.
    """

    key: str
    title: str
    label: str


def askable(cells: Sequence[Cell]) -> tuple[Reply, ...]:
    """Of each row of a study the finished run of the lowest seed, of those that can answer if there is one, not asked yet.

    Args:
        cells: The runs of the study, row by row and by rising seed, as `fer_engine.ablations.ledger.cells` gives them.
    """
    found = []
    for row in {cell.row.key: cell.row for cell in cells}.values():
        there = [cell for cell in cells if cell.row.key == row.key and cell.state == "finished"]
        asked = next((cell for cell in there if cell.run and cell.run.answers), there[0] if there else None)
        found.append(Reply(row, asked.run, asked.seed, len(there)) if asked else Reply(row))
    return tuple(found)


def yardstick(study: Study, replies: Sequence[Reply]) -> Yardstick:
    """What the answers are held against: the study's base if it answered, else what more than half of the rows answer."""
    base = study.base
    for reply in replies:
        if base and reply.answer and reply.row.key == base.key:
            return Yardstick(base.key, "the base", reply.answer.label)
    labels = [reply.answer.label for reply in replies if reply.answer]
    (label, votes), *_ = Counter(labels).most_common(1) or [("", 0)]
    if len(labels) > 1 and votes > len(labels) / 2:
        return Yardstick("", "the majority", label)
    return Yardstick("", "", "")


def agrees(reply: Reply, against: Yardstick) -> bool | None:
    """Whether a row answers as the yardstick does; None where there is nothing to say of it."""
    if reply.answer is None or not against.title:
        return None
    return reply.answer.label == against.label


def agreement(reply: Reply, against: Yardstick) -> str:
    """The same in words; empty where there is nothing to say."""
    same = agrees(reply, against)
    if same is None:
        return ""
    if reply.row.key == against.key:
        return "the base"
    return f"as {against.title}" if same else f"differs from {against.title}"


def summary(replies: Sequence[Reply], against: Yardstick) -> str:
    """What the strip shows, in a sentence or two."""
    answered = [reply for reply in replies if reply.answer]
    if not answered:
        return "No row of this study has a finished run that could be asked."
    few = f"{len(answered)} of {len(replies)} rows answer"
    if not against.title:
        labels = Counter(reply.answer.label for reply in answered if reply.answer)
        return (
            f"{few}, and no emotion has more than half of them: {', '.join(f'{label} {votes}' for label, votes in labels.most_common())}."
        )
    others = [reply for reply in answered if reply.row.key != against.key]
    apart = [f"{reply.row.title} ({reply.answer.label})" for reply in others if reply.answer and not agrees(reply, against)]
    says = f"{few}. {against.title.capitalize()} says {against.label}"
    if not others:
        return f"{says}; no other row has a run that could be asked."
    if not apart:
        return f"{says}, and {'so does the other' if len(others) == 1 else 'all others agree' if against.key else 'all agree'}."
    verb = "differs" if len(apart) == 1 else "differ"
    return f"{says}; {len(apart)} {verb}: {', '.join(apart)}."


def table(replies: Sequence[Reply], against: Yardstick) -> pd.DataFrame:
    """A row a setting: its run, its answer, how that stands to the yardstick, and seven probabilities from 0 to 1."""
    import pandas as pd

    rows = []
    for reply in replies:
        told: dict[str, Any] = {"Setting": reply.row.title, "Run": None, "Seed": None}
        if reply.run:
            told |= {"Run": reply.run.name, "Seed": reply.seed}
        told |= {"Answer": reply.answer.label if reply.answer else reply.problem or "not run", "Agreement": agreement(reply, against)}
        shares = reply.answer.probabilities if reply.answer else [None] * len(NAMES)
        rows.append(told | {name: None if share is None else round(float(share), 6) for name, share in zip(NAMES, shares, strict=True)})
    return pd.DataFrame(rows, dtype=object)
