"""Our own ablation studies, as data: one field of our recipe for net5 (and net12) in each row."""

from typing import Any

from fer_engine.experiments import lab
from fer_engine.experiments.spec import CnnSpec, override
from fer_engine.experiments.studies import Claim, Row, Study

_EXPECTED = "Our expectation"
_NET5 = lab.recipe("net5")
_NET12 = lab.recipe("net12")
_STILL = {"augment.rotation": 0, "augment.scale": 0, "augment.shift": 0, "augment.light": 0}
_BASES = {"net5": _NET5, "net12": _NET12}


def _row(key: str, title: str, changes: dict[str, Any], base: CnnSpec = _NET5, note: str = "") -> Row:
    """A row of a base of ours: 'ours-net5' where it changes nothing."""
    spec = override(base, changes)
    return Row(f"ours-{base.model}" if spec == base else key, title, spec, note=note)


def _augmentation() -> Study:
    rows = (
        _row("augment-off", "off", _STILL | {"augment.flip": False}),
        _row("augment-flip", "mirrored", _STILL),
        _row("augment-affine", "mirrored, turned, scaled, shifted", {"augment.light": 0}),
        _row("augment-full", "and brightened: ours", {}),
    )
    pairs = (("augment-flip", "augment-off"), ("augment-affine", "augment-flip"), ("ours-net5", "augment-affine"))
    claim = Claim("each step of augmentation is better than the one before", _EXPECTED, pairs)
    return Study("augmentation", "Augmentation", "ours", rows, claim)


def _smoothing() -> Study:
    rows = tuple(_row(f"smoothing-{share:g}", f"{share:g}", {"label_smoothing": share}) for share in (0.0, 0.05, 0.1, 0.2))
    claim = Claim("smoothed labels are better than hard ones", _EXPECTED, tuple((row.key, "smoothing-0") for row in rows[1:]))
    return Study("smoothing", "Label smoothing", "ours", rows, claim)


def _rare() -> Study:
    rows = (
        _row("rare-as-is", "each face once: ours", {}),
        _row("rare-weighted", "loss weighted", {"class_weight": "balanced"}),
        _row("rare-sampled", "each emotion drawn equally often", {"sampling": "balanced"}),
    )
    note = "For rare emotions: disgust has 436 of 28,709 faces. Mind the recall of disgust and macro F1, not accuracy alone."
    return Study("rare", "Rare emotions", "ours", rows, notes=(note,))


def _voted() -> Study:
    rows = tuple(_row(f"votes-{share:g}", f"{share:g}", {"votes": share}) for share in (0.0, 0.5, 1.0))
    note = (
        "Share of the target that FER+'s votes have in training (FER_LAB_VOTES). All are judged by FER2013's labels, which the votes "
        "contradict in a third of the faces."
    )
    return Study("votes", "FER+ votes as soft labels", "ours", rows, notes=(note,))


def _mirrored() -> Study:
    rows = (
        _row("tta-none", "the face alone", {"tta": "none"}),
        _row("tta-flip", "mean over the face and its mirror image: ours", {}),
    )
    claim = Claim("the mean over a face and its mirror image is better than the face alone", _EXPECTED, (("ours-net5", "tta-none"),))
    note = "The mirror image is part of a run's spec, so that both are trained; their weights are the same on one machine."
    return Study("tta", "Test-time augmentation", "ours", rows, claim, notes=(note,))


def _shortcuts() -> Study:
    # Where the maps keep their size: after net5's second pooling, and past net12's unpadded four convolutions.
    around: dict[str, dict[str, tuple[tuple[int, int], ...]]] = {
        "net5": {"none": (), "4-5": ((4, 5),), "3-5": ((3, 5),)},
        "net12": {"none": (), "5-6": ((5, 6),), "5-6, 7-9": ((5, 6), (7, 9))},
    }
    rows = []
    for model, settings in around.items():
        for title, pairs in settings.items():
            key = f"{model}-around-{title.replace(', ', '-')}"
            rows.append(_row(key, f"{model}, {title}", {"network.shortcuts": pairs}, _BASES[model]))
    tested = tuple((row.key, f"ours-{row.spec.model}") for row in rows if not row.key.startswith("ours-"))
    claim = Claim("residual connections around convolutions are better than none", _EXPECTED, tested)
    note = "The paper names residual connections as work to come (section X)."
    return Study("shortcuts", "Residual connections", "ours", tuple(rows), claim, notes=(note,))


def _seeds() -> Study:
    rows = tuple(_row("", model, {}, base) for model, base in _BASES.items())
    note = "What differs between seeds is chance: one run each does not tell settings apart that differ by less."
    return Study("seeds", "Seeds", "ours", rows, seeds=5, notes=(note,))


OWN_STUDIES: tuple[Study, ...] = (_augmentation(), _smoothing(), _rare(), _voted(), _mirrored(), _shortcuts(), _seeds())
