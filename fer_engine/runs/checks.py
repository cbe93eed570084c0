"""Whether a folder that came from elsewhere is a sound, finished run. It is read as data alone: nothing in it is ever run."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json as parse_json

from fer_engine.data.faceset import SPLITS
from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import RunSpec, SvmSpec
from fer_engine.experiments.spec import from_json as read_spec
from fer_engine.labels import N_CLASSES, NAMES
from fer_engine.runs import forms, store
from fer_engine.runs.files import file_hash

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SIGNED = (store.SPEC, store.HISTORY, store.WEIGHTS, store.CALIBRATION, store.PREDICTIONS, store.METRICS)  # by hash, in the manifest
# Bytes that a file may have. A spec is checked layer by layer, so that a long one would take long.
LIMITS = {
    store.SPEC: 16_000,
    store.HISTORY: 4_000_000,
    store.WEIGHTS: 500_000_000,
    store.CALIBRATION: 16_000,
    store.PREDICTIONS: 200_000_000,
    store.METRICS: 200_000,
    store.MANIFEST: 200_000,
}
EVALUATION_LIMIT = 50_000
FACES_LIMIT = 1_000_000
VALUES_LIMIT = 4_000_000  # that a layer may make of one face; net12, the largest of ours, makes 147,456
# pandas packs by snappy, which shrinks to a twentieth at best: what a file of so many bytes a face becomes is bounded.
_CODECS, _BYTES_PER_FACE = {"SNAPPY", "UNCOMPRESSED"}, 120
_DTYPES = ("F16", "BF16", "F32")  # but of what is counted, which is I64
_SHARES = ("train_accuracy", "valid_accuracy", "valid_macro_f1")
_OF_SCORES = (
    "n",
    "accuracy",
    "accuracy_ci95",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
    "per_class",
    "confusion_matrix",
)


def check_run(folder: Path) -> None:
    """Check a run folder: its files fit the manifest, each other and this version.

    Args:
        folder: A folder with the files of a finished run and no others.

    Raises:
        FerLabError: With a sentence that names the file and what is wrong with it.
    """
    manifest: forms.Manifest = _read(folder, store.MANIFEST, forms.Manifest)
    _check_manifest(folder, manifest)
    spec = _read_spec(folder)
    if manifest.family != spec.family:
        raise _wrong(store.MANIFEST, f"its family is {manifest.family}, but that of {store.SPEC} is {spec.family}")
    if manifest.spec_hash != spec.hash:
        raise _wrong(store.SPEC, f"its hash is {spec.hash}, but {store.MANIFEST} names {manifest.spec_hash}")
    if spec.family == "cnn":
        _check_history(folder / store.HISTORY, manifest)
    _check_weights(folder / store.WEIGHTS, spec)
    if isinstance(spec, SvmSpec):
        _check_machine(folder / store.WEIGHTS, spec)
    calibration: forms.Calibration = _read(folder, store.CALIBRATION, forms.Calibration)
    if not 0 < calibration.scale < 1000:
        raise _wrong(store.CALIBRATION, f"its scale is {calibration.scale}, not a number above 0 and below 1000")
    _check_predictions(folder)
    for path in sorted((folder / store.EVALUATIONS).glob("*.json")):
        _check_evaluation(folder, f"{store.EVALUATIONS}/{path.name}")


def signed(family: str) -> tuple[str, ...]:
    """The files whose hashes stand in the manifest of a run of that family; an SVM has no history."""
    return tuple(name for name in SIGNED if family == "cnn" or name != store.HISTORY)


def _wrong(name: str, what: str) -> FerLabError:
    return FerLabError(f"{name} cannot be used: {' '.join(what.split())}. Pack the run again where it was made.")


def _read(folder: Path, name: str, kind: Any) -> Any:
    """A JSON file as what it has to be; NaN and deep nesting are refused."""
    try:
        return TypeAdapter(kind).validate_python(parse_json((folder / name).read_bytes(), allow_inf_nan=False))
    except ValidationError as error:
        first = error.errors()[0]
        what = first["msg"].lower().removeprefix("value error, ")
        raise _wrong(name, f"{'.'.join(map(str, first['loc'])) or 'its content'}: {what}") from None
    except ValueError as error:
        raise _wrong(name, f"it is no JSON ({error})") from None


def _read_spec(folder: Path) -> RunSpec:
    _read(folder, store.SPEC, dict[str, Any])  # a sentence without the whole of a file that is no JSON
    try:
        return read_spec((folder / store.SPEC).read_bytes())
    except FerLabError as error:
        raise FerLabError(f"{store.SPEC} cannot be used. {error} Pack the run again where it was made.") from None


def _check_manifest(folder: Path, manifest: forms.Manifest) -> None:
    from fer_engine.data.augment import PIXEL_MEAN, PIXEL_STD

    for name in signed(manifest.family):
        if not (folder / name).is_file():
            raise FerLabError(f"The run lacks {name}. Pack it again where it was made.")
        if name not in manifest.files:
            raise _wrong(store.MANIFEST, f"it gives no hash of {name}")
        if file_hash(folder / name) != manifest.files[name].sha256:
            raise _wrong(name, f"it was changed after the run: its hash is not that of {store.MANIFEST}")
    if tuple(manifest.classes) != NAMES:
        raise _wrong(store.MANIFEST, f"its emotions are {', '.join(manifest.classes)}; here they are {', '.join(NAMES)}, in this order")
    if any(tuple(counts) != NAMES for counts in manifest.counts.values()):
        raise _wrong(store.MANIFEST, "its counts are not one number of faces per emotion")
    spec = _read_spec(folder)
    if not {spec.data.train, spec.data.valid} <= set(SPLITS):
        raise _wrong(store.SPEC, f"it learns from, or is measured on, none of {', '.join(SPLITS)}")
    missing = [split for split in (spec.data.train, spec.data.valid) if split not in manifest.counts]
    if missing:
        raise _wrong(store.MANIFEST, f"it does not count the faces of {' and '.join(missing)}")
    if manifest.before and not manifest.starts_from:
        raise _wrong(store.MANIFEST, "it tells what was before, but not which run it starts from")
    expected = {"size": [48, 48], "channels": 1, "mean": PIXEL_MEAN, "std": PIXEL_STD}
    if any(manifest.preprocessing.get(key) != value for key, value in expected.items()):
        raise _wrong(store.MANIFEST, "its network takes faces that are prepared in another way than here")


def _check_history(path: Path, manifest: forms.Manifest) -> None:
    import numpy as np
    import pandas as pd

    try:
        history = pd.read_csv(path)
        numbers = history.to_numpy(np.float64)
    except (ValueError, TypeError) as error:  # pandas' ParserError and UnicodeDecodeError are ValueErrors
        raise _wrong(path.name, f"it is no table of numbers ({error})") from None
    missing = [name for name in store.HISTORY_COLUMNS if name not in history]
    if missing:
        raise _wrong(path.name, f"it has no column {', '.join(missing)}")
    if not np.isfinite(numbers).all() or list(history["epoch"]) != list(range(1, len(history) + 1)) or len(history) != manifest.epochs:
        raise _wrong(path.name, f"it is not one row of finite numbers for each of {manifest.epochs} epochs")
    shares, seconds = history[list(_SHARES)], history["seconds"]
    if not (shares.ge(0) & shares.le(1)).all(axis=None) or not seconds.between(0, forms.LARGEST).all():
        raise _wrong(path.name, f"its {', '.join(_SHARES)} are not all from 0 to 1, or its seconds no times")
    if not 1 <= manifest.best_epoch <= manifest.epochs:
        raise _wrong(store.MANIFEST, f"best_epoch is {manifest.best_epoch}, of {manifest.epochs} epochs")


def _check_weights(path: Path, spec: RunSpec) -> None:
    """The tensors are those of the spec's network by name and shape; nothing is allotted before that is known."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - it is no dict
            expected = _shapes(spec, found)
            for name in sorted(expected.keys() | found.keys()):
                if expected.get(name) != found.get(name):
                    what = f"is {found.get(name, 'missing')} in it and {expected.get(name, 'unknown')} in the network of {store.SPEC}"
                    raise _wrong(path.name, f"the tensor '{name[:80]}' {what}")
            for name in found:
                kind = file.get_slice(name).get_dtype()
                whole = name.endswith((".num_batches_tracked", ".counts"))
                if kind not in (("I64",) if whole else _DTYPES):
                    raise _wrong(path.name, f"the tensor '{name}' is of the kind {kind}, not {'I64' if whole else ' or '.join(_DTYPES)}")
                if not bool(file.get_tensor(name).isfinite().all()):
                    raise _wrong(path.name, f"the tensor '{name}' holds values that are no finite numbers")
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise _wrong(path.name, f"it is no safetensors file ({error})") from None


def _check_machine(path: Path, spec: SvmSpec) -> None:
    """The arrays of an SVM fit each other, and what is measured on a face; of a network that it reads that is not known here."""
    import numpy as np
    from safetensors.numpy import load_file

    from fer_engine.classical.blocks import measures
    from fer_engine.classical.files import COUNTS, VECTORS, load_machine

    try:
        tensors, (blocks, _) = load_file(path), load_machine(spec, path)
        if (tensors[COUNTS] < 0).any() or tensors[COUNTS].sum() != len(tensors[VECTORS]):
            raise ValueError("the counts of support vectors are not those of the vectors")
        read = tuple(block for block in blocks if block.spec.kind != "cnn")
        face = np.zeros((1, 48, 48), np.uint8)
        for block, measure in zip(read, measures(tuple(block.spec for block in read)), strict=True):
            if block.rows(measure(face)).shape != (1, len(block.scale)):
                raise ValueError(f"the block {block.spec.kind} is of another width than its features")
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise _wrong(path.name, f"its arrays do not fit each other or the features of {store.SPEC} ({error})") from None


def _shapes(spec: RunSpec, found: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The names and shapes of a model's tensors, without the memory for them.

    Of an SVM only the fit tells how many vectors and features there are; here the shapes have to agree with each other.
    """
    if isinstance(spec, SvmSpec):
        from fer_engine.classical.shapes import expected_shapes

        return expected_shapes(spec, found)
    import torch

    from fer_engine.models import registry
    from fer_engine.models.config import stages

    largest = max(stages(spec.config), key=lambda stage: stage.channels * stage.side**2)
    if largest.channels * largest.side**2 > VALUES_LIMIT:
        what = f"its layer {largest.name} makes {largest.channels * largest.side**2:,} values of a face; {VALUES_LIMIT:,} are the most"
        raise _wrong(store.SPEC, what)
    try:
        with torch.device("meta"):
            return {name: tuple(tensor.shape) for name, tensor in registry.build(spec.model, spec.config).state_dict().items()}
    except (RuntimeError, OverflowError, TypeError) as error:
        raise _wrong(store.SPEC, f"its network cannot be built ({str(error).splitlines()[0]})") from None


def _check_predictions(folder: Path) -> None:
    """Columns, kinds and values are right, and the figures of metrics.json follow from them."""
    table = _predictions(folder / store.PREDICTIONS)
    figures: dict[str, forms.Figures] = _read(folder, store.METRICS, dict[str, forms.Figures])
    splits = table["split"].to_numpy(str)
    if not figures or set(figures) != set(splits):
        raise _wrong(store.METRICS, f"it tells of {', '.join(figures) or 'no split'}, but {store.PREDICTIONS} of {', '.join(set(splits))}")
    for split, told in figures.items():
        _check_figures(store.METRICS, told)
        part = table[splits == split]
        other = _differs(told, part[list(NAMES)].to_numpy(), part["label"].to_numpy())
        if other:
            raise _wrong(store.METRICS, f"its figures of {split} do not follow from {store.PREDICTIONS}: its {other} is another")


def _differs(told: forms.Figures, scores: "np.ndarray", labels: "np.ndarray") -> str:
    """The first figure that does not follow from scores (N, 7) and labels (N,); nothing where all do.

    Which faces stand in Training too is not told by scores, so that the figures without them are not known here.
    """
    import numpy as np

    from fer_engine.evaluation.metrics import measure

    found = measure(scores, labels, np.zeros(len(labels), bool))
    for name in _OF_SCORES:
        if not _alike(getattr(told, name), getattr(found, name)):
            return name
    own = scores[np.arange(len(labels)), labels][:, None]
    surely, maybe = ((scores >= own).sum(1) <= 2).mean(), ((scores > own).sum(1) < 2).mean()  # they differ where scores are equal
    return "" if surely - 1e-8 <= told.top2 <= maybe + 1e-8 else "top2"


def _alike(told: Any, found: Any) -> bool:
    """Whether numbers, or lists and tables of them, are the same to rounding; tables may tell more."""
    if isinstance(found, dict):
        return all(name in told and _alike(told[name], value) for name, value in found.items())
    if isinstance(found, list | tuple):
        return len(told) == len(found) and all(_alike(*pair) for pair in zip(told, found, strict=True))
    return math.isclose(told, found, rel_tol=1e-5, abs_tol=1e-8)


def _predictions(path: Path) -> "pd.DataFrame":
    """The table of predictions; kinds and lengths are looked at before the whole of it takes memory."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, read_dictionary=["split"])
        columns = {name: _kind(file.schema_arrow.field(name).type) for name in file.schema_arrow.names}
        expected = {"id": "int64", "split": "string", "label": "int64"} | dict.fromkeys(NAMES, "float")
        if list(columns.items()) != list(expected.items()):
            raise _wrong(path.name, f"its columns are {columns}, not {expected}")
        if not 0 < file.metadata.num_rows <= FACES_LIMIT:
            raise _wrong(path.name, f"it has {file.metadata.num_rows:,} rows, not 1 to {FACES_LIMIT:,}")
        _refuse_swelling(path, file.metadata)
        table = file.read()
        splits = table.column("split").unique().to_pylist()
        if not set(splits) <= set(SPLITS):
            raise _wrong(path.name, f"its splits are not all among {', '.join(SPLITS)}")
        read = store.Run(path.parent).predictions()  # as all else will read it
        numbers = read[list(NAMES)].to_numpy(np.float64)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise _wrong(path.name, f"it is no table of predictions ({error})") from None
    if list(read.columns) != list(expected):
        raise _wrong(path.name, f"pandas reads the columns {', '.join(map(str, read.columns))} out of it, not {', '.join(expected)}")
    if not np.isfinite(numbers).all() or not read["label"].between(0, N_CLASSES - 1).all():
        raise _wrong(path.name, f"it holds scores that are no finite numbers, or labels outside 0 to {N_CLASSES - 1}")
    return read


def _refuse_swelling(path: Path, about: Any) -> None:
    """Refuse a table that would take far more memory than a file of its rows has: Parquet packs within, where a zip does not see it."""
    chunks = [about.row_group(group).column(column) for group in range(about.num_row_groups) for column in range(about.num_columns)]
    codecs = {chunk.compression for chunk in chunks} - _CODECS
    if codecs:
        raise _wrong(path.name, f"it is packed by {', '.join(sorted(codecs)).lower()}, not by snappy as predictions are")
    most = 100_000 + _BYTES_PER_FACE * about.num_rows
    if max(path.stat().st_size, sum(chunk.total_uncompressed_size for chunk in chunks)) > most:
        raise _wrong(path.name, f"it is too large for {about.num_rows:,} faces, which take {most:,} bytes at most")


def _kind(kind: Any) -> str:
    import pyarrow as pa

    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return "string" if pa.types.is_string(value) or pa.types.is_large_string(value) else str(value)


def _check_evaluation(folder: Path, name: str) -> None:
    evaluation: forms.LaterEvaluation = _read(folder, name, forms.LaterEvaluation)
    if name != f"{store.EVALUATIONS}/{evaluation.data}-{evaluation.split}.json":
        raise _wrong(name, "its name is not made of the data's hash and the split that it tells of")
    _check_figures(name, _read(folder, name, forms.Figures))


def _check_figures(name: str, figures: forms.Figures) -> None:
    counts, clean = figures.confusion_matrix, figures.accuracy_deduplicated
    if tuple(figures.per_class) != NAMES or [len(row) for row in counts] != [N_CLASSES] * N_CLASSES:
        raise _wrong(name, "it does not give the figures of each of the seven emotions, in their order")
    if any({"precision", "recall", "f1", "support"} - row.keys() for row in figures.per_class.values()):
        raise _wrong(name, "it does not give precision, recall, f1 and support of each emotion")
    if sum(map(sum, counts)) != figures.n or figures.n < 1:
        raise _wrong(name, "its confusion matrix does not hold as many faces as it tells of")
    if figures.n_deduplicated > figures.n or (clean is None) != (figures.n_deduplicated == 0):
        raise _wrong(name, "its faces without copies are more than all, or their accuracy is missing")
