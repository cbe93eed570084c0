"""`jobs` and `stop`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fer_engine.cli.output import Json, out, print_json, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.runs.jobs import Job, LiveProgress


def jobs(as_json: Json = False) -> None:
    """List own runs that train, wait, stopped or failed, and those that were launched from the dashboard."""
    from fer_engine.runs.jobs import list_jobs

    found = list_jobs()
    if as_json:
        for job in found:
            print_json(job_row(job))
        return
    table = Table("run", "state", "progress", "what there is to say")
    for job in found:
        state = f"{job.state}, place {job.place}" if job.place else job.state
        table.add_row(job.run.name, state, _progress(job.progress) if job.progress else "", job.sentence)
    out.print(table)


def job_row(job: "Job") -> dict[str, Any]:
    """One job as JSON has it; what is not known is null."""
    return {
        "name": job.run.name,
        "state": job.state,
        "place": job.place,
        "sentence": job.sentence,
        "progress": asdict(job.progress) if job.progress else None,
        "launch": asdict(job.launch) if job.launch else None,
    }


def _progress(progress: "LiveProgress") -> str:
    if not progress.epoch:
        return progress.phase
    words = f"{progress.phase}, epoch {progress.epoch} of {progress.epochs}"
    if progress.seconds_left is None:
        return words
    return f"{words}, {progress.images_per_second:,.0f} images/s, about {progress.seconds_left / 60:.0f} min left"


def stop(name: Annotated[str, typer.Argument(help="The run's name.")]) -> None:
    """Stop a run that trains, or take it out of the queue. What is saved stays; train --name NAME --resume goes on."""
    from fer_engine.ablations.jobs import study_of
    from fer_engine.runs import jobs as running
    from fer_engine.runs.records import read_record
    from fer_engine.runs.store import unfinished_run

    run = unfinished_run(name)
    if running.find_job(run).state not in ("running", "queued"):
        raise FerLabError(f"No process works on the run '{name}'; there is nothing to stop.")
    record = read_record(run)
    study = study_of(record.process) if record else ""
    running.stop(run)
    out.print(running.find_job(run).sentence, highlight=False, markup=False)
    if study:
        say([f"With it ended the study '{study}', whose process trained it. python -m fer_engine ablate {study} goes on with both."])
