"""`features`."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_engine.cli.output import DataPath, Json, SkipBad, err, open_faces, out, print_json
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.data.faceset import FaceSet
    from fer_engine.experiments.svm_spec import FeatureSpec

STEP = 500  # faces between two looks at the clock


_OF_SVMS = {"kind", "n_components", "whiten", "unit", "weight"}  # fields of a feature that come after measuring, or before


class Kind(StrEnum):
    """What is measured."""

    PIXELS = "pixels"
    HOG = "hog"
    LANDMARKS = "landmarks"


def features(
    kind: Annotated[Kind, typer.Argument(help="pixels, hog (gradients) or landmarks (dlib's 68 points).")],
    to: Annotated[Path, typer.Option("--out", help="Where they go: a .npz of features, labels and ids, or a .csv.")],
    split: Annotated[str, typer.Option(help="The split whose faces are measured.")] = "PublicTest",
    settings: Annotated[list[str] | None, typer.Option("--set", help='A parameter, such as cell=8, align=1.3 or forms=["angles"].')] = None,
    data: DataPath = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Measure features of a split's faces, as the SVMs take them, and write a row a face."""
    from rich.progress import track

    from fer_engine.classical.blocks import measures
    from fer_engine.cli.training import parse_settings

    if to.suffix not in (".npz", ".csv"):
        raise FerLabError(f"{to} is neither a .npz nor a .csv file. Name one of these with --out.")
    if not to.absolute().parent.is_dir():
        raise FerLabError(f"There is no folder {to.absolute().parent} for {to.name}. Make it, or name another with --out.")
    (measure,) = measures((_feature(kind, parse_settings(settings or [])),))
    part = open_faces(data, skip_bad).part(split)
    began, parts = time.perf_counter(), []
    for start in track(range(0, len(part), STEP), "Measuring", console=err, transient=True):
        parts.append(measure(part.images[start : start + STEP]))
    seconds = time.perf_counter() - began
    rows = _joined(parts)
    _write(rows, part, to)
    told = {
        "kind": kind.value,
        "faces": len(part),
        "features": rows.shape[1],
        "faces_per_second": round(len(part) / seconds, 1),
        "file": str(to),
    }
    if as_json:
        print_json(told)
    else:
        words = f"{rows.shape[1]:,} features of {len(part):,} {split} faces, {told['faces_per_second']:,} faces a second: {to}"
        out.print(words, highlight=False, markup=False)


def _feature(kind: Kind, changes: dict[str, Any]) -> "FeatureSpec":
    """What is to be measured.

    Raises:
        FerLabError: Where a parameter is none of the measure's, or makes no sense.
    """
    from fer_engine.experiments.spec import override
    from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec

    strange = sorted(_OF_SVMS & changes.keys())
    if strange:
        raise FerLabError(f"--set {strange[0]} is nothing that is measured: it is what an SVM makes of these features. Leave it out.")
    spec = override(SvmSpec(features=(FeatureSpec(kind=kind.value),)), {"features": [{"kind": kind.value} | changes]})
    return spec.features[0]


def _joined(parts: "list[np.ndarray]") -> "np.ndarray":
    import numpy as np

    return np.concatenate(parts)


def _write(rows: "np.ndarray", part: "FaceSet", to: Path) -> None:
    """Write the rows with label and id, whole or not at all.

    Raises:
        FerLabError: Where the file cannot be written.
    """
    import numpy as np
    import pandas as pd

    from fer_engine.runs.files import replacing

    with replacing(to) as temporary:
        if to.suffix == ".npz":
            with temporary.open("wb") as file:
                np.savez(file, features=rows, labels=np.asarray(part.labels), ids=np.asarray(part.ids))
        else:
            table = pd.DataFrame(rows, columns=[f"f{number}" for number in range(rows.shape[1])])
            table.insert(0, "label", np.asarray(part.labels))
            table.insert(0, "id", np.asarray(part.ids))
            table.to_csv(temporary, index=False)
