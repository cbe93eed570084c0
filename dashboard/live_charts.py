"""What is drawn of a run while it trains: figures that Streamlit updates in place. Knows no Streamlit."""

from typing import cast

import altair as alt
import pandas as pd

from dashboard import altair_charts
from dashboard.charts import QUIET
from dashboard.run_charts import LINES, TRAIN, Against, Quantity, time_axis
from fer_engine.experiments.spec import RunSpec


def curves(
    history: pd.DataFrame, quantity: Quantity, against: Against = "epochs", *, chosen: int = 0, spec: RunSpec | None = None
) -> alt.LayerChart:
    """Training and validation so far, the chosen epoch marked; arguments as `run_charts.history_curves`."""
    lines = altair_charts.live_curves(history, quantity, against, spec=spec)
    return altair_charts.as_vectors(cast(alt.LayerChart, _chosen(history, against, chosen) + lines))


def learning_rate(history: pd.DataFrame, against: Against = "epochs") -> alt.LayerChart:
    """The learning rate at the end of each epoch so far."""
    axis = time_axis(history, against)
    rows = pd.DataFrame({"x": axis.values, "y": history["learning_rate"].to_numpy(float), "epoch": history["epoch"].to_numpy()})
    x = alt.X("x:Q", title=axis.title, axis=alt.Axis(tickMinStep=1 if against == "epochs" else 0, grid=False), scale=alt.Scale(zero=True))
    base = alt.Chart(rows).encode(x=x, y=alt.Y("y:Q", title="Learning rate"))
    tooltip = [alt.Tooltip("epoch:Q", title="Epoch"), alt.Tooltip("y:Q", title="Learning rate", format=".3~g")]
    line = base.mark_line(color=QUIET, strokeWidth=2.5)
    return altair_charts.as_vectors(alt.layer(line, base.mark_circle(color=QUIET, size=42, opacity=1).encode(tooltip=tooltip)))


def _chosen(history: pd.DataFrame, against: Against, chosen: int) -> alt.LayerChart:
    """A thin line at the epoch that is chosen so far, with its number; nothing before there is one."""
    mine = (history["epoch"] == chosen).to_numpy()
    rows = pd.DataFrame({"x": time_axis(history, against).values[mine], "told": f"epoch {chosen} chosen"})
    base = alt.Chart(rows).encode(x="x:Q")
    word = base.mark_text(color=LINES[TRAIN], align="right", baseline="top", dx=-5, fontSize=11).encode(y=alt.value(0), text="told:N")
    return cast(alt.LayerChart, alt.layer(base.mark_rule(color=QUIET, strokeDash=[2, 3]), word))
