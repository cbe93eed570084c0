"""A data set that was opened, and what its parts on the page need of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import data_resources
from dashboard.components.errors import sentences
from dashboard.text import plain

if TYPE_CHECKING:
    from fer_engine.data.audit import Audit
    from fer_engine.data.audit_votes import Votes
    from fer_engine.data.faceset import FaceSet

VOTES = "fer2013new.csv"
GOING = "data-going"


@dataclass(frozen=True, eq=False)
class Opened:
    """A data set that was opened.

    Attributes:
        name: A path or 'synthetic:N', as the engine opens it.
        faces: The faces.
        skip_bad: Whether rows that cannot be read were left out.
    """

    name: str
    faces: "FaceSet"
    skip_bad: bool = False

    @property
    def content(self) -> str:
        """A hash of images, labels and splits in their order."""
        from fer_engine.data.audit_tasks import content_key

        known = st.session_state.get("data-key", (None, ""))
        if known[0] is not self.faces:
            known = st.session_state["data-key"] = (self.faces, content_key(self.faces))
        return str(known[1])

    @property
    def key(self) -> str:
        """By which what is found of it is kept."""
        return f"{self.name}|{self.content}"

    @property
    def file(self) -> str:
        """Begins the names of files that are taken away."""
        return re.sub(r"[^A-Za-z0-9]+", "-", self.faces.name).strip("-") or "data"

    def audit(self) -> "Audit":
        """What the images alone tell, with progress where it is looked for the first time."""
        with progress() as show:
            return data_resources.audit(self.key, self.faces, show)


@contextmanager
def progress() -> Iterator[Callable[[float, str], None]]:
    """A bar that shows how far something is, gone when it is done."""
    place = st.empty()

    def show(share: float, what: str) -> None:
        place.progress(min(1.0, max(0.0, share)), f"{what} …")

    try:
        yield show
    finally:
        place.empty()


def votes(opened: Opened) -> "Votes | None":
    """The FER+ votes: out of the file beside the data set, or where the visitor says; None without them."""
    beside = Path(opened.name).expanduser().parent / VOTES
    usual = str(beside) if not opened.name.startswith("synthetic") and beside.is_file() else ""
    path = st.text_input(
        "FER+ votes (optional)",
        value=usual,
        placeholder=f"~/data/{VOTES}",
        key=f"data-votes-{opened.file}",
        persist_state="session",
        help=f"FER+'s {VOTES}: what ten annotators said of each FER2013 face. Found by itself where it lies beside the data set.",
    ).strip()
    if not path:
        return None
    with sentences():
        return data_resources.votes(Path(path).expanduser(), opened.key, opened.faces)
    return None


def describe(notices: tuple[str, ...], refused: int) -> None:
    """Say which rows were refused, and why."""
    if refused:
        st.warning(plain(" ".join(notices)), icon=":material/report:")


def go_to(page: str) -> None:
    """Have a page shown when this run of the script is over, with what was put into the session's state for it.

    A link could not do it, because what was chosen before in this session goes before an address.
    """
    st.session_state[GOING] = page


def leave() -> None:
    """Go where the visitor asked to."""
    if st.session_state.pop(GOING, "data") == "train":
        st.switch_page("../pages/train.py", query_params={})  # without them it would refuse to leave widgets that the address holds
