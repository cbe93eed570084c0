"""Ablation studies: what they conclude from which runs, and their training, stopped and gone on with."""

import json
import time

import numpy as np
import pytest
from commands import command  # noqa: F401
from made_runs import made_run

from fer_engine.ablations import catalogue, jobs, ledger
from fer_engine.ablations.pace import Pace, cost
from fer_engine.ablations.results import Conclusion, Difference, clear, conclude, mean_interval, results, table
from fer_engine.ablations.work import Task, _Nobody, as_begun, tasks, train_missing
from fer_engine.data.source import open_data
from fer_engine.distribution import Workers, parallel
from fer_engine.errors import BusyError, FerLabError
from fer_engine.evaluation.statistics import Interval, wilson_interval
from fer_engine.experiments import lab, svm_lab
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import override, to_json
from fer_engine.runs import jobs as run_jobs
from fer_engine.runs import store
from fer_engine.runs.processes import this_process
from fer_engine.runs.records import Launch, Record, epochs_saved, write_record

MADE = DataSpec(train_hash="t", valid_hash="v")
N = 200
LABELS = [place % 7 for place in range(N)]
TINY = """
base = {recipe = "quick", model = "net5"}
set = {epochs = 3, batch_size = 16, network.widths = [4, 4], network.hidden = [8]}
[vary]
network.dropout = [0.0]
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Processes that need not wait for what others do on this machine, and nothing that outlives its test."""
    monkeypatch.setenv("FER_LAB_NICENESS", "0")
    yield
    for name in catalogue.names():
        jobs.stop(name)


def answers(right: range) -> list[int]:
    """Right answers to some of the faces, and wrong ones to all others."""
    return [label if place in right else (label + 1) % 7 for place, label in enumerate(LABELS)]


def made(study: str, row: str, right: range, seed: int = 0) -> None:
    spec = override(catalogue.find_study(study).row(row).spec, {"seed": seed})
    made_run(f"{row}-{seed}", LABELS, answers(right), spec=spec)


def concluded(name: str, seeds: int = 0):
    study = catalogue.find_study(name)
    return conclude(study, results(study, ledger.cells(study, MADE, seeds)))


# What is concluded.


def test_what_is_drawn_as_more_than_chance_is_what_the_sentence_counts():
    rows = catalogue.find_study("batch").rows
    ahead, behind, open_one = Interval(0.01, 0.03), Interval(-0.03, -0.001), Interval(-0.01, 0.02)

    def told(verdict, *pairs):
        return clear(Conclusion(verdict, "", tuple(Difference(rows[2], rows[0], 1, N, 0.0, interval, p) for interval, p in pairs), ()))

    assert told("cannot be told", (behind, 0.042), (open_one, 0.6), (open_one, 0.3)) == (False,) * 3  # 0.126 after Holm
    assert told("does not hold", (behind, 0.01), (open_one, 0.6), (open_one, 0.3)) == (True, False, False)
    assert told("holds", (ahead, 0.04), (ahead, 0.03)) == (True, True)  # all of them must hold, which needs no correction
    assert told(None, (behind, 0.042), (ahead, 0.06)) == (True, False)  # corrected already


def test_claim_holds_where_every_difference_is_more_than_chance():
    for size in (32, 100, 500):
        made("batch", f"batch-{size}", range(100))
    made("batch", "base", range(150))
    found = concluded("batch")
    assert found.verdict == "holds"
    ground = "at n = 200 and 1 seed a row, so over faces alone: another seed can change it"
    assert found.sentence.startswith(
        f"The paper's conclusion (batches of 300 are the best of the four) holds {ground}: 300 minus 32: +25.0"
    )
    assert [(item.value, item.seeds, item.n) for item in found.differences] == [(0.25, 1, 200)] * 3
    assert found.differences[0].p == pytest.approx(2 * 0.5**50)  # McNemar: 50 faces to none


def test_claim_does_not_hold_where_one_difference_is_the_other_way():
    made("batch", "batch-32", range(150))
    made("batch", "base", range(100))
    found = concluded("batch")
    assert found.verdict == "does not hold"  # whatever the missing rows would be
    assert found.sentence.endswith("another seed can change it: 300 minus 32: −25.0 points (−31.0 to −19.0).")


def test_claim_cannot_be_told_within_chance():
    for size in (32, 100):
        made("batch", f"batch-{size}", range(60))
    made("batch", "batch-500", range(5, 103))
    made("batch", "base", range(100))
    found = concluded("batch")
    assert found.verdict == "cannot be told"
    assert "300 minus 500: +1.0 points" in found.sentence
    assert "300 minus 32" not in found.sentence  # that one is clear


def test_missing_rows_are_named_and_never_made_up():
    made("batch", "base", range(150))
    made("batch", "batch-32", range(100))
    study = catalogue.find_study("batch")
    found = results(study, ledger.cells(study, MADE))
    assert conclude(study, found).sentence.endswith("cannot be told yet: these rows have not been run: 100; 500.")
    shown = table(found)
    assert list(shown["setting"]) == ["32", "100", "300", "500"]
    assert list(shown["paper, % of PrivateTest"]) == ["60.7", "60.32", "61.32", "57.64"]
    assert list(shown["ours, %"]) == ["50.0", "not run", "75.0", "not run"]
    assert list(shown["seeds"]) == ["1 of 1", "0 of 1", "1 of 1", "0 of 1"]
    assert shown["n"].isna().tolist() == [False, True, False, True]
    interval = wilson_interval(100, 200)
    assert shown["95% interval, %"][0] == f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"
    assert shown["protocol"][0] == "PublicTest, chosen on PublicTest, the face alone"


def test_unfinished_run_counts_as_missing():
    made("batch", "base", range(150))
    (store.run_path("base-0") / store.MANIFEST).unlink()
    (cell,) = ledger.cells(catalogue.find_study("batch"), MADE, only="300")
    assert cell.state == "unfinished"
    assert "not been run: 32; 100; 300; 500." in concluded("batch").sentence


def test_seeds_widen_what_faces_alone_would_tell():
    # Two seeds, ahead by 30 and by 10 points: mean 0.2; over seeds (0.1^2 * 2 / 1) / 2 = 0.01.
    for seed, ahead in ((0, 60), (1, 20)):
        made("tta", "tta-none", range(100), seed)
        made("tta", "ours-net5", range(100 + ahead), seed)
    found = concluded("tta", seeds=2)
    (item,) = found.differences
    assert (item.seeds, item.value) == (2, pytest.approx(0.2))
    # Per face the mean difference is 1 for 20 faces, 1/2 for 40, 0 for 140: mean square (20 + 10) / 200 = 0.15.
    faces, seeds = 0.15 / 200, 0.01
    freedom = (faces + seeds) ** 2 / seeds**2  # 1.156
    assert freedom == pytest.approx(1.156, abs=0.001)
    half = 9.28 * np.sqrt(faces + seeds) + 1 / 200  # Student's t, 97.5%, 1.156 degrees
    assert item.interval.low == pytest.approx(0.2 - half, rel=0.02)
    assert found.verdict == "cannot be told"
    assert "at n = 200 and 2 seeds a row:" in found.sentence


def test_rows_of_more_and_fewer_seeds_say_each_their_own():
    for row, right, seeds in (("base", 120, 3), ("batch-32", 100, 1), ("batch-100", 118, 1), ("batch-500", 125, 3)):
        for seed in range(seeds):
            made("batch", row, range(right), seed)
    found = concluded("batch")
    assert found.verdict == "cannot be told"
    words = "at n = 200 and 1 to 3 seeds a row, by one over faces alone: another seed can change it: "
    assert words in found.sentence
    assert "300 minus 100: +1.0 points (" in found.sentence
    assert "), 1 seed; 300 minus 500: −2.5 points (" in found.sentence
    assert found.sentence.endswith("), 3 seeds.")
    for seed in (0, 1, 2):
        made("batch", "batch-500", range(160), seed)
    refuted = concluded("batch").sentence
    assert "does not hold at n = 200 and 3 seeds a row: 300 minus 500: −20.0 points (" in refuted


@pytest.mark.parametrize(("file", "content"), [("metrics.json", {"PublicTest": {}}), ("manifest.json", {"name": "b"})])
def test_damaged_run_is_told_in_a_sentence(file, content):
    made("batch", "base", range(120))
    (store.run_path("base-0") / file).write_text(json.dumps(content))
    with pytest.raises(FerLabError, match="The run 'base-0' is damaged"):
        concluded("batch")


def test_interval_of_a_mean_is_over_faces_and_seeds():
    interval = mean_interval([0.5, 0.5, 0.5], 100)
    faces = wilson_interval(50, 100)  # no spread: faces alone
    assert (interval.low, interval.high) == (pytest.approx(faces.low), pytest.approx(faces.high))
    assert mean_interval([0.0, 0.0], 56).high == pytest.approx(wilson_interval(0, 56).high)  # nothing found twice is not nothing for sure
    assert mean_interval([0.4, 0.5, 0.6], 100).high > interval.high


def test_finished_runs_by_further_seeds_count_without_being_asked_for():
    for seed in (0, 2):
        made("batch", "batch-32", range(100 + 10 * seed), seed)
    made("batch", "base", range(150))
    study = catalogue.find_study("batch")
    cells = ledger.cells(study, MADE)
    assert [(cell.row.key, cell.seed) for cell in cells if cell.state == "finished"] == [("batch-32", 0), ("batch-32", 2), ("base", 0)]
    smallest, *_ = results(study, cells)
    assert (smallest.seeds, smallest.accuracy) == ((0, 2), pytest.approx(0.55))
    assert [task.name for task in tasks(cells, Launch("synthetic"))] == ["ablate-batch-100-s0", "ablate-batch-500-s0"]


def test_results_without_trainings_images_and_the_papers_averages_stand_beside():
    made("models", "base", range(150))
    run = store.find_run("base-0")
    figures = run.metrics | {}
    (measured,) = figures.values()
    study = catalogue.find_study("models")
    found = results(study, ledger.cells(study, MADE))
    shown = table(found).set_index("setting")
    assert shown.loc["net5, softmax", "paper, precision / recall / F1"] == "0.62 / 0.62 / 0.62"
    ours = " / ".join(f"{measured[f'weighted_{name}']:.2f}" for name in ("precision", "recall", "f1"))
    assert shown.loc["net5, softmax", "ours, precision / recall / F1"] == ours
    assert shown.loc["net5, softmax", "without Training's images, %"] == f"{100 * measured['accuracy_deduplicated']:.1f}"
    assert shown.loc["net2, softmax", "ours, precision / recall / F1"] is None


def test_svm_has_no_seed_and_stands_beside_each_of_a_networks():
    made("svms", "svm-pca", range(100))
    made("svms", "svm-hog-landmarks", range(150))
    found = concluded("svms")
    assert "holds at n = 200, over faces (an SVM's fit has no chance in it): " in found.sentence
    for seed in (0, 1):
        made("models", "net12-svm", range(160 + 20 * seed), seed)
    by_worse = {item.worse.key: item for item in concluded("models", seeds=2).differences}
    assert [(key, item.seeds, round(item.value, 6)) for key, item in by_worse.items()] == [
        ("svm-pca", 2, 0.35),
        ("svm-hog-landmarks", 2, 0.1),
    ]


def test_study_without_a_claim_says_what_differs(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[vary]\nlabel_smoothing = [0.0, 0.2]")
    study = catalogue.bring(path)
    assert concluded("mine").sentence == "Nothing can be told yet. Not run: base; Label smoothing 0; Label smoothing 0.2."
    made("mine", study.rows[0].key, range(100))
    made("mine", study.rows[1].key, range(150))
    found = concluded("mine")
    assert found.verdict is None
    assert found.sentence.startswith("More than chance at n = 200 and 1 seed a row")
    assert found.sentence.endswith("Label smoothing 0 minus base: +25.0 points (+19.0 to +31.0). Not run: Label smoothing 0.2.")


# How long it takes.


def test_time_left_is_judged_by_what_was_done():
    now = iter([0, 10, 10, 20, 30, 30])
    pace = Pace([100.0, 300.0], clock=lambda: next(now))
    pace.begins()  # at 10
    pace.ends(100.0)  # the first run from 10 to 10: nothing measured
    assert pace.seconds_left() is None
    pace.reaches(0.5)
    assert pace.seconds_left(300.0) == pytest.approx(150 * 10 / 250)  # 10 s for 100 + 150
    assert cost(override(lab.quick("net5"), {"epochs": 12})) == 2 * cost(lab.quick("net5"))


def test_runs_that_are_not_trained_here_tell_nothing_of_the_others(monkeypatch):
    moments = iter(range(0, 100_000, 100))
    specs = {"svm": svm_lab.svm_recipe("svm-hog"), "theirs": lab.quick("net5"), "ours": lab.quick("net5")}
    todo = {name: Task(f"/runs/{name}", to_json(spec), Launch("")) for name, spec in specs.items()}
    report = jobs.Report("batch", list(todo.values()))
    report.pace.clock = lambda: next(moments)
    for name in ("svm", "theirs"):  # one without epochs, and one that another process has done
        report.begins(todo[name])
        report.ended(todo[name], "")
    assert report.progress.seconds_left is None
    report.begins(todo["ours"])
    report.batch(1, 1, 2, 100.0)
    report.batch(1, 2, 2, 100.0)
    # A hundred seconds for half an epoch; the others are no part of what is left.
    assert report.pace.seconds_left(report.costs["ours"]) == pytest.approx(200 * (specs["ours"].epochs - 1))


# Training.


def tiny(tmp_path, text: str = TINY):
    path = tmp_path / "tiny.toml"
    path.write_text(text)
    return path


def lines(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_command_trains_what_is_missing_and_then_nothing(command, tmp_path):  # noqa: F811
    path = str(tiny(tmp_path))
    data = ("--data", "synthetic:140", "--json", "--no-wait", "--threads", "1")
    status, out, _ = command("ablate", path, "--dry-run", *data)
    assert [row["state"] for row in lines(out) if row["kind"] == "run"] == ["missing"] * 2
    status, out, err = command("ablate", path, "--only", "base", *data)
    assert status == 0, err
    states = {row["name"]: row["state"] for row in lines(out) if row["kind"] == "run"}
    assert states == {"ablate-tiny-base-s0": "finished", "ablate-tiny-network.dropout-0-s0": "missing"}
    before = store.find_run("ablate-tiny-base-s0").manifest
    status, out, err = command("ablate", "tiny", *data)  # by its name, now that it is known
    assert status == 0, err
    assert "Run 1 of 1: ablate-tiny-network.dropout-0-s0" in err
    rows = [row for row in lines(out) if row["kind"] == "row"]
    assert [row["n"] for row in rows] == [14, 14]
    assert rows[0]["accuracy"] == store.find_run("ablate-tiny-base-s0").metrics["PublicTest"]["accuracy"]
    conclusion = lines(out)[-1]
    assert [(item["better"], item["worse"]) for item in conclusion["differences"]] == [("tiny-network.dropout-0", "tiny-base")]
    assert conclusion["differences"][0]["difference"] == pytest.approx(rows[1]["accuracy"] - rows[0]["accuracy"])
    assert "at n = 14 and 1 seed a row" in conclusion["sentence"]
    assert store.find_run("ablate-tiny-base-s0").manifest == before
    status, out, err = command("ablate", "tiny", *data)
    assert (status, "All of its runs are finished." in err) == (0, True)


def test_one_runs_failure_is_said_and_the_others_go_on(command, tmp_path):  # noqa: F811
    path = str(tiny(tmp_path, TINY.replace("network.dropout = [0.0]", "optimizer.lr = [900000.0, 0.02]")))
    status, out, err = command("ablate", path, "--data", "synthetic:140", "--csv", "--no-wait", "--threads", "1")
    assert status == 1
    assert "the training diverged" in err
    assert "1 runs failed (ablate-tiny-optimizer.lr-900000-s0); the same command tries them again." in err
    settings = [line.split(",")[:4] for line in out.splitlines()[1:]]
    assert [row[3] == "not run" for row in settings] == [False, True, False]
    job = jobs.find_job("tiny")
    assert (job.state, job.progress.done, list(job.progress.failed)) == ("ended", 3, ["ablate-tiny-optimizer.lr-900000-s0"])


@pytest.mark.slow
def test_study_as_a_process_is_stopped_and_goes_on(tmp_path):
    catalogue.bring(tiny(tmp_path, TINY.replace("epochs = 3", "epochs = 15").replace("batch_size = 16", "batch_size = 4")))
    jobs.start("tiny", "synthetic:140", only="base")
    with pytest.raises(FerLabError, match="works on the study 'tiny' already"):
        jobs.start("tiny", "synthetic:140")
    first = store.Run(store.run_path("ablate-tiny-base-s0"))
    _await(lambda: epochs_saved(first) >= 2)
    assert jobs.find_job("tiny").progress.current == first.name
    jobs.stop("tiny")
    job = jobs.find_job("tiny")
    assert (job.state, job.sentence) == ("stopped", "Stopped. What was trained is kept; go on at any time.")
    assert run_jobs.find_job(first).state == "stopped"
    saved = len(first.history())
    assert 2 <= saved < 15
    kept = first.history()
    jobs.start("tiny", job.data, only="base")
    _await(lambda: jobs.find_job("tiny").state == "ended")
    assert first.finished
    went_on = first.history().iloc[:saved]  # an epoch that was not saved yet is trained again, to the same but for its seconds
    assert went_on.drop(columns="seconds").equals(kept.drop(columns="seconds"))
    assert went_on["seconds"][0] == kept["seconds"][0]  # it did not begin anew
    assert not store.run_path("ablate-tiny-network.dropout-0-s0").exists()


@pytest.mark.slow
def test_run_that_another_process_trains_is_awaited(tmp_path):
    catalogue.bring(tiny(tmp_path, TINY.replace("epochs = 3", "epochs = 15").replace("batch_size = 16", "batch_size = 4")))
    cell = ledger.cells(catalogue.find_study("tiny"), ledger.data_of(open_data("synthetic:140").faces), only="base")[0]
    jobs.start("tiny", "synthetic:140", only="base")
    run = store.Run(store.run_path(cell.name))
    _await(lambda: epochs_saved(run) >= 1)
    listener = Listening()
    todo = tasks([cell], Launch("synthetic:140", threads=1), wait=False)
    assert train_missing(todo, Workers("loky", 1), lambda *_: None, listener) == {}
    assert run.finished
    assert f"works on the run '{cell.name}' already; this study goes on when that is over." in listener.told[0]


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_cluster_trains_what_is_missing(backend, package, tmp_path, monkeypatch):
    pytest.importorskip(package)
    study = catalogue.bring(tiny(tmp_path))
    monkeypatch.setenv("FER_LAB_NICENESS", "0")
    cells = ledger.cells(study, ledger.data_of(open_data("synthetic:140").faces))
    ended = []
    with parallel(backend, None, 2) as workers:
        todo = tasks(cells, Launch("synthetic:140", threads=1), wait=False)
        failed = train_missing(todo, workers, lambda task, _: ended.append(task.name))
    assert (failed, sorted(ended)) == ({}, ["ablate-tiny-base-s0", "ablate-tiny-network.dropout-0-s0"])
    assert [cell.state for cell in ledger.cells(study, cells[0].spec.data)] == ["finished", "finished"]
    assert all(len(store.Run(store.run_path(name)).history()) == 3 for name in ended)


def test_unfinished_run_goes_on_on_what_it_was_begun_on():
    run = store.Run(store.run_path("begun"))
    run.path.mkdir(parents=True)
    asked = Launch("synthetic:140", threads=2)
    write_record(run, Record(Launch("elsewhere", "cpu", "32-true", 1), this_process(), detached=False))
    assert as_begun(run, asked) == asked  # nothing of it is trained yet
    (run.path / store.RESUME).write_bytes(b"")
    assert as_begun(run, asked) == Launch("synthetic:140", "cpu", "32-true", 1)


class Listening(_Nobody):
    """Keeps what it is told of waiting."""

    def __init__(self):
        self.told = []

    def waits(self, sentence):
        self.told.append(sentence)


def _await(condition) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline, (jobs.find_job("tiny"), (catalogue.folder_of("tiny") / "log.txt").read_text())
        time.sleep(0.05)


def test_vanished_process_is_told():
    folder = catalogue.folder_of("batch")
    folder.mkdir(parents=True)
    (folder / "job.json").write_text('{"process": {"pid": 1, "started": "long ago"}, "data": "x"}')
    job = jobs.find_job("batch")
    assert (job.state, job.sentence.partition(":")[0], job.data) == ("failed", "Its process vanished", "x")
    assert jobs.find_job("heads").state == "idle"


@pytest.mark.slow
def test_what_a_process_refused_to_begin_for_is_told(tmp_path):
    jobs.start("batch", str(tmp_path / "gone.csv"))
    _await(lambda: jobs.find_job("batch").state != "running")
    job = jobs.find_job("batch")
    assert job.state == "failed"
    assert job.sentence.startswith("It did not begin: ")
    assert "gone.csv" in job.sentence


def test_run_that_another_began_a_moment_before_is_waited_for(tmp_path, monkeypatch):
    catalogue.bring(tiny(tmp_path))
    cell = ledger.cells(catalogue.find_study("tiny"), ledger.data_of(open_data("synthetic:140").faces), only="base")[0]
    tried = []

    def sign_in(run, *_):
        tried.append(run.name)
        if len(tried) < 3:
            raise BusyError("Process 1 works on it already.")
        made_run(run.name, LABELS, answers(range(10)))
        raise BusyError("Process 1 works on it already.")

    monkeypatch.setattr("fer_engine.runs.worker._sign_in", sign_in)
    todo = tasks([cell], Launch("synthetic:140", threads=1), wait=False)
    assert train_missing(todo, Workers("loky", 1), lambda *_: None) == {}
    assert len(tried) == 3


def test_a_kept_study_that_cannot_be_read_hides_no_other(command):  # noqa: F811
    folder = catalogue.folder_of("old")
    folder.mkdir(parents=True)
    (folder / catalogue.FILE).write_text("[vary]\ngone = [1]")
    status, out, err = command("ablate", "--json")
    assert (status, len(lines(out))) == (0, len(catalogue.BUILT_IN))
    assert "The study 'old' is left out." in err


def test_two_rows_of_one_spec_are_one_task():
    cells = ledger.cells(catalogue.find_study("batch"), MADE)
    assert len(tasks((*cells, *cells), Launch("synthetic"))) == 4


def test_machine_that_sees_no_run_area_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    task = Task(str(tmp_path / "file" / "run"), to_json(lab.quick("net5")), Launch("synthetic:70"))
    told = []
    failed = train_missing([task], Workers("loky", 1), lambda *item: told.append(item))
    assert "workers must see the same one" in failed["run"]
    assert told == [(task, failed["run"])]


def test_command_says_what_is_wrong(command):  # noqa: F811
    assert "There is no study 'bach'" in command("ablate", "bach", "--data", "synthetic:70")[2]
    assert "has no row '33'; it has batch-32, batch-100, base, batch-500." in command("ablate", "batch", "--only", "33", "--dry-run")[2]
    assert "Choose --json or --csv" in command("ablate", "batch", "--json", "--csv")[2]
    assert "No data set is named" in command("ablate", "batch")[2]
    status, out, _ = command("ablate", "--json")
    assert (status, [row["name"] for row in lines(out)][:3]) == (0, ["svms", "best", "heads"])
