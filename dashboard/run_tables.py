"""Tables of one run, as they are shown and as they are taken away. No Streamlit here."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from dashboard.text import percent
from dashboard.training_words import chosen_by
from fer_engine.data.faceset import SIZE
from fer_engine.errors import FerLabError
from fer_engine.evaluation.statistics import wilson_interval
from fer_engine.experiments.bases import Base, told
from fer_engine.experiments.fields import title
from fer_engine.experiments.lab import REFERENCE
from fer_engine.experiments.spec import CnnSpec, RunSpec, SvmSpec, field_paths
from fer_engine.experiments.svm_lab import SVM_REFERENCE
from fer_engine.labels import NAMES
from fer_engine.models.config import NetworkConfig, Stage, stages
from fer_engine.runs.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from fer_engine.evaluation.curves import Reliability, Roc
    from fer_engine.runs.store import Run


def architecture(config: NetworkConfig) -> pd.DataFrame:
    """A row a layer with what it does, the shape of its output and its parameters; the last row is their sum."""
    import pandas as pd

    rows: list[dict[str, Any]] = [{"Layer": "face", "What it does": "", "Output shape": f"1 × {SIZE} × {SIZE}", "Parameters": 0}]
    for stage in stages(config, SIZE):
        rows.append(
            {"Layer": stage.name, "What it does": _task(stage, config), "Output shape": _shape(stage), "Parameters": stage.parameters}
        )
    rows.append({"Layer": "sum", "What it does": "", "Output shape": "", "Parameters": sum(row["Parameters"] for row in rows)})
    return pd.DataFrame(rows)


def _shape(stage: Stage) -> str:
    return f"{stage.channels} × {stage.side} × {stage.side}" if stage.side > 1 else str(stage.channels)


def _task(stage: Stage, config: NetworkConfig) -> str:
    if stage.kind == "conv":
        return _convolution(int(stage.name.removeprefix("conv")), config)
    return {
        "pool": f"max pooling {config.pool_kernel}×{config.pool_kernel}, stride {config.pool_stride}",
        "average": f"average pooling to {stage.side}×{stage.side}",
        "fc": f"fully connected, ReLU, dropout {config.dropout:g}",
        "scores": "fully connected, one score per emotion",
    }[stage.kind]


def _convolution(number: int, config: NetworkConfig) -> str:
    parts = [f"convolution {config.kernel}×{config.kernel}"]
    if number == 1 and config.stride > 1:
        parts.append(f"stride {config.stride}")
    if number <= config.unpadded:
        parts.append("unpadded")
    if config.norm == "batch":
        parts.append("batch normalisation")
    parts += [f"plus what went into conv{first}" for first, last in config.shortcuts if last == number]
    return ", ".join([*parts, "ReLU"])


def settings(run: Run, base: Base) -> pd.DataFrame:
    """A row a field of the run's spec: what people call it, its name, its value, and its base's where it differs."""
    import pandas as pd

    changed = {item.field: told(item.base) for item in base.differences}
    rows = [
        {"Setting": title(path), "Field": path, "Value": told(value), "Base": changed.get(path, "")}
        for path, value in field_paths(run.spec).items()
    ]
    return pd.DataFrame(rows)


def evaluations(run: Run) -> pd.DataFrame:
    """A row for each later evaluation of a run, by split; empty where there is none.

    Raises:
        FerLabError: Where the file of one is damaged.
    """
    import pandas as pd

    from fer_engine.evaluation.evaluate import later_evaluations

    return pd.DataFrame([_evaluation(path) for path in later_evaluations(run)])


def _evaluation(path: Path) -> dict[str, Any]:
    try:
        tree = read_json(path)
        low, high = tree["accuracy_ci95"]
        clean = tree["accuracy_deduplicated"]
        return {
            "Split": tree["split"],
            "Faces": tree["n"],
            "Accuracy": percent(tree["accuracy"]),
            "95% interval": f"{100 * low:.1f} – {100 * high:.1f}",
            "Without Training's images": "–" if clean is None else percent(clean),
            "Test-time augmentation": tree["tta"],
            "Data": " ".join((tree.get("data_name", ""), tree["data"])).strip(),
            "Emotions": len(tree.get("classes", NAMES)),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise FerLabError(f"The evaluation {path} is damaged: it has no sound {error}. Remove it, and evaluate again.") from error


def paper_accuracy(spec: RunSpec) -> float | None:
    """The paper's accuracy on PrivateTest, from 0 to 1, of the same layers and head, or the same SVM; None where it has none such.

    Normalisation is left open, on which the paper is silent.
    """
    if spec.data.name != "fer2013":
        return None
    if not isinstance(spec, CnnSpec):
        known = SVM_REFERENCE.get(spec.model)
        same = known and replace(spec, data=known.spec.data, start=known.spec.start, seed=known.spec.seed) == known.spec
        return known.paper_accuracy / 100 if known and same and known.paper_accuracy else None
    for reference in REFERENCE.values():
        same = (reference.spec.model, reference.spec.head) == (spec.model, spec.head)
        if same and replace(reference.spec.config, norm=spec.config.norm) == spec.config:
            return reference.paper_accuracy / 100
    return None


def per_emotion(matrix: list[list[int]]) -> pd.DataFrame:
    """The classification report: a row an emotion with its figures (shares from 0 to 1), then the averages.

    Args:
        matrix: Counts (7, 7), a row a label and a column an answer.
    """
    import pandas as pd

    from fer_engine.evaluation.report import report_of_counts

    report = report_of_counts(matrix)
    frame = pd.DataFrame([asdict(line) for line in report.rows]).rename(columns=_REPORT)
    counts = pd.DataFrame(matrix)
    right, taken, support = (pd.Series(values) for values in (counts.values.diagonal(), counts.sum(), counts.sum(axis=1)))
    ends = [wilson_interval(*pair) for pair in zip(right, support, strict=True)]
    frame["95% interval of recall"] = pd.Series([f"{end.low:.3f} – {end.high:.3f}" for end in ends]).reindex(frame.index, fill_value="")
    frame["One against the rest"] = 1 - (taken + support - 2 * right) / support.sum()
    return frame[[*list(_REPORT.values())[:3], "95% interval of recall", "F1", "One against the rest", "Support"]]


_REPORT = {"name": "Emotion", "precision": "Precision", "recall": "Recall", "f1": "F1", "support": "Support"}


def areas(roc: Roc) -> pd.DataFrame:
    """The area under each ROC curve, emotions first; empty where there is no curve."""
    import pandas as pd

    return pd.DataFrame([{"Emotion": curve.name, "Area under the curve": curve.auc} for curve in roc.all])


def areas_of(found: Mapping[str, Roc]) -> pd.DataFrame:
    """The same of several runs: a row a run, a column a curve."""
    import pandas as pd

    return pd.DataFrame([{"Run": name} | {curve.name: curve.auc for curve in roc.all} for name, roc in found.items()])


def bins(found: Reliability) -> pd.DataFrame:
    """A row a bin of confidence: its ends, mean confidence, accuracy and faces."""
    import pandas as pd

    columns = {"From": found.edges[:-1], "To": found.edges[1:], "Confidence": found.confidence, "Accuracy": found.accuracy}
    return pd.DataFrame(columns | {"Faces": found.count})


def confusions(matrix: list[list[int]]) -> pd.DataFrame:
    """The confusion matrix: a row a label, a column an answer, faces."""
    import pandas as pd

    return pd.DataFrame([{"Label": name} | dict(zip(NAMES, line, strict=True)) for name, line in zip(NAMES, matrix, strict=True)])


def counts(of_splits: dict[str, dict[str, int]]) -> pd.DataFrame:
    """A row an emotion with its faces in each split, as the manifest counts them, and a last row of their sums."""
    import pandas as pd

    rows: list[dict[str, Any]] = [{"Emotion": name} | {split: of[name] for split, of in of_splits.items()} for name in NAMES]
    return pd.DataFrame([*rows, {"Emotion": "all"} | {split: sum(of.values()) for split, of in of_splits.items()}])


def features(run: Run) -> pd.DataFrame:
    """The blocks of features of an SVM: a row a block with what it is, how many numbers it has, and what they are scaled by."""
    import pandas as pd

    from fer_engine.experiments.bases import told

    spec = run.spec
    assert isinstance(spec, SvmSpec)
    rows = [
        {
            "Block": told(feature),
            "Numbers": str(feature.n_components or "all"),
            "Scale": "variance 1 each" if feature.whiten else "total variance 1" if feature.unit else "as measured",
            "Weight": f"{feature.weight:g}",
        }
        for feature in spec.features
    ]
    return pd.DataFrame(rows)


def chosen_words(run: Run) -> str:
    """What was chosen on which split, and by what."""
    how = run.manifest["protocol"]
    if run.spec.family == "cnn":
        by = chosen_by(how["monitor"])
        return f"Epoch chosen on {how['chosen_on']} by {by}" if by else "The last epoch kept, which no figure chose"
    return f"Hyper-parameters chosen on {how['chosen_on']}"
