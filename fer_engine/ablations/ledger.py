"""Which runs a study asks for, and which of them there are: a run is known by its spec's hash, whatever it is called."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from fer_engine.ablations import catalogue
from fer_engine.data.faceset import FaceSet
from fer_engine.data.known import set_name
from fer_engine.errors import FerLabError
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import CnnSpec, RunSpec, to_json
from fer_engine.experiments.studies import Row, Study
from fer_engine.runs import store
from fer_engine.runs.store import Run

State = Literal["finished", "unfinished", "missing"]


@dataclass(frozen=True)
class Cell:
    """A run that a study asks for.

    Attributes:
        row: The setting.
        seed: Of weights, order, augmentation and dropout.
        spec: What is trained, on what.
        run: The run that has this spec, or None.
    """

    row: Row
    seed: int
    spec: RunSpec
    run: Run | None = None

    @property
    def state(self) -> State:
        """Whether the run is there."""
        if self.run is None:
            return "missing"
        return "finished" if self.run.finished else "unfinished"

    @property
    def name(self) -> str:
        """What the run is called, or will be."""
        return self.run.name if self.run else free_name(f"ablate-{self.row.key}-s{self.seed}", self.spec)


def cells(study: Study, data: DataSpec, seeds: int = 0, only: str = "") -> tuple[Cell, ...]:
    """The runs that a study asks for, row by row, and finished ones by further seeds.

    An SVM's fit has no chance in it: it is asked for once.

    Args:
        study: The study.
        data: The data, by its hashes.
        seeds: Runs of each setting, by seeds from 0, at least; 0 for as many as the study asks for.
        only: A row's key; empty for all.

    Raises:
        FerLabError: Where there is no such row.
    """
    rows = (study.row(only),) if only else study.rows
    found = by_hash()
    further = _finished_seeds(found.values())
    result = []
    for row in rows:
        asked = set(range((seeds or study.seeds) if isinstance(row.spec, CnnSpec) else 1))
        for seed in sorted(asked | further[settled(row.spec, data, 0).hash]):
            spec = settled(row.spec, data, seed)
            result.append(Cell(row, seed, spec, found.get(spec.hash)))
    return tuple(result)


def _finished_seeds(runs: Iterable[Run]) -> dict[str, set[int]]:
    """The seeds of finished networks, by the hash that their spec has by seed 0."""
    found: dict[str, set[int]] = defaultdict(set)
    for run in runs:
        if run.finished and isinstance(run.spec, CnnSpec):
            found[replace(run.spec, seed=0).hash].add(run.spec.seed)
    return found


def settled(spec: RunSpec, data: DataSpec, seed: int) -> RunSpec:
    """A row's spec on some data, by a seed; the splits are the spec's own."""
    votes = {"votes_hash": _votes()} if isinstance(spec, CnnSpec) and spec.votes else {}
    known = votes | {"name": data.name, "train_hash": data.train_hash, "valid_hash": data.valid_hash}
    return replace(spec, seed=seed, data=replace(spec.data, **known))


def _votes() -> str:
    """The table of FER+'s votes; empty where none is named, of which a training says how to mend it."""
    from fer_engine.data.audit_votes import votes_hash

    with suppress(FerLabError):
        return votes_hash()
    return ""


def data_of(faces: FaceSet) -> DataSpec:
    """The data set as specs know it.

    Raises:
        FerLabError: Where it has no Training or no PublicTest faces.
    """
    usual = DataSpec()
    train, valid = faces.part(usual.train), faces.part(usual.valid)
    return DataSpec(set_name(faces, train), train_hash=train.content_hash, valid_hash=valid.content_hash)


def by_hash(runs: Iterable[Run] | None = None) -> dict[str, Run]:
    """Runs by their spec's hash, a finished one before an unfinished; folders that cannot be read are left out.

    So are unfinished ones that ship: no training goes on in their folder.
    """
    found: dict[str, Run] = {}
    for run in store.list_runs(studies=True) if runs is None else runs:
        with suppress(FerLabError):
            if run.shipped and not run.finished:
                continue
            known = found.get(run.spec.hash)
            if known is None or (run.finished and not known.finished):
                found[run.spec.hash] = run
    return found


def known_data() -> tuple[DataSpec, ...]:
    """The data sets of all runs, FER2013 first, then by name."""
    found: dict[tuple[str, str], DataSpec] = {}
    for run in store.list_runs(studies=True):
        with suppress(FerLabError):
            data = run.spec.data
            if data.train_hash and data.valid_hash:
                found.setdefault((data.train_hash, data.valid_hash), data)
    return tuple(sorted(found.values(), key=lambda data: (data.name != "fer2013", data.name, data.train_hash)))


def base_specs(spec: RunSpec) -> tuple[RunSpec, ...]:
    """The base of each study that a spec is a row of, on its data and by its seed, without the spec itself."""
    found: dict[str, RunSpec] = {}
    for name in catalogue.names():
        with suppress(FerLabError):
            study = catalogue.find_study(name)
            if study.base and any(settled(row.spec, spec.data, spec.seed).hash == spec.hash for row in study.rows):
                base = settled(study.base.spec, spec.data, spec.seed)
                found[base.hash] = base
    return tuple(base for base in found.values() if base.hash != spec.hash)


def free_name(wanted: str, spec: RunSpec) -> str:
    """A name for a new run; with a piece of the spec's hash where a run of another spec has the one that is wanted."""
    path = store.run_path(wanted)
    with suppress(FerLabError, OSError):
        if (path / store.SPEC).is_file() and (path / store.SPEC).read_text(encoding="utf-8") != to_json(spec):
            return f"{wanted}-{spec.hash[:6]}"
    return wanted
