"""Rules by which a data set is cleaned: what each leaves out or relabels, given what was found."""

from collections.abc import Callable

import numpy as np

from fer_engine.data.audit import TRAINING, Audit
from fer_engine.data.audit_findings import Further
from fer_engine.data.audit_groups import Groups
from fer_engine.data.audit_votes import CHOICES, NO_FACE
from fer_engine.labels import N_CLASSES


def rows_to_drop(rules: list[str], found: Audit, further: Further, splits: list[str]) -> dict[int, str]:
    """What the rules leave out: {place: the first rule that names it}, in the splits that may be touched."""
    allowed = np.isin(found.faces.split, splits)
    drop: dict[int, str] = {}
    for rule in rules:
        for row in _ROWS[rule](found, further):
            if allowed[row]:
                drop.setdefault(int(row), rule)
    return drop


def _later_copies(groups: Groups) -> np.ndarray:
    """In each group, of each split, all but the first."""
    rows = []
    for group in groups.groups:
        seen: set[str] = set()
        for row, split in zip(group.rows, group.splits, strict=True):
            if split in seen:
                rows.append(row)
            seen.add(split)
    return np.array(rows, dtype=np.int64)


def rows_to_relabel(rule: str, found: Audit, further: Further, splits: list[str]) -> dict[int, int]:
    """What the rule relabels: {place: new label}, in the splits that may be touched."""
    allowed, labels = np.isin(found.faces.split, splits), np.asarray(found.faces.labels)
    new = labels.copy()
    if rule == "suspects":
        assert further.training is not None
        rows, check = further.training.rows, further.training.check
        new[rows[check.suspect]] = check.proposed[check.suspect]
    elif rule == "votes":
        assert further.votes is not None
        clear = (further.votes.agreement > 0.5) & (further.votes.majority < N_CLASSES)
        new[clear] = further.votes.majority[clear]
    return {int(row): int(new[row]) for row in np.flatnonzero((new != labels) & allowed)}


def _near(found: Audit, further: Further) -> np.ndarray:  # noqa: ARG001 - what all rules take
    assert found.near is not None
    return _later_copies(found.near)


def _leaked(found: Audit, further: Further) -> np.ndarray:  # noqa: ARG001 - what all rules take
    others = [split for split in found.faces.splits if split != TRAINING]
    return np.unique(np.concatenate([np.empty(0, np.int64), *(found.exact.twins(TRAINING, split) for split in others)]))


def _suspects(found: Audit, further: Further) -> np.ndarray:  # noqa: ARG001 - what all rules take
    assert further.training is not None
    return further.training.suspects


def _nonfaces(found: Audit, further: Further) -> np.ndarray:  # noqa: ARG001 - what all rules take
    assert further.votes is not None
    return np.flatnonzero(further.votes.majority == CHOICES.index(NO_FACE))


_ROWS: dict[str, Callable[[Audit, Further], np.ndarray]] = {
    "duplicates": lambda found, _: _later_copies(found.exact),
    "conflicts": lambda found, _: np.array([row for group in found.exact.conflicting for row in group.rows], dtype=np.int64),
    "leaked": _leaked,
    "near": _near,
    "blanks": lambda found, _: np.flatnonzero(found.blank),
    "faceless": lambda _, further: np.flatnonzero(further.faceless),
    "suspects": _suspects,
    "nonfaces": _nonfaces,
}
