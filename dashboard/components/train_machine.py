"""On what a run is trained: device, precision, threads. What this machine has, best first, or what the run had that is copied."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import train_resources
from dashboard.components.train_data import Data
from dashboard.components.train_fields import COLUMNS
from fer_engine.runs.records import Launch, machine_changes, read_record, trained_on

if TYPE_CHECKING:
    from fer_engine.runs.store import Run
    from fer_engine.training.device import Device

PRECISIONS = {"32-true": "32-bit", "bf16-mixed": "bfloat16, mixed", "16-mixed": "16-bit, mixed"}
_TITLES = {"device": "Device", "precision": "Precision", "threads": "Threads", "devices": "Devices", "compiled": "Compiled"}


def draw(data: Data, pattern: "Run | None") -> Launch:
    """Draw the fields.

    Args:
        data: On what is trained.
        pattern: The run that is copied; where it was trained on this machine, its own choice fills the fields.
    """
    st.markdown("**Machine**")
    usual, prefix = _usual(pattern), f"like-{pattern.name}-" if pattern else ""
    devices = {device.name: device for device in train_resources.devices()}
    left, middle, right = st.columns(COLUMNS)
    with left:
        titles = {name: device.title for name, device in devices.items()}
        name = _choice("Device", titles, usual.device, f"{prefix}device", "What this machine has, best first.")
    with middle:
        titles = {precision: PRECISIONS[precision] for precision in devices[name].precisions}
        words = "Of the arithmetic, fastest here first. Weights are kept in 32 bits in any case."
        precision = _choice("Precision", titles, usual.precision, f"{prefix}precision-{name}", words)
    with right:
        threads = st.number_input(
            "Threads (on the processor)",
            min_value=0,
            value=usual.threads,
            key=f"{prefix}threads",
            persist_state="session",
            help="0 for as many as suit this machine and leave the pages usable.",
        )
    number, compiled = _of_gpus(devices[name], usual, prefix) if name == "cuda" else (1, False)
    return Launch(data.name, name, precision, threads, data.skip_bad, number, compiled)


def _of_gpus(device: "Device", usual: Launch, prefix: str) -> tuple[int, bool]:
    """How many GPUs train, where there is more than one, and whether the network is compiled for them."""
    left, middle, _ = st.columns(COLUMNS, vertical_alignment="bottom")
    number = 1
    if device.count > 1:
        with left:
            number = st.number_input(
                "GPUs",
                min_value=1,
                max_value=device.count,
                value=min(usual.devices, device.count),
                key=f"{prefix}devices",
                persist_state="session",
                help="Each takes its share of every batch.",
            )
    with middle if device.count > 1 else left:
        compiled = st.toggle(
            "Compile the network",
            usual.compiled,
            key=f"{prefix}compile",
            persist_state="session",
            help="Fuses its operations with torch.compile: a minute or more at first, again for each size of face, then faster steps.",
        )
    return number, compiled


def _usual(pattern: "Run | None") -> Launch:
    """What fills the fields: what the pattern was trained on, where that was this machine."""
    known = trained_on(pattern) if pattern else None
    return known if known and pattern and _trained_here(pattern) else Launch("")


def _trained_here(run: "Run") -> bool:
    if not run.finished:
        record = read_record(run)
        return record is not None and not record.process.elsewhere
    from fer_engine.evaluation.manifest import processor
    from fer_engine.training.neighbour import cores

    machine = run.manifest.get("machine", {})
    return (machine.get("processor"), machine.get("cores")) == (processor(), cores())


def _choice(label: str, titles: dict[str, str], usual: str, key: str, words: str) -> str:
    """One of some titled values: the usual one to begin with, or the first where that is not there."""
    names = list(titles)
    place = names.index(usual) if usual in names else 0
    return st.selectbox(label, names, index=place, format_func=titles.__getitem__, key=key, persist_state="session", help=words)


def changes(launch: Launch, pattern: "Run | None") -> list[tuple[str, str, str]]:
    """What the form has otherwise than the run that is copied: title, the run's value, the form's. What is not known is left out."""
    before = trained_on(pattern) if pattern else None
    found = machine_changes(launch, before) if before else {}
    return [(_TITLES[name], _told(name, old), _told(name, new)) for name, (old, new) in found.items()]


def _told(name: str, value: Any) -> str:
    if name == "precision":
        return PRECISIONS.get(value, str(value))
    if name == "compiled":
        return "on" if value else "off"
    return "as many as suit" if name == "threads" and not value else str(value)
