"""Tasks of a page are processes of their own: told how far they are, stopped, killed, done again; what comes out is the command's."""

import json
import os
import signal
import time
from dataclasses import replace

import commands
import numpy as np
import pytest

from fer_engine import settings
from fer_engine.cli.working import work
from fer_engine.data.audit import audit
from fer_engine.data.audit_findings import check_training, kept_training_check
from fer_engine.data.audit_quality import face_scores, kept_face_scores
from fer_engine.data.audit_tasks import content_key, faces_task, labels_task
from fer_engine.data.source import open_data
from fer_engine.data.synthetic import synthetic
from fer_engine.errors import FerLabError
from fer_engine.evaluation.evaluate import countable, evaluate, kept_at, read_evaluation
from fer_engine.evaluation.evaluate_tasks import evaluate_task
from fer_engine.runs import tasks, workplace
from fer_engine.runs.files import read_json
from fer_engine.runs.processes import alive
from fer_engine.runs.store import Run, find_run, list_runs
from fer_engine.runs.tasks import Task, find_job, seconds_left

command = commands.command  # the fixture


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """What a task's own process does to its priority is not for the process of the tests."""
    monkeypatch.setattr("fer_engine.training.neighbour.be_kind", lambda: None)


def labels_of(place: str) -> Task:
    return labels_task(place, content_key(open_data(place).faces), skip_bad=False)


def written(task: Task) -> Task:
    task.folder.mkdir(parents=True)
    (task.folder / tasks.TASK).write_text(json.dumps({"kind": task.kind, "key": task.key, "arguments": task.arguments}))
    return task


def ended(task: Task) -> tasks.TaskJob:
    deadline = time.monotonic() + 120
    while find_job(task).state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return find_job(task)


@pytest.mark.slow
def test_a_check_is_a_process_and_finds_what_the_command_finds(command):
    task = labels_of("synthetic:140")
    assert find_job(task).state == "idle"
    assert kept_training_check(synthetic(140)) is None
    tasks.start(task)
    process = workplace.worker(task.folder)
    assert os.getsid(process.pid) == process.pid, "it lives on when the server ends"
    with pytest.raises(FerLabError, match=f"Process {process.pid} works on this already"):
        tasks.start(task)
    job = ended(task)
    assert (job.state, job.share) == ("finished", 1.0)
    assert job.ended == pytest.approx(time.time(), abs=120)
    found, own = kept_training_check(synthetic(140)), check_training(audit(synthetic(140)))
    assert np.array_equal(found.suspects, own.suspects)
    status, output, errors = command("data", "audit", "synthetic:140", "--labels", "--json")
    assert status == 0, errors
    assert json.loads(output)["suspect_labels_in_training"] == len(found.suspects) > 0
    assert [run.name for run in list_runs() if not run.shipped] == [], "a task is no run"


def test_the_look_for_faces_keeps_what_the_command_finds():
    faces = synthetic(21)
    task = written(faces_task("synthetic:21", content_key(faces), skip_bad=False))
    work(task.folder)
    assert find_job(task).state == "finished"
    assert np.array_equal(kept_face_scores(faces), face_scores(faces))


def test_a_stopped_and_a_killed_one_say_so_and_begin_again():
    task = labels_of("synthetic:2100")  # seconds of work
    tasks.start(task)
    tasks.stop(task)
    assert find_job(task).state == "stopped"
    assert find_job(task).sentence == "Stopped. Nothing of it is kept; start it again."
    tasks.start(task)
    process = workplace.worker(task.folder)
    while not (task.folder / "progress.json").exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    while alive(process):
        time.sleep(0.02)
    job = find_job(task)
    assert job.state == "failed"
    assert "it was killed" in job.sentence
    assert "start it again" in job.sentence
    tasks.start(task)
    assert find_job(task).state == "running"
    tasks.stop(task)


def test_what_goes_wrong_is_left_as_a_sentence(monkeypatch):
    few = written(labels_of("synthetic:28"))
    with pytest.raises(FerLabError):
        work(few.folder)
    assert "The label check needs at least 5 faces of each emotion" in find_job(few).sentence
    others = written(labels_task("synthetic:140", "of other data", skip_bad=False))
    with pytest.raises(FerLabError, match="is not what it was"):
        work(others.folder)
    assert find_job(others).state == "failed"
    strange = written(Task("dance", "x", {}))
    with pytest.raises(FerLabError, match="kind 'dance'"):
        work(strange.folder)
    monkeypatch.setattr("fer_engine.features.cache._keep", lambda features, path: None)  # a cache that takes nothing
    full = written(faces_task("synthetic:14", content_key(synthetic(14)), skip_bad=False))
    with pytest.raises(FerLabError, match="cannot be kept in"):
        work(full.folder)
    with pytest.raises(FerLabError, match="cannot be read"):
        tasks.read_task(settings.runs_dir())


def test_a_surprise_and_an_interrupt_are_told_apart(monkeypatch):
    task = written(Task("labels", "k", {}))
    with pytest.raises(ZeroDivisionError), tasks.at_work(task) as tell:
        tell(0.5, "Dividing")
        _ = 1 / 0
    assert find_job(task).sentence.startswith("It failed with ZeroDivisionError")
    assert (find_job(task).share, find_job(task).what) == (0.5, "Dividing")
    with pytest.raises(KeyboardInterrupt), tasks.at_work(task):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
    assert find_job(task).state == "stopped"


def test_time_left_goes_by_the_pace_of_what_is_being_done():
    assert seconds_left(0.3, 0.1, 0.5) is None, "too soon to tell"
    assert seconds_left(0.1, 0.1, 5) is None, "nothing is done yet"
    assert seconds_left(0.3, 0.1, 10) == pytest.approx(35)


def test_an_evaluation_as_a_task_is_that_of_the_command():
    run = find_run("net2-softmax")
    faces = synthetic(700)
    content = countable(run, faces, "PublicTest")[0].content_hash
    task = written(evaluate_task(run, "synthetic:700", content, "PublicTest", skip_bad=False))
    work(task.folder)
    assert find_job(task).state == "finished"
    path = kept_at(run, content, "PublicTest")
    assert path.is_relative_to(settings.runs_dir() / "shipped" / "net2-softmax")
    own = evaluate(run, faces, "PublicTest")
    found = read_evaluation(run, content, "PublicTest")
    assert replace(found, seconds=own.seconds) == own
    assert read_evaluation(run, "other-content", "PublicTest") is None
    path.write_text(json.dumps({key: value for key, value in read_json(path).items() if key != "n"}))
    with pytest.raises(FerLabError, match="has no sound 'n'. Remove it"):
        read_evaluation(run, content, "PublicTest")


def test_emotions_that_a_run_never_learnt_do_not_count(tmp_path):
    faces, shipped = synthetic(140), find_run("net2-softmax")
    folder = tmp_path / "three"
    folder.mkdir()
    for file in shipped.path.iterdir():
        (folder / file.name).symlink_to(file)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["counts"]["Training"] |= {"disgust": 0, "neutral": 0}
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    run = Run(folder)
    found = evaluate(run, faces, "PublicTest")
    kept = faces.part("PublicTest")
    kept = kept.take(np.flatnonzero(~np.isin(kept.labels, (1, 6))))
    assert found.classes == ("angry", "fear", "happy", "sad", "surprise")
    assert found.metrics.n == len(kept)
    assert np.array(found.metrics.confusion_matrix)[:, [1, 6]].sum() == 0
    assert found.notices[-1] == "Left out, because three never learnt them: 2 disgust, 2 neutral."
    alone = replace(faces, labels=np.full(len(faces), 1))
    with pytest.raises(FerLabError, match="has disgust alone, which three never learnt"):
        evaluate(run, alone, "PublicTest")
