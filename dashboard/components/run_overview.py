"""Overview of a run: its headline figures, how and where it was trained, later evaluations, and what to do with it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import resources, text
from dashboard.components import protocol_badge, run_actions, table_downloads
from dashboard.components.errors import sentences
from dashboard.run_listing import FINISHED, Row
from dashboard.run_tables import evaluations, paper_accuracy, settings
from fer_engine.errors import FerLabError
from fer_engine.evaluation.intervals import top2_interval
from fer_engine.evaluation.statistics import wilson_interval

if TYPE_CHECKING:
    from fer_engine.runs.store import Run


@dataclass(frozen=True)
class Headline:
    """One large figure.

    Attributes:
        label: What it is.
        value: As it is told.
        note: What belongs to it, below.
    """

    label: str
    value: str
    note: str


def draw(row: Row) -> None:
    """Draw the overview of a run, finished or not."""
    if row.state == FINISHED:
        with sentences():  # a run whose figures are damaged can still be deleted
            protocol_badge.draw(row.run)
            _headlines(headlines(row.run))
    else:
        _unfinished(row)
    run_actions.draw(row)
    facts, spec = st.columns([2, 3], gap="large")
    with facts, sentences():
        st.subheader("How it was trained", anchor=False)
        told = _trained(row.run) if row.state == FINISHED else _so_far(row)
        marked = [{"What": f"**{name}**", "Value": text.plain(value)} for name, value in told.items()]
        st.table(marked, border="horizontal", hide_header=True, alt=f"How {row.run.name} was trained")
        _take_away(row, told)
        if row.state == FINISHED:
            _later(row.run)
    with spec, sentences():
        _settings(row)


def _take_away(row: Row, told: dict[str, str]) -> None:
    import pandas as pd

    frame = pd.DataFrame({"What": list(told), "Value": list(told.values())})
    table_downloads.draw(frame, f"{row.run.name}-making", f"How {row.run.name} was trained")


def headlines(run: "Run") -> tuple[Headline, ...]:
    """The large figures of a finished run, as its metrics have them; the paper's where it trained the same network."""
    split, figures = text.evaluated(run)
    low, high = figures["accuracy_ci95"]
    told = [
        Headline(f"Accuracy on {split}", text.percent(figures["accuracy"]), f"95% interval {_interval(low, high)}, {figures['n']:,} faces")
    ]
    clean, n = figures["accuracy_deduplicated"], figures["n_deduplicated"]
    if clean is not None:
        found = wilson_interval(round(clean * n), n)
        note = f"95% interval {_interval(found.low, found.high)}, {n:,} faces"
        told.append(Headline("Without copies", text.percent(clean), f"on faces that do not stand in Training, too; {note}"))
    told += [_macro_f1(run, figures), _top2(figures)]
    if before := run.manifest.get("before"):
        earlier, interval = text.plain(run.manifest["starts_from"]), _interval(*before["accuracy_ci95"])
        note = f"{earlier}, which it goes on from, on the same faces; 95% interval {interval}"
        told.append(Headline("Accuracy before", text.percent(before["accuracy"]), note))
    paper = paper_accuracy(run.spec)
    if paper:
        told.append(Headline("The paper's accuracy", text.percent(paper), "on PrivateTest, another split: not to compare digit by digit"))
    return tuple(told)


def _macro_f1(run: "Run", figures: dict[str, Any]) -> Headline:
    note = "mean over the emotions; rare ones count as much"
    try:
        found = resources.macro_f1_interval(run)
        note = f"95% interval {_interval(found.low, found.high)}, {figures['n']:,} faces; {note}"
    except FerLabError as error:
        note = f"no interval: {text.plain(str(error))}"
    return Headline("Macro F1", text.percent(figures["macro_f1"]), note)


def _top2(figures: dict[str, Any]) -> Headline:
    found = top2_interval(figures)
    note = f"95% interval {_interval(found.low, found.high)}, {figures['n']:,} faces; label among the two likeliest"
    return Headline("Top-2 accuracy", text.percent(figures["top2"]), note)


def _interval(low: float, high: float) -> str:
    return f"{100 * low:.1f} – {100 * high:.1f}"


def _headlines(told: tuple[Headline, ...]) -> None:
    for column, item in zip(st.columns(len(told), gap="medium"), told, strict=True):
        with column:
            st.metric(item.label, item.value)
            st.caption(item.note)


def _unfinished(row: Row) -> None:
    summary = row.summary
    st.info(text.plain(row.sentence or f"This run is {row.state}."), icon=":material/hourglass_empty:")
    if summary.accuracy is not None:
        protocol_badge.say(summary.protocol, protocol_badge.TRAINING)
        st.metric(
            f"Best accuracy so far, {summary.epochs} of {row.run.spec.epochs} epochs", text.percent(summary.accuracy), width="content"
        )
        if summary.interval:
            st.caption(f"95% interval {_interval(*summary.interval)}")


def _trained(run: "Run") -> dict[str, str]:
    told, machine = run.manifest, run.manifest.get("machine", {})
    weights = told.get("files", {}).get("weights.safetensors", {}).get("bytes")
    facts = {
        **(_svm(told) if run.spec.family == "svm" else _course(run)),
        "Time": _time(told["seconds"]),
        "Finished": told["finished"].replace("T", " ").replace("+00:00", " UTC"),
        "Machine": ", ".join(str(machine[key]) for key in ("processor", "system") if machine.get(key)),
        "Device": _device(machine) if machine else "",
        "Parameters": f"{told['parameters']:,}" + (f", {weights / 1e6:.1f} MB in half precision" if weights else ""),
        "Time a face": f"{told['milliseconds_per_face']:.1f} ms, one at a time on one thread",
        "Spec": run.spec.hash,
        "Versions": ", ".join(f"{name} {version}" for name, version in told.get("versions", {}).items()),
    }
    return {name: value for name, value in facts.items() if value}


def _device(machine: dict[str, Any]) -> str:
    compiled = ", compiled" if machine.get("compiled") else ""
    return f"{machine.get('device')}, {machine.get('precision')}, {machine.get('threads')} threads{compiled}"


def _course(run: "Run") -> dict[str, str]:
    told = run.manifest
    return {
        "Began with": f"the weights of {told['starts_from']}" if told.get("starts_from") else "fresh weights",
        "Epochs": f"{told['epochs']} of at most {run.spec.epochs}; the weights are those of epoch {told['best_epoch']}",
    }


def _svm(told: dict[str, Any]) -> dict[str, str]:
    reads = f"the last hidden layer of {told['starts_from']}" if told.get("starts_from") else ""
    return {"Reads": reads, "Support vectors": f"{told['support_vectors']:,}" if "support_vectors" in told else ""}


def _so_far(row: Row) -> dict[str, str]:
    facts = {
        "Epochs": f"{row.summary.epochs} of {row.run.spec.epochs}" if row.run.spec.family == "cnn" else "",
        "Time": _time(row.summary.seconds),
        "Last written": row.summary.date.strftime("%Y-%m-%d %H:%M UTC"),
        "Spec": row.run.spec.hash,
    }
    return {name: value for name, value in facts.items() if value}


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min ({seconds:,.0f} s)"


def _later(run: "Run") -> None:
    st.subheader("Later evaluations", anchor=False)
    frame = evaluations(run)
    if frame.empty and not run.answers:
        st.caption("None, and without its weights there can be none.")
        return
    if frame.empty:
        st.caption(f"None yet. `python -m fer_engine evaluate {run.name} --split PrivateTest` scores it on a split and keeps the figures.")
        return
    seeds = len(run.manifest["protocol"]["seeds"])
    words = f"split and TTA as in the row · {text.choice(run)} · {seeds} seed{'s' if seeds > 1 else ''}"
    protocol_badge.say(words, protocol_badge.EXPLAINED)
    st.table(frame.assign(Data=frame["Data"].map(text.plain)), border="horizontal", hide_index=True, alt=f"Later evaluations of {run.name}")
    table_downloads.draw(frame, f"{run.name}-evaluations", f"{run.name}: {words}")


def _settings(row: Row) -> None:
    base = row.summary.base
    st.subheader("Settings", anchor=False)
    changes = len(base.differences)
    differs = f"changes {changes} of its settings" if changes else "follows it in every setting"
    st.caption(f"The run comes nearest to {base.title}, and {differs}. Data and first weights are left aside.")
    if row.run.command:
        st.caption("Train one like it in a terminal, on the data there; `--data` names other data, and `--name` the run:")
        st.code(row.run.command, language="bash", wrap_lines=True)
    frame = settings(row.run, base)
    if changes:
        changed = frame[frame["Base"] != ""].rename(columns={"Base": base.title.capitalize()}).map(text.plain)
        st.table(changed, border="horizontal", hide_index=True, alt=f"What {row.run.name} changes of {base.title}")
    with st.expander(f"All {len(frame)} settings", icon=":material/tune:"):
        lines = [_marked(line) for line in frame.to_dict("records")]
        st.table(lines, border="horizontal", hide_index=True, alt=f"All settings of {row.run.name}; changed ones in bold")
        table_downloads.draw(frame, f"{row.run.name}-settings", f"Settings of {row.run.name}; base: {base.title}")


def _marked(line: dict[Any, str]) -> dict[Any, str]:
    """A setting as it is to be shown, in bold where the run changes it."""
    return {column: f"**{text.plain(words)}**" if line["Base"] and words else text.plain(words) for column, words in line.items()}
