"""A run while it trains: what it does, its curves as they grow, and the buttons that steer it."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import text, training_words
from dashboard.components import protocol_badge, table_downloads, train_steer
from dashboard.components.errors import sentences
from dashboard.components.train_words import PHASES, STATES, duration
from dashboard.run_listing import summarise
from dashboard.text import plain
from fer_engine.errors import FerLabError
from fer_engine.runs import jobs, store

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.run_listing import Summary
    from fer_engine.runs.jobs import Job, LiveProgress
    from fer_engine.runs.store import Run

LIVE = ("queued", "running")
LOG_LINES = 12


def draw(name: str) -> None:
    """Draw the run of that name, anew every second while a process works on it."""
    live = jobs.find_job(store.find_run(name)).state in LIVE

    @st.fragment(run_every=1 if live else None)
    def panel() -> None:
        with sentences():
            job = jobs.find_job(store.find_run(name))
            _panel(job)  # first, so that a click that came meanwhile is taken
            if (job.state in LIVE) != live:
                st.rerun()

    panel()


def _panel(job: "Job") -> None:
    word, color, icon = STATES[job.state]
    spec = job.run.spec
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="state"):
        st.subheader(plain(job.run.name), anchor=False, width="content")
        st.badge(word, icon=icon, color=color)  # type: ignore[arg-type]
    st.caption(f"{text.network_title(spec.model)}, {text.HEADS[spec.head]}, on {plain(spec.data.name)}")
    if job.sentence:
        (st.error if job.state == "failed" else st.info)(plain(job.sentence))
    history = _history(job.run)
    if job.progress and job.state != "finished":
        _progress(job.progress, history, job.state in LIVE)
    best = 0
    with sentences():  # a damaged folder must leave its buttons
        best = _figures(job, history).best_epoch or 0
    train_steer.draw(job)
    if len(history):
        _curves(job.run, history, best)
    elif job.state in LIVE:
        st.caption("The curves begin when the first epoch ends.")
    _log(job)


def _history(run: "Run") -> "pd.DataFrame":
    """A row an epoch so far; empty before the first ends, and where none can be read."""
    import pandas as pd

    try:
        return run.history()
    except FerLabError:
        return pd.DataFrame()


def _progress(progress: "LiveProgress", history: "pd.DataFrame", live: bool) -> None:
    done = max(progress.epoch - 1, 0) + (progress.step / progress.steps if progress.steps else 0)
    share = 1.0 if progress.phase == "measuring" else min(max(done, len(history)) / max(progress.epochs, 1), 1.0)
    words = [PHASES[progress.phase] if live else "Got to"]
    if progress.epoch:
        words.append(f"epoch {progress.epoch} of {progress.epochs}")
    if progress.steps:
        words.append(f"step {progress.step:,} of {progress.steps:,}")
    st.progress(share, " · ".join(words))


def _figures(job: "Job", history: "pd.DataFrame") -> "Summary":
    """Accuracy with its protocol, learning rate, speed and time; of a finished run what it came to."""
    run, progress = job.run, job.progress if job.state == "running" else None
    summary = summarise(run, history)
    if job.state == "finished":
        _result(summary)
        return summary
    valid = run.spec.data.valid
    if run.spec.family != "cnn":  # it is fitted at once: there is no epoch to tell of
        return summary
    protocol_badge.say(training_words.best_so_far(run), protocol_badge.TRAINING)
    row = st.container(horizontal=True, gap="medium", key="figures")  # columns would cut a long time off
    accuracy, rate, speed, time = (row.container(width="content") for _ in range(4))
    accuracy.metric(
        f"{valid}, epoch {summary.best_epoch}" if summary.best_epoch else valid,
        "–" if summary.accuracy is None else text.percent(summary.accuracy),
        help="Accuracy of the epoch that would be kept now.",
    )
    if summary.interval:
        accuracy.caption("95% interval {:.1f} – {:.1f}".format(*(100 * end for end in summary.interval)))
    rate.metric("Learning rate", f"{history['learning_rate'].iloc[-1]:.3g}" if len(history) else "–", help="At the end of the last epoch.")
    fast = progress.images_per_second if progress else 0
    speed.metric("Images a second", f"{fast:,.0f}" if fast else "–")
    left = seconds_left(progress, history) if progress else None
    if progress:
        time.metric("Time left, about", "–" if left is None else duration(left))
    else:
        time.metric("Trained for", duration(summary.seconds))
    return summary


def _result(summary: "Summary") -> None:
    protocol_badge.draw(summary.run)
    split, _ = text.evaluated(summary.run)
    assert summary.accuracy is not None
    assert summary.interval is not None
    low, high = summary.interval
    network = summary.run.spec.family == "cnn"
    accuracy, interval, time, *rest = st.columns(3 + network)
    accuracy.metric(f"Accuracy on {split}", text.percent(summary.accuracy))
    interval.metric("95% interval", f"{100 * low:.1f} – {100 * high:.1f}%")
    time.metric("Trained for", duration(summary.seconds))
    for place in rest:
        place.metric("Chosen epoch", f"{summary.best_epoch} of {summary.epochs}")


def seconds_left(progress: "LiveProgress", history: "pd.DataFrame") -> float | None:
    """As the process says; at the start of an epoch, when it does not know, by the last epochs. None before the first ends."""
    if progress.seconds_left is not None or not len(history):
        return progress.seconds_left
    return float(history["seconds"].tail(3).mean()) * max(progress.epochs - len(history), 0)


def _curves(run: "Run", history: "pd.DataFrame", chosen: int) -> None:
    from dashboard import live_charts

    protocol_badge.say(training_words.each_epoch(run), protocol_badge.TRAINING)
    units = ["epochs", "seconds"]
    against: Any = st.segmented_control("Against", units, default=units[0], required=True, key="curves-by", bind="query-params")
    spec, last = run.spec, history.iloc[-1]
    after = f"after epoch {len(history)}"
    loss, accuracy = st.columns(2, gap="medium")
    with loss, st.container(key="live-loss"):
        told = f"Loss: training {last['train_loss']:.3g}, validation {last['valid_loss']:.3g} {after}."
        st.altair_chart(live_charts.curves(history, "loss", against, chosen=chosen, spec=spec), key="loss-chart", alt=told)
        if note := training_words.loss_note(spec):
            st.caption(note)
    with accuracy, st.container(key="live-accuracy"):
        told = f"Accuracy: training {last['train_accuracy']:.1%}, validation {last['valid_accuracy']:.1%} {after}."
        st.altair_chart(live_charts.curves(history, "accuracy", against, chosen=chosen, spec=spec), key="accuracy-chart", alt=told)
    told = f"Learning rate {last['learning_rate']:.3g} {after}."
    st.altair_chart(live_charts.learning_rate(history, against), key="rate-chart", alt=told, height=180)
    table_downloads.draw(history, f"{run.name}-history", f"Training of {run.name}: after each epoch, without test-time augmentation")


def _log(job: "Job") -> None:
    tail = job.log_tail(LOG_LINES)
    if tail:
        st.markdown("**Last lines of its log**")
        st.code(tail, language=None, wrap_lines=True)
