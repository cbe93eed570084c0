"""Several processes that train one run: the same run as by one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from fer_engine.errors import FerLabError
from fer_engine.runs import store
from fer_engine.training.device import open_fabric
from fer_engine.training.hardware import Hardware
from fer_engine.training.leading import leads

# Dropout and batch normalisation differ between devices; all else must not. Two cannot share five faces alike.
SETTINGS = {
    "network.widths": [4, 4],
    "network.hidden": [8],
    "network.norm": "none",
    "network.dropout": 0,
    "sizes": [40, 48],
    "batch_size": 5,
    "epochs": 2,
    "monitor": "last",
}


def train(name: str, *options: str) -> store.Run:
    """Train a small net on drawn faces, in processes of their own."""
    settings = [f"--set={field}={json.dumps(value)}" for field, value in SETTINGS.items()]
    command = ["train", "--model", "net5", "--name", name, "--data", "synthetic:140"]
    command += ["--device", "cpu", "--precision", "32-true", "--threads", "1"]
    line = [sys.executable, "-m", "fer_engine", *command, *settings, *options]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return store.finished_run(name)


def torchrun(*words: object, here: Path | None = None) -> None:
    """Run something in two processes, as `torchrun` starts them; modules beside the tests are found where it is said."""
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | ({"PYTHONPATH": str(here)} if here else {})
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr


def test_two_processes_follow_one():
    one, two = train("one"), train("two", "--devices", "2")
    weights, others = load_file(one.path / store.WEIGHTS), load_file(two.path / store.WEIGHTS)
    for name, tensor in weights.items():
        np.testing.assert_allclose(tensor.float(), others[name].float(), atol=2e-3, err_msg=name)  # rounding, to half precision
    drop = ["seconds"]
    np.testing.assert_allclose(one.history().drop(columns=drop), two.history().drop(columns=drop), rtol=1e-3)
    assert two.manifest["machine"]["devices"] == 2


ONE_OF_TWO_DIVERGES = """
import sys
from pathlib import Path

import torch
from small_runs import small

from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.training import fit
from fer_engine.training.hardware import Hardware
from fer_engine.training.run import prepare, train_run

train_step = fit.train_step


def step(trainer, *arguments):
    losses = train_step(trainer, *arguments)
    return losses + torch.nan if trainer.fabric.global_rank == 1 else losses


fit.train_step = step
faces = open_data("synthetic:140").faces
try:
    train_run(prepare(small(), faces, "wild"), faces, Hardware("cpu", "32-true", threads=1, devices=2))
except FerLabError as error:
    Path(sys.argv[1], str(torch.distributed.get_rank())).write_text(str(error))
"""


def test_processes_stop_by_one_sentence_where_the_loss_of_one_is_no_number(tmp_path):
    script, said = tmp_path / "script.py", tmp_path / "said"
    script.write_text(ONE_OF_TWO_DIVERGES)
    said.mkdir()
    torchrun(script, said, here=Path(__file__).parent)
    told = {path.name: path.read_text() for path in said.iterdir()}
    assert told == dict.fromkeys("01", "The loss became nan in epoch 1, step 1: the training diverged. Lower optimizer.lr.")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"RANK": "0", "LOCAL_RANK": "0"}, True),
        ({"RANK": "2", "LOCAL_RANK": "0"}, False),  # torchrun, first process of the second machine
        ({"LOCAL_RANK": "1"}, False),
        ({"NODE_RANK": "1", "LOCAL_RANK": "0"}, False),
    ],
)
def test_one_process_leads(monkeypatch, environment, expected):
    for name in ("RANK", "LOCAL_RANK", "NODE_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert leads() == expected


@pytest.mark.parametrize("hardware", [Hardware(devices=0), Hardware(nodes=0)])
def test_number_of_devices_that_makes_no_sense_is_a_sentence(hardware):
    with pytest.raises(FerLabError, match="both are at least 1"):
        open_fabric(hardware)
