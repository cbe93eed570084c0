"""FER2013 as people have it: a file or a folder, found, read once, and kept for the next time."""

from dataclasses import replace
from pathlib import Path

from fer_engine.data import cache
from fer_engine.data.csvfile import read_csv
from fer_engine.data.find import Source, locate
from fer_engine.data.folders import read_images
from fer_engine.data.layouts import read_layout
from fer_engine.data.loaded import BadRows, LoadedData, Progress
from fer_engine.data.parquet import read_parquet
from fer_engine.data.vocabulary import split_of_prefix

_NAMES = ("fer2013", "fer-2013", "icml_face_data")


def load(path: Path | str, *, skip_bad: bool = False, progress: Progress | None = None, use_cache: bool = True) -> LoadedData:
    """Load a data set in any of FER2013's forms.

    These are Kaggle's `fer2013.csv` (plain, .gz, .zip, .tar.gz), `icml_face_data.csv`, image folders
    `train|test|validation/<emotion>/`, parquet with image bytes and label, and a folder that holds one of them.

    Args:
        path: The file or folder.
        skip_bad: Whether to go on after rows that cannot be used, and count them, rather than stop at the first.
        progress: Called now and then with the fraction done and what is being done; not called from the cache.
        use_cache: Whether to open the data from the cache, or write it there.

    Returns:
        The faces; out of the cache their images are memory-mapped and read-only.

    Raises:
        FerLabError: Where there is no data set, it is damaged, or has a bad row and `skip_bad` is off.
    """
    source = locate(Path(path).expanduser())
    key, signature = f"{source.kind}:{source.root}", source.signature
    kept = cache.open_entry(key, signature) if use_cache else None
    if kept and (skip_bad or not kept.skipped):
        return replace(kept, notices=(*source.notices, *kept.notices))
    data = _read(source, skip_bad, progress)
    data = replace(data, faces=replace(data.faces, name=_name(source)))
    if progress:
        progress(1.0, "Writing the cache" if use_cache else "Read")
    kept = cache.keep(key, signature, data) if use_cache else data
    return replace(kept, notices=(*source.notices, *kept.notices))


def _read(source: Source, skip_bad: bool, progress: Progress | None) -> LoadedData:
    paths = [Path(file.path) for file in source.files]
    if source.kind == "csv":
        return read_csv(source.root, BadRows(skip_bad), progress)
    if source.kind == "layout":
        return read_layout(source.root, paths, BadRows(skip_bad, unit="image"), progress or (lambda _share, _what: None))
    if source.kind == "parquet":
        return read_parquet(source.root, paths, BadRows(skip_bad), progress)
    return read_images(source.root, paths, BadRows(skip_bad, unit="image"), progress)


def _name(source: Source) -> str:
    """'fer2013' where file, folder or image names say that it is this set, else the file's or folder's own name."""
    if any(name in source.root.name.lower() for name in _NAMES) or any(split_of_prefix(file.name) for file in source.files):
        return "fer2013"
    return source.root.name.split(".")[0] or "data"
