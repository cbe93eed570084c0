"""Beginning a run, of whatever family, and finding again what it was begun with."""

from collections.abc import Sequence
from pathlib import Path

from fer_engine.errors import FerLabError
from fer_engine.experiments.spec import RunSpec
from fer_engine.runs import store
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.records import refuse_busy

START = store.START


def refuse_taken(folder: Path) -> None:
    """Stop where a run folder has a run already.

    Raises:
        FerLabError: Where it is finished, where it is unfinished and something would be lost, or where a process works on it.
    """
    if (folder / store.MANIFEST).exists():
        raise FerLabError(f"There is a run '{folder.name}' already. Choose another --name, or remove {folder}.")
    if (folder / store.RESUME).exists():  # without it nothing would be lost
        way_out = f"Go on with it (--name {folder.name} --resume), choose another --name, or remove {folder}."
        raise FerLabError(f"There is an unfinished run '{folder.name}' already. {way_out}")
    refuse_busy(store.Run(folder))  # it may wait for its turn, with nothing saved yet


def note_start(folder: Path, earlier: store.Run | None) -> None:
    """Note in the folder of a new run which finished run it builds on, if any."""
    if earlier:
        write_json(folder / START, {"run": str(earlier.path.absolute())})
    else:
        (folder / START).unlink(missing_ok=True)  # of a run that was begun here and saved nothing


def started_from(run: store.Run) -> store.Run | None:
    """The finished run that an unfinished one builds on, or None.

    Raises:
        FerLabError: Where the run itself is finished, or the earlier one is there no more.
    """
    if run.finished:
        run.clear_up()
        raise FerLabError(f"The run '{run.name}' is finished; there is nothing to go on with.")
    note = run.path / START
    return store.finished_run(read_json(note)["run"]) if note.exists() else None


def start_name(run: store.Run) -> str:
    """The name of the finished run that a run builds on, whether that is still there or not; empty where it builds on none."""
    if run.finished:
        return str(run.manifest.get("starts_from") or "")
    note = run.path / START
    return Path(read_json(note)["run"]).name if note.exists() else ""


def earlier_runs(run: store.Run, known: Sequence[store.Run]) -> tuple[store.Run, ...]:
    """The finished runs that a finished run builds on, the nearest first, as far as they are at hand.

    Args:
        run: The run.
        known: Runs among which they may be; of several with one spec it is the one that the manifest names.
    """
    chain: list[store.Run] = []
    last = run
    while last.spec.start:
        found = [item for item in known if store.is_of(item, last.spec.start) and item not in chain]
        if not found:
            break
        named = last.manifest.get("starts_from")
        last = next((item for item in found if item.name == named), found[0])
        chain.append(last)
    return tuple(chain)


def refuse_other(run: store.Run, settled: RunSpec) -> None:
    """Stop where a run would go on with other data, or on another run, than it was begun with.

    Args:
        run: The run.
        settled: Its spec, settled on what is there now.

    Raises:
        FerLabError: Saying which of the two it is.
    """
    if settled.hash != run.spec.hash:
        what = "on other data" if settled.start == run.spec.start else "from another state of the run that it starts from"
        raise FerLabError(f"The run '{run.name}' was begun {what}. Give it what it was begun with, or begin a new run.")
