"""Runs that are trained by processes of their own: launched, queued, stopped, killed, gone on with."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import psutil
import pytest
from small_runs import small

from fer_engine import settings
from fer_engine.data.faceset import FaceSet
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.runs import jobs, processes, queue, records, store, worker
from fer_engine.runs.files import read_json, write_json
from fer_engine.runs.jobs import Launch, LiveProgress, find_job, start, stop
from fer_engine.runs.processes import ProcessId, alive, this_process
from fer_engine.runs.queue import Need, Ticket, decide
from fer_engine.training.run import prepare

DATA = "synthetic:140"
LAUNCH = Launch(DATA, device="cpu", precision="32-true")
FOR_EVER = 10_000  # epochs


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    """A machine of one core, so that one run fills it; tests that need not wait for others; and nothing that outlives them."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setenv("FER_LAB_NICENESS", "0")
    yield
    for job in jobs.list_jobs():
        if process_of(job.run) not in (None, this_process()):
            jobs.stop(job.run)


@pytest.fixture
def sleeper():
    """A process that does nothing and is no run."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def test_a_process_ends_where_the_system_knows_no_sessions(sleeper, monkeypatch):
    monkeypatch.delattr(os, "getsid")
    process = ProcessId(sleeper.pid, processes._start_time(psutil.Process(sleeper.pid)))
    processes.end(process, 10)
    assert sleeper.wait(timeout=10) != 0
    assert not alive(process)


@functools.cache
def faces() -> FaceSet:
    return open_data(DATA).faces


def prepared(name: str, **changes) -> store.Run:
    return store.Run(prepare(small(**changes), faces(), name).folder)


def identify(pid: int) -> ProcessId:
    return ProcessId(pid, processes._start_time(psutil.Process(pid)))


def process_of(run: store.Run) -> ProcessId | None:
    record = records.read_record(run)
    return record.process if record else None


def until(true: Callable[[], bool], run: store.Run | None = None, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, (jobs.find_job(run), jobs.find_job(run).log_tail()) if run else "too slow"
        time.sleep(0.02)


def until_state(run: store.Run, state: str) -> jobs.Job:
    until(lambda: jobs.find_job(run).state == state, run)
    return jobs.find_job(run)


def until_epoch(run: store.Run, epoch: int) -> None:
    """Until an epoch is being trained, those before it being saved."""

    def reached() -> bool:
        progress = jobs.find_job(run).progress
        return progress is not None and progress.phase == "training" and progress.epoch >= epoch

    until(reached, run)


# Whole lives, with real processes.


@pytest.mark.slow
def test_run_that_is_stopped_and_killed_goes_on_each_time_to_its_end():
    run = prepared("cut", epochs=30, batch_size=2)  # more than pass between two looks on a busy machine
    start_from_another_process(run)  # as a server that is ended afterwards
    until_epoch(run, 2)
    assert [(row["name"], row["state"], row["progress"]["phase"]) for row in listed()] == [("cut", "running", "training")]
    with pytest.raises(FerLabError, match="works on the run 'cut' already"):
        jobs.start(run, LAUNCH)
    jobs.stop(run)
    saved, job = records.epochs_saved(run), jobs.find_job(run)
    assert (job.state, job.sentence) == ("stopped", f"Stopped. Resumed, it goes on from epoch {saved + 1}.")
    assert job.log_tail().endswith("Stopped. Go on with: python -m fer_engine train --name cut --resume --data synthetic:140")
    jobs.start(run, LAUNCH)
    until_epoch(run, saved + 2)
    os.kill(process_of(run).pid, signal.SIGKILL)
    job, saved = until_state(run, "failed"), records.epochs_saved(run)
    assert job.sentence.startswith("Its process vanished in epoch ")
    assert job.sentence.endswith(f"Resumed, it goes on from epoch {saved + 1}.")
    assert 2 <= saved < 30
    jobs.start(run, LAUNCH)
    assert until_state(run, "finished").launch == replace(LAUNCH, threads=1)  # what it left open is what was chosen
    assert run.history()["epoch"].tolist() == list(range(1, 31))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="this system sets no limits on a process that runs")
def test_job_on_a_disk_that_fills_up_says_so_and_goes_on_from_the_last_epoch_saved():
    run = prepared("full", epochs=12, batch_size=2)
    jobs.start(run, LAUNCH)
    until_epoch(run, 3)
    too_small = (run.path / store.RESUME).stat().st_size // 2  # the system itself refuses to write more
    psutil.Process(process_of(run).pid).rlimit(psutil.RLIMIT_FSIZE, (too_small, too_small))
    job = until_state(run, "failed")
    assert "could not be written" in job.sentence
    assert "Traceback" not in job.log_tail()
    saved = records.epochs_saved(run)
    assert 2 <= saved < 12
    jobs.start(run, LAUNCH)
    until_state(run, "finished")
    assert run.history()["epoch"].tolist() == list(range(1, 13))


def start_from_another_process(run: store.Run) -> None:
    code = "import sys; from fer_engine.runs import jobs, store; jobs.start(store.find_run(sys.argv[1]), jobs.Launch(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, run.name, DATA], check=True)


def listed() -> list[dict]:
    """The jobs as another process sees them."""
    result = subprocess.run([sys.executable, "-m", "fer_engine", "jobs", "--json"], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.slow
def test_runs_wait_for_each_other_and_one_that_is_deleted_holds_up_nobody(monkeypatch):
    first, second, third = (prepared(name, epochs=FOR_EVER) for name in ("a", "b", "c"))
    jobs.start(first, LAUNCH)
    until_epoch(first, 2)
    for run in (second, third):
        jobs.start(run, LAUNCH)
        until(lambda run=run: (ticket := ticket_of(run)) is not None and ticket.need is not None)
    assert [(job.state, job.place) for job in jobs.list_jobs()] == [("running", None), ("queued", 1), ("queued", 2)]
    assert jobs.find_job(third).sentence == "It waits for 'a', 'b', and starts by itself."
    assert jobs.find_job(third).progress.phase == "waiting"
    jobs.advance(third)
    assert [jobs.find_job(run).place for run in (second, third)] == [2, 1]
    assert not any("torch" in part.path for part in psutil.Process(process_of(third).pid).memory_maps())
    jobs.stop(second)
    assert (jobs.find_job(second).state, jobs.find_job(third).place) == ("stopped", 1)
    monkeypatch.setattr(jobs, "KINDLY", 1.0)
    os.kill(process_of(first).pid, signal.SIGSTOP)  # it cannot hear that it should stop, and is killed
    jobs.delete(first)
    assert not [path.name for path in settings.runs_dir().iterdir() if path.name.startswith(("a", ".a"))]
    until_epoch(third, 1)
    process = process_of(third)
    with (third.path / records.LOG).open() as log:
        shutil.rmtree(third.path)
        until(lambda: not alive(process))
        words = log.read()
    assert words.splitlines()[-1].startswith(f"The run folder {third.path} is gone")
    assert "Traceback" not in words
    assert queue.look() == ()


def ticket_of(run: store.Run) -> Ticket | None:
    return next((ticket for ticket in queue.look() if ticket.run == queue.key(run)), None)


def test_terminal_says_once_that_it_waits_and_ctrl_c_ends_it(sleeper):
    holds("other", sleeper.pid)
    run = prepared("patient")
    command = [sys.executable, "-m", "fer_engine", "train", "--resume", "--name", "patient", "--data", DATA]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it, and so would their children
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    assert process.stderr.readline().startswith("patient waits for 'other'")
    process.stderr.readline()  # the rest of the sentence, broken where a terminal ends
    time.sleep(2.5 * worker.POLL)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors == "Stopped. Go on with: python -m fer_engine train --name patient --resume --data synthetic:140\n"
    assert jobs.find_job(run).state == "stopped"


def holds(name: str, pid: int) -> None:
    """Let a process hold the machine's one core, as a run that trains."""
    with queue.locked() as tickets:
        tickets.put(Ticket(str(settings.runs_dir().resolve() / name), identify(pid), Need(1, 1)))


# What the folder and the queue say, without a training.


def recorded(process: ProcessId) -> store.Run:
    run = prepared("told")
    records.write_record(run, records.Record(LAUNCH, process, detached=True))
    return run


def test_number_that_is_given_again_is_another_process():
    me = this_process()
    assert alive(me)
    assert not alive(replace(me, started=f"{me.started}0"))
    run = recorded(replace(me, started="before"))
    assert jobs.find_job(run).state == "failed"
    jobs.stop(run)  # and the process that has its number now lives on
    assert jobs.find_job(run).state == "failed"


def test_ended_child_is_not_alive_though_nobody_has_looked_after_it(sleeper):
    process = identify(sleeper.pid)
    assert alive(process)
    os.kill(sleeper.pid, signal.SIGKILL)
    until(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_ZOMBIE)
    assert not alive(process)


def test_run_that_no_process_signed_in_for_is_unfinished():
    job, words = jobs.find_job(prepared("begun")), "It was begun in a terminal or a script and has not finished."
    assert (job.state, job.sentence) == ("unfinished", f"{words} Resumed, it begins with epoch 1.")
    assert (job.progress, job.launch, job.log_tail()) == (None, None, "")


def test_damaged_records_are_as_none():
    run = recorded(this_process())
    for name in (records.JOB, records.PROGRESS):
        (run.path / name).write_text('{"launch": 1, "progress": [')
    settings.cache_dir().mkdir(exist_ok=True)
    queue._path().write_text("[{}]")
    assert [job.state for job in jobs.list_jobs()] == ["unfinished"]


def test_records_of_other_kinds_are_as_none():
    run = recorded(this_process())
    for number in ("a number", None, [1]):
        tree = json.loads((run.path / records.JOB).read_text())
        (run.path / records.JOB).write_text(json.dumps(tree | {"process": tree["process"] | {"pid": number}}))
        (run.path / records.PROGRESS).write_text(json.dumps({"progress": {"phase": "training", "epoch": number}}))
        assert [job.state for job in jobs.list_jobs()] == ["unfinished"]


def test_history_that_is_no_text_does_not_hide_the_other_jobs():
    run = prepared("damaged")
    prepared("sound")
    (run.path / store.RESUME).touch()
    (run.path / store.HISTORY).write_bytes(b"epoch\n1\n\xff\n")
    assert [(job.run.name, job.state) for job in jobs.list_jobs()] == [("damaged", "unfinished"), ("sound", "unfinished")]
    assert jobs.find_job(run).sentence.endswith("Resumed, it goes on from epoch 3.")


@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        (FerLabError("The loss became nan."), "failed", "The loss became nan."),
        (KeyboardInterrupt(), "stopped", "Stopped. Resumed, it begins with epoch 1."),
        (ValueError("odd"), "failed", "The program failed with ValueError (odd); the log says where. Resumed, it begins with epoch 1."),
    ],
)
def test_process_leaves_word_of_how_it_ended(error, state, sentence):
    run = prepared("ending")
    with pytest.raises(type(error)), worker.at_work(run, LAUNCH, Need(1, 1)):
        assert jobs.find_job(run).state == "running"
        assert jobs.find_job(run).progress.phase == "loading"
        assert ticket_of(run).started
        raise error
    job = jobs.find_job(run)
    assert (job.state, job.sentence) == (state, sentence)
    assert ticket_of(run) is None


def test_run_that_does_not_wait_begins_beside_others(sleeper):
    holds("other", sleeper.pid)
    run = prepared("hasty")
    with worker.at_work(run, LAUNCH, Need(1, 1), wait=False):
        assert [item.started for item in queue.look()] == [True, True]


def test_finished_run_of_a_terminal_leaves_nothing_behind():
    run = prepared("well")
    before = sorted(run.path.iterdir())
    with worker.at_work(run, LAUNCH, Need(1, 1)):
        pass
    assert sorted(run.path.iterdir()) == before


def test_request_to_terminate_arrives_as_an_interrupt():
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), worker.at_work(prepared("asked"), LAUNCH, Need(1, 1)):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    assert signal.getsignal(signal.SIGTERM) is handler


def test_run_that_another_process_works_on_is_left_alone(sleeper):
    run = recorded(identify(sleeper.pid))
    assert jobs.find_job(run).state == "running"
    words = f"Process {sleeper.pid} works on the run 'told' already"
    with pytest.raises(FerLabError, match=words), worker.at_work(run, LAUNCH, Need(1, 1)):
        pass
    assert process_of(run).pid == sleeper.pid


def test_progress_is_noted_at_most_twice_a_second(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])
    report, written = worker.Report(prepared("busy")), []
    monkeypatch.setattr(worker, "write_note", lambda run, note: written.append(note.progress))
    for step in range(1, 401):
        clock[0] += 0.01
        report.batch(1, step, 400, 50.0)
    assert 7 <= len(written) <= 9  # in four seconds
    assert (written[-1].phase, written[-1].epochs, written[-1].images_per_second) == ("training", 4, 50.0)


def test_time_left_counts_small_epochs_for_less():
    pace = worker.Pace(small(epochs=4, sizes=[24, 48]))  # two epochs at a quarter of the cost of the two others
    assert pace.costs == [0.25, 0.25, 1, 1]
    assert pace.seconds_left(1, 0.0, 0.0) is None
    assert pace.seconds_left(1, 0.5, 10.0) == pytest.approx((2.5 - 0.125) * 80)
    assert pace.seconds_left(2, 0.0, 20.0) == pytest.approx(2.25 * 80)
    assert pace.seconds_left(3, 0.0, 40.0) == pytest.approx(2 * 80)
    pace.seconds_left(4, 0.0, 200.0)  # twice as slow from now on: the first epochs are forgotten
    assert pace.seconds_left(4, 0.5, 280.0) == pytest.approx(0.5 * 160)


def test_deleting_keeps_to_the_run_area(tmp_path):
    shipped = store.Run(settings.checkpoints_dir() / "net2-softmax")
    with pytest.raises(FerLabError, match="ships with the project"):
        jobs.delete(shipped)
    elsewhere = store.Run(shutil.copytree(prepared("own").path, tmp_path / "elsewhere"))
    link = settings.runs_dir() / "link"
    link.symlink_to(elsewhere.path)
    for run in (elsewhere, store.Run(link), store.Run(settings.runs_dir() / store.SHIPPED)):
        with pytest.raises(FerLabError, match="outside the run area"):
            jobs.delete(run)
    assert elsewhere.path.is_dir()
    assert shipped.path.is_dir()


def test_finished_run_is_not_started():
    run = prepared("done")
    (run.path / store.MANIFEST).write_text("{}")
    with pytest.raises(FerLabError, match="'done' is finished"):
        jobs.start(run, LAUNCH)
    assert jobs.list_jobs() == ()


def test_launch_of_several_devices_goes_on_with_all_of_them(monkeypatch):
    run, spoken = prepared("wide"), []
    monkeypatch.setattr(jobs, "spawn", lambda words, *_: spoken.append(words) or replace(this_process(), started="before"))
    launch = replace(LAUNCH, devices=2, compiled=True)
    jobs.start(run, launch)
    assert jobs.find_job(run).launch == launch
    jobs.start(run, jobs.find_job(run).launch)
    for words in spoken:
        assert words[-3:] == ["--devices", "2", "--compile"]


def test_launch_that_an_earlier_version_kept_is_read():
    run = recorded(this_process())
    tree = read_json(run.path / records.JOB)
    del tree["launch"]["devices"], tree["launch"]["compiled"]
    write_json(run.path / records.JOB, tree)
    assert jobs.find_job(run).launch == LAUNCH


def test_what_a_launch_left_open_is_no_change_to_it():
    assert records.machine_changes(replace(LAUNCH, threads=4), LAUNCH) == {}
    assert records.machine_changes(LAUNCH, Launch(DATA)) == {}
    other = replace(LAUNCH, precision="bf16-mixed", compiled=True)
    assert records.machine_changes(other, LAUNCH) == {"precision": ("32-true", "bf16-mixed"), "compiled": (False, True)}


def test_data_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert records.absolute_data("fer.csv") == str(tmp_path / "fer.csv")
    assert records.absolute_data("synthetic:70:1") == "synthetic:70:1"
    monkeypatch.setenv("FER_LAB_DATA", "other.csv")
    assert records.absolute_data(None) == str(tmp_path / "other.csv")


# Who is next, as a rule.


def ticket(name: str, threads: int = 0, *gpus: str, cores: int = 4, started: bool = False) -> Ticket:
    return Ticket(name, ProcessId(1, ""), Need(threads, cores, gpus) if threads or gpus else None, started)


@pytest.mark.parametrize(
    ("tickets", "training"),
    [
        ([ticket("a", 4), ticket("b", 1)], "a"),
        ([ticket("a", 3), ticket("b", 1), ticket("c", 1)], "ab"),
        ([ticket("a", 3), ticket("b", 2), ticket("c", 1)], "a"),  # c does not pass b
        ([ticket("a", 9)], "a"),  # more than there is, but nobody else
        ([ticket("a", 4), ticket("b", 4), ticket("g", 0, "0")], "ag"),  # the GPU does not wait for the cores
        ([ticket("g", 0, "0"), ticket("h", 0, "0"), ticket("i", 0, "1")], "gi"),
        ([ticket("g", 0, "0"), ticket("h", 0, "0", "1"), ticket("i", 0, "1")], "g"),
        ([ticket("?"), ticket("b", 1), ticket("g", 0, "0")], ""),  # who has not said yet may want anything
        ([ticket("a", 2), ticket("b", 4, started=True)], "b"),
    ],
)
def test_who_may_train(tickets, training):
    assert "".join(item.run for item in decide(tickets) if item.started) == training


def test_a_run_that_another_machine_works_on_is_left_to_it():
    run = prepared("far")
    far = replace(identify(os.getpid()), host="another-machine")
    records.write_record(run, records.Record(Launch(DATA), far, detached=True))
    records.write_note(run, records.Note(LiveProgress("training", epoch=1, epochs=2, updated=time.time())))
    job = find_job(run)
    assert (job.state, job.sentence) == ("running", "The machine another-machine works on it.")
    with pytest.raises(FerLabError, match="another-machine works on the run 'far' already"):
        start(run, Launch(DATA))
    with pytest.raises(FerLabError, match="Stop it there"):
        stop(run)
    records.write_note(run, records.Note(LiveProgress("training", epoch=1, epochs=2, updated=time.time() - 3600)))
    assert find_job(run).state == "failed", "nothing was heard of it for an hour"
