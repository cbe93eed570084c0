"""What `ablate` and `train` refuse, keep and say before anything is trained."""

import os
import shlex
import time
from dataclasses import asdict, replace

import pytest
from commands import command  # noqa: F401
from made_runs import made_run
from small_runs import small

from fer_engine.ablations import catalogue, jobs, ledger
from fer_engine.ablations.work import as_begun, begun_otherwise, tasks
from fer_engine.classical.search import FOLDER
from fer_engine.cli.ablating import _Asked, _same_again, _Where
from fer_engine.cli.training import refuse_impossible
from fer_engine.data.own_sets import IMPORTED, RECIPES
from fer_engine.data.source import open_data
from fer_engine.distribution import _deaths
from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.runs import jobs as run_jobs
from fer_engine.runs import store, workplace
from fer_engine.runs.files import make_folder, write_json
from fer_engine.runs.processes import this_process
from fer_engine.runs.records import HEARD_OF, JOB, PROGRESS, Launch, Record, how_it_goes_on, read_record, write_record
from fer_engine.training import neighbour
from fer_engine.training.run import prepare

DATA = "synthetic:140"
TINY = 'base = {recipe = "quick", model = "net5"}\nset = {epochs = 1}\n[vary]\nnetwork.dropout = [0.0]\n'


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_LAB_NICENESS", "0")
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return catalogue.bring(path)


def begun(name="begun", **launch) -> store.Run:
    """A run of which something is saved."""
    run = store.Run(prepare(small(), open_data(DATA).faces, name).folder)
    write_record(run, Record(Launch(DATA, **launch), replace(this_process(), started="long ago"), detached=True))
    (run.path / store.RESUME).mkdir()
    return run


def test_a_study_that_lacks_nothing_ends_as_one_that_was_trained(command, tiny):  # noqa: F811
    assert command("ablate", "tiny", "--data", DATA, "--threads", "1")[0] == 0
    folder = catalogue.folder_of("tiny")
    (folder / PROGRESS).unlink()  # as the page does before it starts a process
    status, _, errors = command("ablate", "tiny", "--data", DATA)
    assert status == 0, errors
    assert "All of its runs are finished." in errors
    assert jobs.find_job("tiny").state == "ended"


def test_what_cannot_be_trained_is_said_before_data_and_record(command, tiny):  # noqa: F811
    run = begun(precision="32-true")
    before = read_record(run)
    nowhere = ("--data", "nowhere.csv")
    for words in (("train", *nowhere), ("train", "--name", "begun", "--resume"), ("ablate", "tiny", *nowhere)):
        status, _, errors = command(*words, "--precision", "fp32")
        assert status == 1
        assert "There is no precision 'fp32'; there are auto, 32-true, bf16-mixed, 16-mixed." in errors.replace("\n", " ")
    assert read_record(run) == before


@pytest.mark.skipif(neighbour.has_cuda(), reason="there is a GPU")
def test_a_missing_gpu_is_said_before_the_record_is_kept(command):  # noqa: F811
    run = begun(precision="32-true")
    before = read_record(run)
    status, _, errors = command("train", "--name", "begun", "--resume", "--device", "cuda")
    assert (status, read_record(run)) == (1, before)
    assert "torch finds no CUDA device here. Say --device cpu." in errors.replace("\n", " ")


def test_an_unfinished_run_takes_no_other_start(command):  # noqa: F811
    begun()
    status, _, errors = command("train", "--name", "begun", "--resume", "--from", "net5-softmax")
    assert status == 1
    assert "leave --from out with --resume" in errors.replace("\n", " ")


@pytest.mark.skipif(neighbour.has_cuda(), reason="there is a GPU")
def test_of_other_machines_it_is_not_known_whether_they_have_a_gpu():
    refuse_impossible(Launch(DATA, device="cuda"), here=False)
    with pytest.raises(FerLabError, match="torch finds no CUDA device here"):
        refuse_impossible(Launch(DATA, device="cuda"))


@pytest.mark.parametrize("option", [("--threads", "1"), ("--device", "cpu"), ("--precision", "32-true")])
def test_an_svm_refuses_what_its_fit_does_not_heed(command, option):  # noqa: F811
    status, _, errors = command("train", "--model", "svm-hog", "--data", DATA, *option)
    assert status == 1
    assert f"svm-hog is an SVM, which has no {option[0]}" in errors.replace("\n", " ")


def test_an_svm_goes_on_without_a_networks_options(monkeypatch):
    run, spoken = made_run("machine", [0, 1], [0, 1], spec=SvmSpec(model="svm-pixels")), []
    (run.path / store.MANIFEST).unlink()
    monkeypatch.setattr(run_jobs, "spawn", lambda words, *_: spoken.extend(words) or this_process())
    run_jobs.start(run, Launch(DATA))
    assert spoken[:4] == ["train", "--name", "machine", "--resume"]
    assert not {"--device", "--precision", "--threads", "--devices", "--no-compile"} & set(spoken)
    assert how_it_goes_on(run) == "Resumed, it begins anew."


def test_no_run_is_called_as_a_folder_of_the_run_area():
    assert {FOLDER, IMPORTED, RECIPES, catalogue.FOLDER, store.SHIPPED} <= set(store.TAKEN)
    for name in (*store.TAKEN, "Searches"):
        with pytest.raises(FerLabError, match=f"'{name}' cannot name a run: a folder of the run area is called so"):
            store.run_path(name)


def test_after_ctrl_c_the_whole_command_is_told(tiny):
    asked = _Asked(tiny, ledger.data_of(open_data(DATA).faces), 2, "base")
    launch = Launch("/my data/fer.csv", "cuda", "32-true", 3, skip_bad=True)
    told = _same_again(asked, launch, _Where("dask", "tcp://head:8786", 4), wait=False)
    assert shlex.split(told) == [
        *("python", "-m", "fer_engine", "ablate", "tiny", "--seeds", "2", "--only", "base", "--data", "/my data/fer.csv"),
        *("--jobs", "4", "--address", "tcp://head:8786", "--backend", "dask", "--device", "cuda", "--precision", "32-true"),
        *("--threads", "3", "--skip-bad", "--no-wait"),
    ]
    told = _same_again(_Asked(tiny, asked.data, 0, ""), Launch(""), _Where("loky", None, 0), wait=True)
    assert told == "python -m fer_engine ablate tiny"


@pytest.mark.parametrize(
    ("where", "asked", "threads"),
    [
        (_Where("loky", None, 0), 0, 0),  # one run, which takes what suits the machine
        (_Where("loky", None, 2), 0, 2),  # two share four cores
        (_Where("loky", None, 2), 3, 3),
        (_Where("dask", "tcp://head:8786", 0), 0, 1),  # a run a core
        (_Where("dask", "tcp://head:8786", 2), 0, 0),  # a run a machine
        (_Where("dask", None, 2), 0, 2),  # two here
    ],
)
def test_runs_at_once_share_the_cores(where, asked, threads, monkeypatch):
    monkeypatch.setattr(neighbour, "cores", lambda: 4)
    assert where.threads(asked) == threads


def test_a_begun_run_says_what_it_keeps_of_its_hardware(tiny):
    run = begun(device="cpu", precision="32-true", threads=1, compiled=True)
    (task, *_) = tasks(ledger.cells(tiny, ledger.data_of(open_data(DATA).faces)), Launch(DATA))
    task = replace(task, folder=str(run.path))
    assert begun_otherwise(task, Launch(DATA)) == ""
    told = begun_otherwise(task, Launch(DATA, precision="bf16-mixed", threads=1))
    assert told == "begun goes on as it was begun: precision 32-true, not bf16-mixed."
    assert as_begun(run, Launch(DATA)).compiled
    wide = begun("wide", devices=2)
    with pytest.raises(FerLabError, match="begun on 2 devices. Go on with it: python -m fer_engine train --name wide --resume"):
        as_begun(wide, Launch(DATA))


def test_the_study_whose_process_trains_a_run_is_known(tiny):
    make_folder(catalogue.folder_of("tiny"))
    assert jobs.study_of(this_process()) == ""
    workplace.sign_in(catalogue.folder_of("tiny"), data=DATA)
    assert jobs.study_of(this_process()) == "tiny"
    (catalogue.folder_of("tiny") / JOB).unlink()


def test_a_study_of_another_machine_runs_as_long_as_it_is_heard_of(tiny):
    folder = catalogue.folder_of("tiny")
    make_folder(folder)
    write_json(folder / JOB, {"process": asdict(replace(this_process(), host="elsewhere")), "data": DATA})
    write_json(folder / PROGRESS, {"progress": {}, "end": ""})
    assert jobs.find_job("tiny").state == "running"
    with pytest.raises(FerLabError, match="The machine elsewhere works on the study 'tiny' already"):
        jobs.start("tiny", DATA)
    with pytest.raises(FerLabError, match="The machine elsewhere works on it. Stop it there"):
        jobs.stop("tiny")
    for name in (JOB, PROGRESS):
        os.utime(folder / name, (time.time() - HEARD_OF - 1,) * 2)
    assert jobs.find_job("tiny").state == "failed"
    (folder / JOB).unlink()


@pytest.mark.parametrize("field", ["data.valid", "data.train", "data.votes_hash"])
def test_a_study_does_not_choose_its_data(field, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(f'base = {{recipe = "quick", model = "net5"}}\n[vary]\n"{field}" = ["PrivateTest"]\n')
    with pytest.raises(FerLabError, match=f"vary.{field} cannot be set here"):
        catalogue.bring(path)


def test_deaths_of_workers_are_known_for_each_backend():
    assert _deaths("loky") == ()
    for backend, package, name in (("dask", "distributed", "KilledWorker"), ("ray", "ray", "WorkerCrashedError")):
        pytest.importorskip(package)
        assert name in [death.__name__ for death in _deaths(backend)]


def test_folds_at_once_are_no_less_than_none(command):  # noqa: F811
    status, _, errors = command("svm", "search", "--jobs", "-1")
    assert status == 2
    assert "--jobs" in errors
