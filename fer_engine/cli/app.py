"""The commands, gathered."""

import typer

from fer_engine.cli import ablating, comparing, data, evaluating, jobs, measuring, predicting, regions, searching, training, working

app = typer.Typer(
    help="FER Lab: train, evaluate and explain facial-expression recognition. RUN is a run's name or the path of its folder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("runs")(evaluating.runs)
app.command("train")(training.train)
app.command("jobs")(jobs.jobs)
app.command("stop")(jobs.stop)
app.command("evaluate")(evaluating.evaluate)
app.command("compare")(comparing.compare)
app.command("ablate")(ablating.ablate)
app.command("predict")(predicting.predict)
app.command("explain")(predicting.explain)
app.command("regions")(regions.regions)
app.command("features")(measuring.features)
app.command("work", hidden=True)(working.work)
app.add_typer(searching.app, name="svm")
app.add_typer(data.app, name="data")
