"""The command that a run's page gives: on the same data it makes the same spec."""

import json
import shlex
import shutil
from dataclasses import replace

import pytest
from made_runs import made_run

from fer_engine import settings
from fer_engine.cli.fitting import svm_spec
from fer_engine.cli.training import Recipe, build_spec, parse_settings
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments import lab, paper, svm_lab
from fer_engine.experiments.commands import command
from fer_engine.experiments.spec import RunSpec, override
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.runs.store import Run, finished_run, list_runs
from fer_engine.training.run import prepare

SHIPPED = [run for run in list_runs(studies=True) if run.shipped]


def made(line: str) -> RunSpec:
    """The spec that the command would train, but for data and weights to start from."""
    python, dash_m, engine, train, *options = shlex.split(line)
    assert (python, dash_m, engine, train) == ("python", "-m", "fer_engine", "train")
    given: dict[str, str] = {}
    settings = []
    for option, value in zip(options[::2], options[1::2], strict=True):
        if option == "--set":
            settings.append(value)
        else:
            given[option] = value
    changes = parse_settings(settings)
    if given["--model"].startswith("svm-"):
        return svm_spec(given["--model"], changes, {})
    start = finished_run(given["--from"]) if "--from" in given else None
    recipe = Recipe(given["--recipe"]) if "--recipe" in given else None
    return build_spec(given["--model"], given["--head"], recipe, start, changes)


def settled_as(spec: RunSpec, other: RunSpec) -> RunSpec:
    data = replace(spec.data, name=other.data.name, train_hash=other.data.train_hash, valid_hash=other.data.valid_hash)
    return replace(spec, data=replace(data, votes_hash=other.data.votes_hash), start=other.start)


@pytest.mark.parametrize("run", SHIPPED, ids=lambda run: run.name)
def test_command_of_a_shipped_run_makes_its_spec(run: Run):
    assert settled_as(made(run.command), run.spec).hash == run.spec.hash


def test_what_is_near_a_recipe_is_told_by_it():
    spec = override(paper.recipe("net2"), {"optimizer.lr": 0.5, "seed": 3, "network.hidden": [64], "augment.flip": True})
    line = "python -m fer_engine train --model net2 --head softmax --recipe paper --set 'network.hidden=[64]' --set optimizer.lr=0.5"
    assert command(spec) == f"{line} --set augment.flip=true --set seed=3"
    assert command(lab.quick("net2")) == "python -m fer_engine train --model net2 --head softmax --recipe quick"
    assert command(lab.recipe("net5")) == "python -m fer_engine train --model net5 --head softmax --recipe ours"


def test_blocks_of_features_come_through():
    spec = override(svm_lab.svm_recipe("svm-hog"), {"features": [{"kind": "hog", "cell": 8, "n_components": 50}], "C": 10})
    again = made(command(spec))
    assert isinstance(again, SvmSpec)
    assert again.hash == spec.hash


def test_a_split_that_is_another_than_usual_comes_through():
    spec = override(lab.recipe("net5"), {"data.valid": "PrivateTest"})
    assert made(command(spec)).hash == spec.hash


def test_an_unfinished_run_names_the_run_that_it_starts_from_whatever_that_is_called_by_now():
    start = finished_run("net5-softmax")
    faces = open_data("synthetic:140").faces
    spec = replace(lab.continued("net5"), network=start.network_spec.config)
    begun = Run(prepare(spec, faces, "begun", start).folder)
    assert begun.command == "python -m fer_engine train --model net5 --head svm --from net5-softmax"
    assert settled_as(made(begun.command), begun.spec).hash == begun.spec.hash
    own = Run(shutil.copytree(start.path, settings.runs_dir() / "renamed"))
    (settings.runs_dir() / "begun" / "start.json").write_text(json.dumps({"run": "/gone/by-now"}))
    assert "--from net5-softmax" in begun.command  # found by its spec
    assert own.command.endswith("--recipe ours")


def test_a_run_whose_start_is_lost_has_no_command():
    run = made_run("head", [0, 1], [0, 1], start="0123456789ab", head="svm", label_smoothing=0.0)
    assert run.command == ""
    with pytest.raises(FerLabError, match=r"answers for no face. Train it again.$"):
        _ = run.weights


def test_a_machine_that_there_is_no_recipe_for_has_no_command():
    assert command(replace(svm_lab.svm_recipe("svm-hog"), model="svm-of-old")) == ""
