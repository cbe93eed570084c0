"""The form of a new run: five fields, and all others folded away."""

from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from dashboard import resources, text
from dashboard.components import train_data, train_fields
from dashboard.components.train_draft import PRESET_WORDS, PRESETS, Base, Draft, build, preset_base, run_base
from fer_engine.errors import FerLabError
from fer_engine.models import registry
from fer_engine.runs import jobs, store
from fer_engine.runs.jobs import Launch

if TYPE_CHECKING:
    from fer_engine.experiments.spec import CnnSpec, Head
    from fer_engine.runs.store import Run

FRESH = "fresh weights"
PRECISIONS = {"32-true": "32-bit", "bf16-mixed": "bfloat16, mixed", "16-mixed": "16-bit, mixed"}


def draw(like: str) -> Draft:
    """Draw the form.

    Args:
        like: Name of the run whose settings fill it, or empty for a preset.

    Returns:
        What the form says.
    """
    pattern = store.find_run(like) if like else None
    if pattern:
        train_data.take_over(jobs.find_job(pattern))
    data = train_data.choose()
    model, head = _network(pattern)
    preset = "" if pattern else _preset(data.preset)
    name = st.text_input(
        "Name of the run", placeholder="by itself: network, head and a number", key="name", help="Letters, digits, '.', '-' and '_'."
    )
    with st.expander("All settings", icon=":material/tune:"):
        starts_from = _start(model, pattern)
        base = run_base(pattern, starts_from) if pattern else preset_base(preset, model, head, starts_from)
        values = train_fields.draw(base) | ({"head": head} if pattern else {})
        launch = _hardware(data)
    spec, sentence = _check(base, values, name)
    return Draft(name.strip(), base, spec, sentence, data.loaded.faces if data.loaded else None, launch)


def fine_tune(run: "Run", learns: str, faces: int) -> None:
    """Fill the form, before its widgets are drawn, for a training that goes on from a finished run's weights on other faces.

    Args:
        run: The run of a network.
        learns: 'head' or 'all'.
        faces: How many faces there are to learn from.
    """
    spec = run.network_spec
    base = preset_base("quick" if faces < train_data.SMALL else "ours", spec.model, spec.head, run)
    preset = next(name for name, title in PRESETS.items() if title == base.title)
    chosen: dict[str, Any] = {
        "model": spec.model,
        "head": spec.head,
        "preset": preset,
        _start_key(spec.model): run.name,
        f"{base.key}-learns": learns,
    }
    if faces < base.spec.batch_size:
        chosen[f"{base.key}-batch_size"] = faces
    for key, value in chosen.items():
        st.session_state[key] = value


def _start_key(name: str) -> str:
    return f"from-{name}"


def _network(pattern: "Run | None") -> tuple[str, "Head"]:
    left, right = st.columns(2)
    known = (pattern.spec.model,) if pattern else registry.names()
    heads = [head for head in text.HEADS if head != "classical"]  # an SVM's; no network has it
    with left:
        model = st.selectbox(
            "Network",
            known,
            index=known.index("net5") if "net5" in known else 0,
            format_func=text.network_title,
            key="like-model" if pattern else "model",
            bind=None if pattern else "query-params",
            disabled=pattern is not None,
            help="More layers learn more and take longer. A run's copy keeps its network.",
        )
    with right:
        head = st.segmented_control(
            "Head",
            heads,
            default=pattern.spec.head if pattern else heads[0],
            required=True,
            format_func=text.HEADS.__getitem__,
            key=f"like-{pattern.name}-head" if pattern else "head",
            bind=None if pattern else "query-params",
            help="What turns features into seven scores: cross-entropy over a softmax, or seven one-vs-all linear SVMs (Tang, 2013).",
        )
    return model, cast("Head", head or heads[0])


def _preset(usual: str) -> str:
    preset = st.segmented_control(
        "Preset",
        list(PRESETS),
        default=usual,
        required=True,
        format_func=PRESETS.__getitem__,
        key="preset",
        bind="query-params",
        help="Fills all settings; each can be changed below.",
    )
    st.caption(PRESET_WORDS[preset or usual])
    return preset or usual


def _start(model: str, pattern: "Run | None") -> "Run | None":
    """The finished run to start from. A run's copy starts where the run did, if that is still there."""
    finished = {run.name: run for run in resources.finished_runs()[0] if run.spec.model == model}
    names = [FRESH, *finished]
    start = pattern.spec.start if pattern else ""
    before = next((name for name, run in finished.items() if start and run.spec.hash == start), FRESH)
    chosen = st.selectbox(
        "Start from",
        names,
        index=names.index(before),
        key=_start_key(pattern.name if pattern else model),
        persist_state="session",
        help="Fresh weights, or those of a finished run of the same network, which then keeps its layers.",
    )
    return finished.get(chosen or FRESH)


def _hardware(data: train_data.Data) -> Launch:
    """Device, precision and threads: what this machine has, best first."""
    st.markdown("**Machine**")
    devices = {device.name: device for device in resources.devices()}
    left, middle, right = st.columns(train_fields.COLUMNS)
    with left:
        device = st.selectbox(
            "Device",
            list(devices),
            format_func=lambda name: devices[name].title,
            key="device",
            persist_state="session",
            help="What this machine has, best first.",
        )
    with middle:
        precision = st.selectbox(
            "Precision",
            devices[device].precisions,
            format_func=PRECISIONS.__getitem__,
            key=f"precision-{device}",
            persist_state="session",
            help="Of the arithmetic, fastest here first. Weights are kept in 32 bits in any case.",
        )
    with right:
        threads = st.number_input(
            "Threads (on the processor)",
            min_value=0,
            key="threads",
            persist_state="session",
            help="0 for as many as suit this machine and leave the pages usable.",
        )
    return Launch(data.name, device, precision, threads, data.skip_bad)


def _check(base: Base, values: dict, name: str) -> tuple["CnnSpec | None", str]:
    try:
        if name.strip():
            store.run_path(name.strip())
        return build(base, values), ""
    except FerLabError as error:
        return None, str(error)
