"""Which run another is best held against. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_engine.runs.store import Run

FAVOURITES = ("net5-softmax", "net12-softmax")  # what most runs are held against


def partner(run: Run, known: Sequence[Run]) -> Run | None:
    """The finished run to compare another with; None where there is no other.

    It is the one that the run starts from, the base of a study that it is a row of, or one of the favourites; else the
    first of the same data.

    Args:
        run: The run.
        known: Finished runs.
    """
    others = [item for item in known if item.path != run.path]
    same = [item for item in others if item.spec.data.valid_hash == run.spec.data.valid_hash]
    return next(iter((*_related(run, same), *_named(same), *same, *others)), None)


def _related(run: Run, others: Sequence[Run]) -> Iterator[Run]:
    from fer_engine.ablations.ledger import base_specs

    wanted = {run.spec.start, *(spec.hash for spec in base_specs(run.spec))}
    yield from (item for item in others if item.spec.hash in wanted)


def _named(others: Sequence[Run]) -> list[Run]:
    by_name = {item.name: item for item in others}
    return [by_name[name] for name in FAVOURITES if name in by_name]
