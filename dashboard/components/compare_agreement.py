"""Where runs say the same, and which faces all of them get wrong."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import compare_tables, text
from dashboard.components import compare_badges, faces_at_hand, group_face, run_gallery, table_downloads
from dashboard.components.compare_view import Compared
from dashboard.face_tiles import ordered

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.evaluation.comparison import Entrant


def draw(compared: Compared) -> None:
    """Draw the agreement of all runs, and the faces that none answers right; those on other faces apart."""
    groups = compare_tables.face_groups(compared.comparison)
    with_pictures = next((number for number, (_, group) in enumerate(groups) if len(group) > 1), 0)  # one gallery a page
    for number, (title, group) in enumerate(groups):
        if title:
            st.subheader(text.plain(title), anchor=False)
        compare_badges.draw(group)
        if len(group) > 1:
            _group(group, number, pictures=number == with_pictures)
        else:
            st.caption(f"{text.plain(group[0].name)} alone was measured on these faces; there is nothing to agree with.")


def _group(group: tuple["Entrant", ...], number: int, *, pictures: bool) -> None:
    from dashboard import charts, compare_charts
    from fer_engine.evaluation.comparison_faces import agreement, missed_by_all

    names = [entrant.name for entrant in group]
    shares = agreement(group)
    frame = compare_tables.agreements(shares, names)
    told = "; ".join(f"{a} and {b} {100 * shares[i, j]:.1f}%" for i, a in enumerate(names) for j, b in enumerate(names) if i < j)
    st.plotly_chart(
        compare_charts.agreement(shares, names),
        key=f"agreement-{number}",
        config=charts.download_config("compare-agreement", "svg"),
        alt=f"Share of faces with the same answer: {told}",
    )
    table_downloads.draw(frame, f"compare-agreement-{number}", f"Faces with the same answer, {group[0].terms.measured_on}")
    missed = missed_by_all(group)
    total, same = len(group[0].scored.ids), int(missed.unanimous.sum())
    st.subheader("Faces that all get wrong", anchor=False)
    alike = f" On **{same:,}** of them all give one and the same wrong answer: there the label may be what is wrong." if same else ""
    st.markdown(f"No run answers **{len(missed.ids):,}** of {total:,} faces right.{alike}")
    table = compare_tables.missed(missed, names)
    st.dataframe(table, hide_index=True, height=300, alt="Faces that all runs get wrong, by their row in the data set")
    table_downloads.draw(
        table, f"compare-all-wrong-{number}", f"Faces of {group[0].terms.measured_on} that all get wrong: {', '.join(names)}"
    )
    if pictures and len(missed.ids):
        told = "Those that all answer with the same wrong emotion" if same else "All of them"
        _pictures(group, missed.ids[missed.unanimous] if same else missed.ids, told)


def _pictures(group: tuple["Entrant", ...], rows: "np.ndarray", what: str) -> None:
    import numpy as np

    first, *others = group
    scored = first.scored
    faces = faces_at_hand.find(first.run, scored, [entrant.run for entrant in others])
    if faces:
        places = ordered(scored, right=False, label=None, answer=None, surest_first=True)
        st.caption(f"{text.plain(what)}, the surest first; probabilities of {text.plain(first.name)}, and of all runs behind each face.")
        run_gallery.draw(
            first.run, scored, faces, places[np.isin(scored.ids[places], rows)], lambda row: group_face.explain(group, faces, row)
        )
