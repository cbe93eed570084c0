"""What this machine has to train on and what a training takes on it: caches of what Train needs, beside `resources`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.experiments.spec import CnnSpec
    from fer_engine.runs.jobs import Launch
    from fer_engine.runs.store import Run
    from fer_engine.training.device import Device
    from fer_engine.training.estimate import Estimate


@st.cache_resource(show_spinner="Looking what this machine has …")
def devices() -> tuple[Device, ...]:
    """What this machine has to train on, best first."""
    from fer_engine.training.device import devices_here

    return devices_here()


def estimate(spec: CnnSpec, launch: Launch, starts_from: Run | None, click: int) -> Estimate:
    """How long a run would take here and how much memory, measured once for each click that asks for it.

    Args:
        spec: What would be trained.
        launch: On what data and device.
        starts_from: The finished run to start from, or None.
        click: Tells this click from all others: what the machine has to do changes, and the figures with it.

    Raises:
        FerLabError: With the sentence that the training itself would end with, or where the measure takes too long.
    """
    found = _estimate(spec.hash, launch, str(starts_from.path) if starts_from else "", click, spec)
    if isinstance(found, FerLabError):
        raise FerLabError(str(found))
    return found


@st.cache_resource(max_entries=100, show_spinner="Training a few batches …")
def _estimate(spec_hash: str, launch: Launch, start: str, click: int, _spec: CnnSpec) -> Estimate | FerLabError:  # noqa: ARG001
    """The figures, or why there are none: a failure, too, is kept until the next click."""
    from fer_engine.runs.store import Run
    from fer_engine.training.estimate import measure
    from fer_engine.training.hardware import Hardware

    hardware = Hardware(launch.device, launch.precision, launch.threads, compiled=launch.compiled)  # of several devices one
    try:
        return measure(_spec, launch.data, hardware, Run(Path(start)) if start else None, skip_bad=launch.skip_bad)
    except FerLabError as error:
        return error
