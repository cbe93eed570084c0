"""How a training shares the machine."""

import subprocess
import sys

import pytest

from fer_engine.errors import FerLabError
from fer_engine.runs.queue import Need
from fer_engine.training import neighbour


def test_threads_leave_a_core_where_there_are_many(monkeypatch):
    for there, chosen in ((1, 1), (2, 2), (4, 4), (5, 4), (64, 63)):
        monkeypatch.setattr(neighbour, "cores", lambda there=there: there)
        assert neighbour.threads_for(0) == chosen
    assert neighbour.threads_for(3) == 3
    assert neighbour.threads_for(0, processes=4) == 15
    monkeypatch.setattr(neighbour, "has_cuda", lambda: False)
    assert neighbour.need("auto", 0, devices=2) == Need(threads=62, cores=64)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert neighbour.need("cuda", 0) == Need(threads=0, cores=64, gpus=("2",))


def test_training_lets_others_go_first(monkeypatch):
    code = f"""
import os, pathlib
from fer_engine.training import neighbour
neighbour.be_kind()
group = pathlib.Path("/proc/self/autogroup")  # of systems that weigh whole sessions
print(os.nice(0), group.read_text() if group.exists() else "", "nice {neighbour.NICENESS}")
"""
    monkeypatch.delenv("FER_LAB_NICENESS", raising=False)
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, start_new_session=True)
    niceness, *group = answer.stdout.split()
    assert int(niceness) == neighbour.NICENESS
    assert "nice 0" not in " ".join(group)


@pytest.mark.parametrize(("named", "before", "after"), [("", -5, -5), ("", 0, 10), ("", 5, 10), ("", 15, 15), ("0", 5, 5), ("19", 5, 19)])
def test_priority_that_the_user_chose_is_not_undone(monkeypatch, named, before, after):
    monkeypatch.setenv("FER_LAB_NICENESS", named)
    niceness = before

    def nice(by: int) -> int:
        nonlocal niceness
        niceness += by
        return niceness

    monkeypatch.setattr(neighbour.os, "nice", nice)
    neighbour.be_kind()
    assert niceness == after


@pytest.mark.parametrize("named", ["20", "-1", "high"])
def test_priority_that_cannot_be_is_a_sentence(monkeypatch, named):
    monkeypatch.setenv("FER_LAB_NICENESS", named)
    with pytest.raises(FerLabError, match=f"FER_LAB_NICENESS is '{named}'; it goes from 0"):
        neighbour.be_kind()


@pytest.mark.parametrize("module", ["fer_engine.runs.jobs", "fer_engine.runs.worker", "fer_engine.training.neighbour"])
def test_waiting_stays_small(module):
    code = f"import sys, {module}; print([m for m in ('torch', 'sklearn', 'pandas', 'cv2') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
