"""Bringing a data set: dropped or named by path, its words shown for confirmation, counted, and kept as an own set."""

import hashlib
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import data_fetch, data_labelmap, train_data
from dashboard.components.data_view import progress
from dashboard.components.errors import sentences
from dashboard.text import plain
from fer_engine import settings
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from fer_engine.data.importing import Imported, LabelMap, Survey

FILE_TYPES = ["csv", "gz", "zip", "tar", "tgz", "bz2", "xz", "parquet"]
LARGEST = 500  # MB, as the server's configuration has it
HELD_OUT = 20  # percent
ABANDONED_AFTER = 24 * 3600  # seconds
WAYS = ("this machine", "Kaggle", "Hugging Face")
OUTCOME, SEEN, ROUND = "bring-outcome", "bring-seen", "bring-round"


def draw() -> None:
    """Draw where a set can come from, what was found in it, and what became of it."""
    with st.expander("Bring a data set", icon=":material/upload_file:", key="bring"):
        way = st.segmented_control("From", WAYS, default=WAYS[0], required=True, key="bring-from")
        with sentences():
            if way == WAYS[0]:
                _from_here()
            else:
                fetched = data_fetch.draw("kaggle" if way == WAYS[1] else "hf")
                if fetched:
                    st.session_state.pop(OUTCOME, None)
                    _offer(fetched.path, fetched.name, upload=False)
    if outcome := st.session_state.get(OUTCOME):
        st.success(plain(outcome), icon=":material/check:")


def _from_here() -> None:
    number = st.session_state.setdefault(ROUND, 0)  # a new one empties the widgets once a set came in
    file = st.file_uploader(
        "CSV, parquet, or a zip or tar of images",
        type=FILE_TYPES,
        key=f"bring-file-{number}",
        max_upload_size=LARGEST,
        help="Images lie in folders that name the emotion. Nothing is unpacked to disk, and nothing in it is run.",
    )
    path = st.text_input("Or a file or folder on this machine", placeholder="~/data/faces", key=f"bring-path-{number}").strip()
    if file is not None or path:
        st.session_state.pop(OUTCOME, None)
    if file is not None:
        _offer(_kept(file), Path(file.name).name.split(".")[0], upload=True)
    elif path:
        source = Path(path).expanduser().absolute()
        _offer(source, source.name.split(".")[0], upload=False)


def _kept(file: "UploadedFile") -> Path:
    """The upload as a file of the run area, where it stays until the set is in."""
    from fer_engine.runs.files import make_folder, replacing

    path = settings.runs_dir() / ".uploads" / f"{file.file_id}-{Path(file.name).name}"
    if not path.exists():
        make_folder(path.parent)
        for other in path.parent.iterdir():  # of visitors who went away
            if time.time() - other.stat().st_mtime > ABANDONED_AFTER:
                other.unlink(missing_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as target:
            shutil.copyfileobj(file, target)
    return path


def _words_key(found: "Survey") -> str:
    """What tells the words of one folder from another's: an edited table holds for the words that it was edited for."""
    return hashlib.sha256(repr(found.words).encode()).hexdigest()[:8]


def _offer(source: Path, usual: str, *, upload: bool) -> None:
    """Ask what is to be asked, and bring the set in when the visitor says so."""
    found = _look(source)
    table: LabelMap | None = {}
    if found is not None:
        table = data_labelmap.draw(found, key=f"map-{st.session_state.setdefault(ROUND, 0)}-{usual}-{_words_key(found)}")
    left, right = st.columns(2, vertical_alignment="bottom")
    name = left.text_input("What to call it", value=_plain_name(usual), key=f"bring-name-{usual}").strip()
    held = 0
    if found is not None and found.splits.get(""):
        held = right.number_input(
            "Hold out of each emotion, %",
            0,
            50,
            HELD_OUT,
            step=5,
            key="bring-hold-out",
            help=f"{found.splits['']:,} images say no split. These go to PublicTest, which chooses the epoch; the rest is Training. "
            "Of CK+ and JAFFE whole persons go.",
        )
    skip = st.toggle("Leave out what cannot be read, and count it", value=True, key="bring-skip")
    default = st.toggle("Open it by default from now on", value=settings.data_path() is None, key="bring-default")
    if st.button("Bring it in", type="primary", key="bring-go", disabled=table is None or not name, icon=":material/download:"):
        outcome = _bring(source, table or {}, name, skip=skip, hold_out=held / 100)
        _finish(name, outcome, default=default)
        if upload:
            with suppress(OSError):
                source.unlink()
        st.rerun()


def _look(source: Path) -> "Survey | None":
    """What folders and archives of images hold, looked at once; None for tables."""
    from fer_engine.data.importing import is_table, survey

    mark = (str(source), source.stat().st_mtime_ns if source.exists() else 0)
    if st.session_state.get(SEEN, (None,))[0] != mark:
        with progress() as show:
            st.session_state[SEEN] = (mark, None if is_table(source) else survey(source, show))
    return st.session_state[SEEN][1]


def _plain_name(usual: str) -> str:
    kept = "".join(character if character.isascii() and character.isalnum() else "-" for character in usual)
    return kept.strip("-") or "mine"


def _bring(source: Path, table: "LabelMap", name: str, *, skip: bool, hold_out: float) -> "Imported":
    from fer_engine.data.importing import bring, imported_path
    from fer_engine.data.loaded import BadRows

    target = imported_path(name)
    if target.exists():
        raise FerLabError(f"There is a set '{name}' already. Call this one otherwise.")
    with progress() as show:
        return bring(source, target, table, "Training", BadRows(skip, unit="image"), show, hold_out=hold_out)


def _finish(name: str, found: "Imported", *, default: bool) -> None:
    """Keep what to say of it, and have it open."""
    from fer_engine.data.importing import imported_path

    splits = ", ".join(f"{sum(each.values()):,} {split}" for split, each in found.counts.items())
    told = f"'{name}': {found.images:,} faces came in ({splits}); {found.left_out:,} left out as the table says, {found.refused:,} refused."
    st.session_state[OUTCOME] = " ".join((told, *found.notices))
    if default:
        settings.remember_data_path(imported_path(name))
    train_data.take(f"imported/{imported_path(name).stem}")
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    data_fetch.forget()
