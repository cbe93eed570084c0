"""What becomes of each emotion from A to B."""

import streamlit as st

from dashboard import compare_tables
from dashboard.components import compare_badges, compare_picker, table_downloads
from dashboard.components.compare_view import Compared


def draw(compared: Compared) -> None:
    """Draw the change of recall per emotion."""
    from dashboard import charts, compare_charts
    from fer_engine.evaluation.comparison_faces import recall_changes

    pair = compare_picker.pair(compared.comparison)
    if pair is None:
        return
    changes = recall_changes(pair)
    compare_badges.draw((pair.a, pair.b))
    frame = compare_tables.recalls(changes)
    told = "; ".join(f"{row['Emotion']} {row['B − A (points)']}" for row in frame.to_dict("records"))
    st.plotly_chart(
        compare_charts.recalls(changes),
        key="recalls",
        config=charts.download_config(f"{pair.a.name}-to-{pair.b.name}-recall".replace("/", "-"), "svg"),
        alt=f"Change of recall from {pair.a.name} to {pair.b.name}, points: {told}",
    )
    st.table(frame, border="horizontal", hide_index=True, width="content", alt="Recall of each emotion, A and B")
    st.caption(f"Recall: the share of an emotion's faces that are answered right. {_TESTED if pair.test else _UNTESTED}")
    name, words = (
        f"{pair.a.name}-to-{pair.b.name}-recall".replace("/", "-"),
        f"A: {pair.a.name}, B: {pair.b.name}; {compare_badges.told((pair.a, pair.b))}",
    )
    table_downloads.draw(frame, name, f"Recall per emotion. {words}")


_TESTED = "Intervals: paired bootstrap over all faces. p: McNemar's exact test within the emotion, corrected after Holm for the seven."
_UNTESTED = "There are no intervals and no p, since the runs are of different protocols and no test is made between them."
