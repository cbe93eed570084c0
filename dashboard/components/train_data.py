"""Choosing what to learn from: FER2013 where it lies, an own set, or the synthetic one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources
from dashboard.components.errors import sentences
from dashboard.text import plain
from fer_engine import settings
from fer_engine.data.own_sets import own_sets

if TYPE_CHECKING:
    from fer_engine.data.loaded import LoadedData
    from fer_engine.runs.jobs import Job

SETS = {"fer2013": "FER2013", "own": "own sets", "synthetic": "synthetic"}
KIND, OWN = "data", "own-set"  # keys of the widgets
OPENED = "data-place"  # where FER2013 was opened during this visit
DRAWN = 2100  # synthetic faces, as many as the engine draws where nothing is said
FEWEST, MOST = 70, 21_000  # of them: every split has each emotion, and drawing takes seconds
_PRESETS = {"fer2013": "ours", "synthetic": "quick"}  # what suits each
SMALL = 5_000  # faces: an own set below this is better begun with the quick preset


@dataclass(frozen=True)
class Data:
    """What to learn from.

    Attributes:
        name: A path or 'synthetic:N', as the engine opens it; empty where no place is known.
        loaded: The faces, or None where they could not be opened.
        preset: The preset that suits it.
        skip_bad: Whether rows that cannot be read are left out.
    """

    name: str
    loaded: "LoadedData | None"
    preset: str
    skip_bad: bool = False


def choose() -> Data:
    """Let the visitor choose the data set, and show what is in it."""
    own = own_sets()
    usual = "own" if settings.data_path() in own.values() else "fer2013" if _place() else "synthetic"
    chosen = st.segmented_control(
        "Data set",
        [kind for kind in SETS if own or kind != "own"],
        default=usual,
        required=True,
        format_func=SETS.__getitem__,
        key=KIND,
        bind="query-params",
        on_change=_suit_preset,
        help="FER2013 is yours to bring. Own sets are those that you brought or cleaned on the page Data. Synthetic faces are drawn: "
        "good for a first try, and no measure of anything.",
    )
    name = _drawn() if chosen == "synthetic" else _own(own) if chosen == "own" else _brought()
    skip_bad = chosen == "fer2013" and st.session_state.get("skip-bad", False)
    loaded = None
    with sentences():
        loaded = _open(name, skip_bad) if name else None
    if loaded:
        _describe(loaded)
    small = "quick" if loaded and len(loaded.faces) < SMALL else "ours"
    return Data(name, loaded, _PRESETS.get(chosen or usual, small), skip_bad)


def take_over(job: "Job") -> None:
    """Choose, before the widgets are drawn, the kind of data that a job was launched on; once, and then the visitor's choice holds."""
    if st.session_state.get("data-of") == job.run.path or "data" in st.query_params:
        return
    st.session_state["data-of"] = job.run.path
    take_place(job.launch.data if job.launch else job.run.spec.data.name)


def take_place(data: str) -> None:
    """Choose, before the widgets are drawn, a data set as the engine opens it: an own set, FER2013, or the drawn one."""
    kind, _, size = data.partition(":")
    own = {str(path): name for name, path in own_sets().items()}
    st.session_state[KIND] = "synthetic" if kind == "synthetic" else "own" if data in own else "fer2013"
    if data in own:
        st.session_state[OWN] = own[data]
    if kind == "synthetic" and size.isdigit():
        st.session_state["size"] = min(max(int(size), FEWEST), MOST)


def take(name: str) -> None:
    """Choose an own set, before the widgets are drawn."""
    st.session_state[KIND], st.session_state[OWN] = "own", name


def _suit_preset() -> None:
    if st.session_state[KIND] in _PRESETS:
        st.session_state["preset"] = _PRESETS[st.session_state[KIND]]
    else:
        st.session_state.pop("preset", None)  # by the set's size, once it is open


def _own(own: dict[str, Path]) -> str:
    name = st.selectbox("Own set", list(own), key=OWN, bind="query-params", help="Those that were brought, and recipes of cleaned ones.")
    return str(own[name]) if name else ""


def _drawn() -> str:
    size = st.number_input(
        "Synthetic faces", FEWEST, MOST, DRAWN, step=FEWEST, key="size", bind="query-params", help="Of every 70 faces 56 are to learn from."
    )
    return f"synthetic:{size}"


def _place() -> tuple[Path, str] | None:
    """Where FER2013 lies and who says so.

    What was opened during this visit goes first, then FER_LAB_DATA, unless it names the synthetic set.
    """
    own = own_sets().values()
    named, remembered = settings.named_data_path(), settings.remembered_data_path()
    opened = (st.session_state.get(OPENED), "opened here" if named else "remembered")
    for path, who in (opened, (named, "FER_LAB_DATA"), (remembered, "remembered")):
        if path and str(path).partition(":")[0] != "synthetic" and path not in own:
            return path, who
    return None


def _brought() -> str:
    place = _place()
    if place is None:
        st.markdown(
            "Where does FER2013 lie on this machine? Its `fer2013.csv` (also packed), `icml_face_data.csv`, parquet files, folders of "
            "images, or a folder that holds one of these."
        )
        _ask()
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"{plain(str(place[0]))} ({place[1]})")
            with st.popover("Another place", type="tertiary"):
                if settings.named_data_path():
                    st.caption(
                        "FER_LAB_DATA names a place, which goes first in the terminal and whenever the dashboard is opened. What you open "
                        "here goes before it until you reload, wherever a data set is chosen, and is remembered for when it names none."
                    )
                _ask()
    st.toggle("Leave out rows that cannot be read", key="skip-bad", persist_state="session", help="And count them, rather than stop.")
    return str(place[0]) if place else ""


def _ask() -> None:
    path = st.text_input("FER2013's file or folder", placeholder="~/data/fer2013.csv", key="data-path")
    if st.button("Open and remember", key="data-open", disabled=not path.strip()):
        with sentences():
            place = Path(path.strip()).expanduser().absolute()
            _open(str(place), st.session_state.get("skip-bad", False))
            settings.remember_data_path(place)
            st.session_state[OPENED] = place
            st.rerun()


def _open(name: str, skip_bad: bool) -> "LoadedData":
    """The data set, opened once a session; what was read before comes out of the engine's cache in milliseconds."""
    from fer_engine.data.source import open_data

    if name.startswith("synthetic"):
        return resources.drawn_faces(name)
    asked = (name, skip_bad, resources.last_changed(name))
    if st.session_state.get("data-opened", (None,))[0] != asked:
        place = st.empty()

        def show(share: float, what: str) -> None:
            place.progress(share, f"{what} …")

        loaded = open_data(name, skip_bad=skip_bad, progress=show)
        place.empty()
        st.session_state["data-opened"] = (asked, loaded)
    return st.session_state["data-opened"][1]


def _describe(loaded: "LoadedData") -> None:
    counts = {split: sum(each.values()) for split, each in loaded.faces.counts().items()}
    told = ", ".join(f"{number:,} {split}" for split, number in counts.items())
    st.caption(f"{plain(loaded.faces.name)}: {told}. {plain(' '.join(loaded.notices))}")
