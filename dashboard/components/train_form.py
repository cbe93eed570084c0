"""The form of a new run: five fields, and all others folded away."""

from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from dashboard import text
from dashboard.components import train_data, train_fields, train_machine, train_start
from dashboard.components.train_draft import PRESETS, Base, Draft, build, preset_base, preset_words, run_base
from dashboard.text import plain
from fer_engine.errors import FerLabError
from fer_engine.models import registry
from fer_engine.runs import jobs, store

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from fer_engine.experiments.spec import CnnSpec, Head
    from fer_engine.runs.store import Run


def draw(like: str) -> Draft:
    """Draw the form.

    Args:
        like: Name of the run whose settings fill it, or empty for a preset.

    Returns:
        What the form says.
    """
    pattern = store.find_run(like) if like else None
    if pattern and pattern.network_spec:  # of an SVM that is refused in a sentence
        train_data.take_over(jobs.find_job(pattern))
    data = train_data.choose()
    model, head = _network(pattern)
    preset, words = ("", None) if pattern else _preset(data.preset)
    name = st.text_input(
        "Name of the run", placeholder="by itself: network, head and a number", key="name", help="Letters, digits, '.', '-' and '_'."
    )
    before = train_start.origin(pattern)
    if pattern and before.missing:  # where nobody can overlook it
        train_start.warn(pattern, before)
        start = train_start.choose(model, pattern, before)
    with st.expander("All settings", icon=":material/tune:"):
        if not before.missing:
            start = train_start.choose(model, pattern, before)
        base = run_base(pattern, start.run) if pattern else preset_base(preset, model, head, start.run)
        values = train_fields.draw(base) | ({"head": head} if pattern else {})
        launch = train_machine.draw(data, pattern)
    if words:
        words.caption(plain(preset_words(preset, base)))
    spec, sentence = _check(base, values, name)
    return Draft(name.strip(), base, spec, sentence, data.loaded.faces if data.loaded else None, launch, start, pattern)


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
        train_start.key_of(spec.model): run.name,
        f"{base.key}-learns": learns,
    }
    if faces < base.spec.batch_size:
        chosen[f"{base.key}-batch_size"] = faces
    for key, value in chosen.items():
        st.session_state[key] = value


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


def _preset(usual: str) -> "tuple[str, DeltaGenerator]":
    """The preset, and the place for its words, which are known once the weights are that it starts from."""
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
    return preset or usual, st.empty()


def _check(base: Base, values: dict, name: str) -> tuple["CnnSpec | None", str]:
    try:
        if name.strip():
            store.run_path(name.strip())
        return build(base, values), ""
    except FerLabError as error:
        return None, str(error)
