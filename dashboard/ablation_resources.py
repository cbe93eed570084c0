"""What is concluded from studies, computed once and kept for all visitors: the cache of the page Ablations, beside `resources`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from fer_engine.runs.store import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fer_engine.ablations.results import Conclusion, RowResult
    from fer_engine.ablations.text_claims import Judged
    from fer_engine.experiments.studies import Study


def conclusion(study: Study, found: Sequence[RowResult]) -> Conclusion:
    """What may be concluded from the runs that there are."""
    return _conclusion(repr(study), _identities(found), study, tuple(found))


def judged(study: Study, found: Sequence[RowResult]) -> tuple[Judged, ...]:
    """What becomes of what the paper's text says on a study's rows."""
    return _judged(study.name, _identities(found), study, tuple(found))


def _identities(found: Sequence[RowResult]) -> tuple[tuple[str, int, str, int], ...]:
    """What tells the runs of a study's rows from what they were before."""
    return tuple(
        (result.row.key, seed, str(run.path), (run.path / MANIFEST).stat().st_mtime_ns)
        for result in found
        for seed, run in zip(result.seeds, result.runs, strict=True)
    )


@st.cache_resource(max_entries=32, show_spinner="Testing the differences …")
def _conclusion(
    words: str,  # noqa: ARG001 - the first two are the cache's key
    identities: tuple[tuple[str, int, str, int], ...],  # noqa: ARG001
    _study: Study,
    _found: tuple[RowResult, ...],
) -> Conclusion:
    from fer_engine.ablations.results import conclude

    return conclude(_study, _found)


@st.cache_resource(max_entries=16, show_spinner="Judging what the text says …")
def _judged(
    name: str,  # noqa: ARG001 - the first two are the cache's key
    identities: tuple[tuple[str, int, str, int], ...],  # noqa: ARG001
    _study: Study,
    _found: tuple[RowResult, ...],
) -> tuple[Judged, ...]:
    from fer_engine.ablations.text_claims import judge_all

    return judge_all(_study, _found)
