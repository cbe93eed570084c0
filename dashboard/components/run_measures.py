"""What a finished run's predictions measure: ROC curves, figures per emotion, calibration."""

import streamlit as st

from dashboard import resources, text
from dashboard.components import protocol_badge, table_downloads
from dashboard.run_listing import Row
from dashboard.run_tables import areas, bins, per_emotion


def roc(row: Row) -> None:
    """Draw the ROC curve of each emotion against the rest, and their averages."""
    from dashboard import charts, run_charts
    from fer_engine.evaluation import curves

    run = row.run
    scored = resources.scored(run)
    found = curves.roc(scored.ranking, scored.labels)
    protocol_badge.draw(run)
    what = {
        "softmax": "the network's calibrated probabilities",
        "svm": "the scores of the network's seven machines",
        "classical": "the votes of the SVM's 21 machines",
    }[run.spec.head]
    st.markdown(
        f"Each emotion against the other six, by {what}. The further above the diagonal, the better. The micro average pools "
        "all decisions, so frequent emotions weigh more; the macro average is the mean of the seven curves."
    )
    frame = areas(found)
    st.plotly_chart(
        run_charts.roc_curves(found),
        key="roc",
        config=charts.download_config(f"{run.name}-roc", "svg"),
        alt="Area under the ROC curve: " + ", ".join(f"{curve.name} {curve.auc:.3f}" for curve in found.all if curve.auc is not None),
    )
    for curve in found.all:
        if curve.missing:
            st.info(curve.missing, icon=":material/info:")
    table_downloads.draw(frame, f"{run.name}-auc", f"Area under the ROC curve, {run.name}: {text.protocol(run)}")


def per_class(row: Row) -> None:
    """Draw precision, recall, F1, support and accuracy per emotion, with their averages."""
    run = row.run
    protocol_badge.draw(run)
    frame = per_emotion(text.evaluated(run)[1]["confusion_matrix"])
    told = frame.astype(str)
    for column in ("Precision", "Recall", "F1", "One against the rest"):
        told[column] = ["" if value != value else f"{value:.3f}" for value in frame[column]]  # noqa: PLR0124 - NaN is not itself
    told["Support"] = [f"{value:,}" for value in frame["Support"]]
    st.table(told, border="horizontal", hide_index=True, width="content", alt=f"Classification report of {run.name}")
    st.caption(
        "Precision: the share of an emotion's answers that are right. Recall: the share of an emotion's faces that are answered right, "
        "which is the accuracy within the emotion, with its 95% interval after Wilson. One against the rest: the share of all faces "
        "that are rightly taken or not taken for the emotion; it is high for rare emotions whatever the network does. "
        "Support: faces with the label. The weighted average weighs by support."
    )
    table_downloads.draw(frame, f"{run.name}-per-class", f"Classification report of {run.name}: {text.protocol(run)}")


def calibration(row: Row) -> None:
    """Draw how often the answers are right, by how sure they are."""
    from dashboard import charts, run_charts
    from fer_engine.evaluation import curves

    run, fitted = row.run, row.run.calibration
    scored = resources.scored(run)
    found = curves.reliability(scored.probabilities, scored.labels)
    protocol_badge.draw(run)
    st.markdown(
        f"Scores times {fitted.scale:.3f} become probabilities: a factor fitted on {fitted.split} (n = {fitted.n:,}), which changes no "
        f"answer. It brings the expected calibration error from {text.percent(fitted.ece_before)} to **{text.percent(fitted.ece)}**, and "
        f"the mean negative log-likelihood from {fitted.nll_before:.3f} to {fitted.nll:.3f} nats. "
        + ("Fitted and measured on the same faces, it looks a little too good." if fitted.split == scored.split else "")
    )
    st.plotly_chart(
        run_charts.reliability_diagram(found),
        key="reliability",
        config=charts.download_config(f"{run.name}-reliability", "svg"),
        alt=f"Reliability diagram of {run.name}: expected calibration error {text.percent(found.error)} in {len(found.count)} bins.",
    )
    table_downloads.draw(bins(found), f"{run.name}-reliability", f"Reliability of {run.name}: {text.protocol(run)}")
