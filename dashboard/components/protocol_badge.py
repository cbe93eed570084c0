"""The badge that says how a figure came about."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import text

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

EXPLAINED = (
    "How every figure under this badge came about: the split it was measured on and its number of faces, the split that epoch and "
    "calibration were chosen on, and whether scores are the mean over a face and its mirror image (flip TTA, test-time augmentation). "
    "A figure on the split that was chosen on flatters a little."
)
TRAINING = (
    "Figures of the training itself: after each epoch, of the validation split without test-time augmentation, and of the training "
    "faces as they were augmented and seen. They choose the epoch; the run's result is measured once, at the end."
)


def draw(run: "Run") -> None:
    """Draw the badge of a finished run's figures."""
    say(text.protocol(run), EXPLAINED)


def say(words: str, explained: str) -> None:
    """Draw a badge.

    Args:
        words: The protocol in short.
        explained: What it means, as a tooltip.
    """
    st.badge(words, icon=":material/fact_check:", color="gray", help=f"{text.plain(words)}: {explained[0].lower()}{explained[1:]}")
