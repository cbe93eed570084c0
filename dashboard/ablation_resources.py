"""What is concluded from studies, computed once and kept for all visitors: the cache of the page Ablations, beside `resources`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from fer_engine.runs.store import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fer_engine.ablations.results import Conclusion, RowResult
    from fer_engine.experiments.studies import Study


def conclusion(study: Study, found: Sequence[RowResult]) -> Conclusion:
    """What may be concluded from the runs that there are."""
    identities = tuple(
        (result.row.key, seed, str(run.path), (run.path / MANIFEST).stat().st_mtime_ns)
        for result in found
        for seed, run in zip(result.seeds, result.runs, strict=True)
    )
    return _conclusion(repr(study), identities, study, tuple(found))


@st.cache_resource(max_entries=32, show_spinner="Testing the differences …")
def _conclusion(
    words: str,  # noqa: ARG001 - the first two are the cache's key
    identities: tuple[tuple[str, int, str, int], ...],  # noqa: ARG001
    _study: Study,
    _found: tuple[RowResult, ...],
) -> Conclusion:
    from fer_engine.ablations.results import conclude

    return conclude(_study, _found)
